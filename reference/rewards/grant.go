package rewards

import (
	"context"
	"errors"

	"hongbao/reference/activity"
	"hongbao/reference/stock"
	"hongbao/reference/wallet"
)

// Grant records an item, or finds the one that an earlier attempt recorded, decides what is granted, and calls its
// downstream at once if that accepts single items. The caller has checked the scene and chosen the number; requested
// has the number, the account, and the instants of the win and of recording. The grant may be a fallback or a greeting
// (C2). Idempotent. After the item is recorded every failure is wallet.ErrUnknown, except failures that the scene
// leaves to compensation (O2): then the item is returned in its present state.
func (s *Service) Grant(ctx context.Context, requested wallet.Item, scene *activity.Scene) (wallet.Item, error) {
	requested.Asked, requested.Changed, requested.State, requested.Expires = scene.Reward, requested.Created, wallet.ItemOpen, wallet.Never
	if !scene.StockControl {
		requested = s.uncounted(requested)
	}
	var item wallet.Item
	err := wallet.Repeat(func() (err error) { item, _, err = s.items.Create(ctx, requested); return err })
	if err != nil {
		return wallet.Item{}, err
	}
	if item.State == wallet.ItemOpen {
		if item, err = s.decide(ctx, item); err != nil {
			return wallet.Item{}, wallet.AsUnknown(err)
		}
	}
	if !s.atOnce(item, scene.Compensate) {
		return item, nil
	}
	now, err := s.drive(ctx, item)
	switch {
	case err == nil:
		return now, nil
	case scene.Compensate, errors.Is(err, wallet.ErrLimited): // the chores issue it later, as they do batches
		return s.latest(ctx, item), nil
	}
	return wallet.Item{}, wallet.AsUnknown(err)
}

// uncounted decides the grant of an item whose stock is not counted.
func (s *Service) uncounted(i wallet.Item) wallet.Item {
	if s.greets(i.No.Award) {
		i.State = wallet.ItemVoid
		return i
	}
	i.State, i.Award, i.Reward = wallet.ItemIssued, i.No.Award, i.Asked
	return i
}

// greets reports whether a greeting is granted instead of a reward of that type. A pendant is not a coupon.
func (s *Service) greets(a wallet.AwardType) bool {
	return a != wallet.AvatarPendant && s.switched(wallet.SwitchGreetOnly)
}

// decide asks the stock what an open item grants. Idempotent.
func (s *Service) decide(ctx context.Context, i wallet.Item) (wallet.Item, error) {
	policy := s.policies[i.No.Stage]
	scene, err := s.index.SceneOf(i.No.Stage, i.No.Scene)
	if err == nil && (policy == nil || !scene.StockControl) {
		return s.advance(ctx, s.uncounted(i)) // its scene no longer has stock control
	}
	if err != nil {
		return i, err
	}
	grant := policy.Grant
	if s.greets(i.No.Award) {
		grant = policy.Refuse // the result of an earlier attempt stays
	}
	var a stock.Answer
	if err := wallet.Repeat(func() (err error) { a, err = grant(ctx, i.No, i.Asked); return err }); err != nil {
		return i, err
	}
	want := i
	want.State, want.Changed = wallet.ItemVoid, s.clock.Now()
	if a.Reward != "" {
		want.State, want.Reward, want.Counted = wallet.ItemIssued, a.Reward, a.Order
		want.Award = s.types[wallet.Template{Reward: a.Reward, Stage: i.No.Stage}]
	}
	got, err := s.advance(ctx, want)
	if err == nil && a.Reward != "" && got.Counted != a.Order {
		// Another attempt was decided before, and its item has ended: this coupon belongs to no item.
		err = wallet.Repeat(func() error { return policy.GiveBack(ctx, a) })
	}
	return got, err
}

// answerOf returns the stock's answer by which an item was granted.
func answerOf(i wallet.Item) stock.Answer { return stock.Answer{Order: i.Counted, Reward: i.Reward} }

// atOnce reports whether a grant calls the downstream itself. An item that the downstream may know already is left to
// the chores, unless its scene has no compensation.
func (s *Service) atOnce(i wallet.Item, compensated bool) bool {
	d := s.downstreams[i.Award]
	if d == nil || d.traits.Batch > 1 || s.switched(wallet.SwitchHoldDownstreams) {
		return false
	}
	return i.State == wallet.ItemIssued || i.State == wallet.ItemProcessing && !compensated
}

// latest returns the item on record, or i if the record cannot be read.
func (s *Service) latest(ctx context.Context, i wallet.Item) wallet.Item {
	if got, err := s.items.Get(ctx, []wallet.OrderNo{i.No}); err == nil && got[0].No == i.No {
		return got[0]
	}
	return i
}

// advance records a state of one item, if it follows, and returns the item on record.
func (s *Service) advance(ctx context.Context, i wallet.Item) (wallet.Item, error) {
	got, err := s.advanceAll(ctx, []wallet.Item{i})
	if err != nil {
		return i, err
	}
	return got[0], nil
}

// errGone: an item that was on record is missing.
var errGone = errors.New("rewards: an item is missing from the records")

func (s *Service) advanceAll(ctx context.Context, items []wallet.Item) ([]wallet.Item, error) {
	var got []wallet.Item
	err := wallet.Repeat(func() (err error) { got, err = s.items.Advance(ctx, items); return err })
	if err != nil {
		return nil, err
	}
	for n := range got {
		if got[n].No != items[n].No {
			return nil, errGone
		}
	}
	return got, nil
}
