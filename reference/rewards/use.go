package rewards

import (
	"context"
	"errors"
	"fmt"

	"hongbao/reference/wallet"
)

// Rewards implements wallet.Rewards. ErrSwitchedOff: SwitchPageNoRewards is on.
func (s *Service) Rewards(ctx context.Context, r wallet.RewardsRequest) (wallet.RewardsPage, error) {
	if !r.App.Valid() || r.User <= 0 || r.Limit < 1 || r.Limit > wallet.MaxPage {
		return wallet.RewardsPage{}, fmt.Errorf("%w: list of %d rewards for user %d of app %d", wallet.ErrInvalid, r.Limit, r.User, r.App)
	}
	if s.switched(wallet.SwitchPageNoRewards) {
		return wallet.RewardsPage{}, wallet.ErrSwitchedOff
	}
	at := r.At
	if at == 0 {
		at = s.clock.Now()
	}
	child, err := s.index.Child(at)
	if err != nil {
		return wallet.RewardsPage{}, err
	}
	who, err := s.people.Resolve(ctx, wallet.AccountOf(r.App, r.User))
	if err != nil {
		return wallet.RewardsPage{}, err
	}
	var items []wallet.Item
	err = wallet.Repeat(func() (err error) {
		items, err = s.items.Of(ctx, who.Wallets(), child.Stage, r.After, r.Limit+1)
		return err
	})
	if err != nil {
		return wallet.RewardsPage{}, err
	}
	page := wallet.RewardsPage{Stage: child.Stage, Items: items}
	if len(items) > r.Limit {
		page.Items = items[:r.Limit]
		last := page.Items[r.Limit-1]
		page.Next = wallet.Cursor{Opened: last.Opened, Order: last.No}
	}
	return page, nil
}

// UseReward implements wallet.Rewards. A reward of another stage than the present one cannot be used (A1). In addition
// to the port's errors: ErrSwitchedOff, ErrLimited: nothing was done.
func (s *Service) UseReward(ctx context.Context, r wallet.UseRequest) (wallet.Item, error) {
	if !r.App.Valid() || r.User <= 0 {
		return wallet.Item{}, fmt.Errorf("%w: use by user %d of app %d", wallet.ErrInvalid, r.User, r.App)
	}
	if err := r.Order.Validate(); err != nil {
		return wallet.Item{}, err
	}
	who, err := s.people.Resolve(ctx, wallet.AccountOf(r.App, r.User))
	if err != nil {
		return wallet.Item{}, err
	}
	if !who.Owns(r.Order.ActID) {
		return wallet.Item{}, wallet.ErrNotYours
	}
	i, err := s.get(ctx, r.Order)
	if err != nil || i.State == wallet.ItemUsed {
		return i, err
	}
	now := s.clock.Now()
	child, err := s.index.Child(now)
	if err != nil {
		return wallet.Item{}, err
	}
	switch {
	case child.Stage != i.No.Stage:
		return wallet.Item{}, fmt.Errorf("%w: it belongs to stage %s", wallet.ErrNotUsable, i.No.Stage)
	case i.State == wallet.ItemExpired || i.State == wallet.ItemSettled && i.Expires <= now:
		return wallet.Item{}, wallet.ErrExpired // the chores record it
	case i.State != wallet.ItemSettled && i.State != wallet.ItemUsing:
		return wallet.Item{}, fmt.Errorf("%w: it is %s", wallet.ErrNotUsable, i.State)
	case s.switched(wallet.SwitchStopUse) || s.switched(wallet.SwitchHoldDownstreams):
		return wallet.Item{}, wallet.ErrSwitchedOff
	}
	return s.useNow(ctx, i)
}

// useNow records the use, if that was not done before, and makes it. An item that may have been used stays in ItemUsing
// until the downstream confirms its state.
func (s *Service) useNow(ctx context.Context, i wallet.Item) (wallet.Item, error) {
	d := s.downstreams[i.Award]
	switch {
	case d == nil:
		return wallet.Item{}, fmt.Errorf("%w: rewards: no downstream for %s", wallet.ErrUnavailable, i.Award)
	case !d.pace.take(s.clock.Now()):
		return wallet.Item{}, wallet.ErrLimited
	}
	if i.State == wallet.ItemSettled {
		announced := i
		announced.State, announced.Changed = wallet.ItemUsing, s.clock.Now()
		var err error
		if i, err = s.advance(ctx, announced); err != nil {
			return wallet.Item{}, err
		}
	}
	var err error
	if i.State == wallet.ItemUsing {
		i, err = s.use(ctx, d, i)
	}
	switch {
	case err != nil:
		return wallet.Item{}, wallet.AsUnknown(err)
	case i.State == wallet.ItemExpired:
		return wallet.Item{}, wallet.ErrExpired
	case i.State != wallet.ItemUsed:
		return wallet.Item{}, fmt.Errorf("%w: it is %s", wallet.ErrNotUsable, i.State)
	}
	return i, nil
}

// use asks the downstream to use an item, and records the answer. A final refusal ends the item: refunded if the
// downstream says so, otherwise expired. If the downstream has lost an item that it had confirmed, the item is first
// issued again: to the downstream it is the first issue.
func (s *Service) use(ctx context.Context, d *downstream, i wallet.Item) (wallet.Item, error) {
	var r wallet.Receipt
	ask := func() (err error) { r, err = d.Use(ctx, i); return err }
	err := wallet.Repeat(ask)
	if errors.Is(err, wallet.ErrNotFound) {
		s.alarm(wallet.AlarmReconciliation, fmt.Sprintf("the downstream of %s has lost %s", i.Award, i.No))
		if err = s.reissue(ctx, d, i); err == nil {
			err = wallet.Repeat(ask)
		}
	}
	if errors.Is(err, wallet.ErrDeclined) {
		if r, err = d.Query(ctx, i); err == nil && r.State == wallet.ItemSettled || errors.Is(err, wallet.ErrNotFound) {
			r, err = wallet.Receipt{State: wallet.ItemExpired}, nil
		}
	}
	return s.receiveUse(ctx, i, r, err)
}

// reissue issues an item that the downstream has lost.
func (s *Service) reissue(ctx context.Context, d *downstream, i wallet.Item) error {
	answers, err := d.Issue(ctx, []wallet.Item{i})
	if err == nil && len(answers) != 1 {
		err = fmt.Errorf("%w: %d answers for one item", wallet.ErrUnknown, len(answers))
	}
	if err == nil {
		err = answers[0].Err
	}
	return err
}

func (s *Service) receiveUse(ctx context.Context, i wallet.Item, r wallet.Receipt, err error) (wallet.Item, error) {
	if err == nil && (r.State == wallet.ItemSettled || r.State == wallet.ItemProcessing) {
		err = fmt.Errorf("%w: rewards: the downstream of %s answered a use with %s", wallet.ErrUnknown, i.Award, r.State)
	}
	if err != nil {
		return i, err
	}
	return s.receive(ctx, i, wallet.ItemResult{Receipt: r})
}

// get returns an item on record that was granted. ErrNotFound: there is none.
func (s *Service) get(ctx context.Context, no wallet.OrderNo) (wallet.Item, error) {
	var got []wallet.Item
	err := wallet.Repeat(func() (err error) { got, err = s.items.Get(ctx, []wallet.OrderNo{no}); return err })
	if err == nil && (got[0].No != no || !got[0].State.Grants()) {
		err = fmt.Errorf("%w: reward %s", wallet.ErrNotFound, no)
	}
	if err != nil {
		return wallet.Item{}, err
	}
	return got[0], nil
}
