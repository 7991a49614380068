package rewards

import (
	"context"
	"errors"

	"hongbao/reference/activity"
	"hongbao/reference/stock"
	"hongbao/reference/wallet"
)

// Grant puts an item on record, or finds the one that an earlier try wrote, settles what is granted, and asks its
// downstream at once where that takes single items. The caller has checked the scene and knows the number; asked carries
// number, account, moment of the win and of recording. What is granted may be something else than was asked for, or
// nothing but a greeting (C2). Idempotent. After the item is on record every failure is wallet.ErrUnknown, but what its
// scene leaves to compensation is no failure (O2): the item says how far it has come.
func (s *Service) Grant(ctx context.Context, asked wallet.Item, scene *activity.Scene) (wallet.Item, error) {
	asked.Asked, asked.Changed, asked.State, asked.Expires = scene.Reward, asked.Created, wallet.ItemOpen, wallet.Never
	if !scene.StockControl {
		asked = s.uncounted(asked)
	}
	var item wallet.Item
	err := wallet.Repeat(func() (err error) { item, _, err = s.items.Create(ctx, asked); return err })
	if err != nil {
		return wallet.Item{}, err
	}
	if item.State == wallet.ItemOpen {
		if item, err = s.decide(ctx, item); err != nil {
			return wallet.Item{}, wallet.Unsettled(err)
		}
	}
	if !s.atOnce(item, scene.Compensate) {
		return item, nil
	}
	now, err := s.drive(ctx, item)
	switch {
	case err == nil:
		return now, nil
	case scene.Compensate, errors.Is(err, wallet.ErrLimited): // its turn comes with the chores, as a batch's does
		return s.known(ctx, item), nil
	}
	return wallet.Item{}, wallet.Unsettled(err)
}

// uncounted settles at once what is granted where no stock is counted.
func (s *Service) uncounted(i wallet.Item) wallet.Item {
	if s.greets(i.No.Award) {
		i.State = wallet.ItemVoid
		return i
	}
	i.State, i.Award, i.Reward = wallet.ItemIssued, i.No.Award, i.Asked
	return i
}

// greets reports whether a greeting is given in place of a reward of that type now. A pendant is no coupon.
func (s *Service) greets(a wallet.AwardType) bool {
	return a != wallet.AvatarPendant && s.switched(wallet.SwitchGreetOnly)
}

// decide settles what an open item grants: the stock says, once, however often it is asked.
func (s *Service) decide(ctx context.Context, i wallet.Item) (wallet.Item, error) {
	desk := s.desks[i.No.Stage]
	scene, err := s.index.SceneOf(i.No.Stage, i.No.Scene)
	if err == nil && (desk == nil || !scene.StockControl) {
		return s.advance(ctx, s.uncounted(i)) // its scene asks for no count any more
	}
	if err != nil {
		return i, err
	}
	settle := desk.Reserve
	if s.greets(i.No.Award) {
		settle = desk.Refuse // what an earlier try got stands
	}
	var a stock.Answer
	if err := wallet.Repeat(func() (err error) { a, err = settle(ctx, i.No, i.Asked); return err }); err != nil {
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
		// Another try was decided before, and its item has ended since: this coupon is nobody's.
		err = wallet.Repeat(func() error { return desk.GiveBack(ctx, a) })
	}
	return got, err
}

// answerOf returns the stock's answer that an item was granted by.
func answerOf(i wallet.Item) stock.Answer { return stock.Answer{Order: i.Counted, Reward: i.Reward} }

// atOnce reports whether a grant asks the downstream itself. What it may know of already is left to the chores, unless nobody
// else settles it.
func (s *Service) atOnce(i wallet.Item, compensated bool) bool {
	d := s.downstreams[i.Award]
	if d == nil || d.traits.Batch > 1 || s.switched(wallet.SwitchHoldDownstreams) {
		return false
	}
	return i.State == wallet.ItemIssued || i.State == wallet.ItemProcessing && !compensated
}

// known returns the item as it is on record, or as it was last seen when that cannot be read.
func (s *Service) known(ctx context.Context, i wallet.Item) wallet.Item {
	if got, err := s.items.Get(ctx, []wallet.OrderNo{i.No}); err == nil && got[0].No == i.No {
		return got[0]
	}
	return i
}

// advance brings one item to a state where that follows, and returns it as it is on record.
func (s *Service) advance(ctx context.Context, i wallet.Item) (wallet.Item, error) {
	got, err := s.advanceAll(ctx, []wallet.Item{i})
	if err != nil {
		return i, err
	}
	return got[0], nil
}

// errGone says that an item of record is not on record any more.
var errGone = errors.New("rewards: an item is gone from the records")

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
