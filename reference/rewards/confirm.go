package rewards

import (
	"context"
	"errors"
	"fmt"

	"hongbao/reference/wallet"
)

// Confirm takes up what a downstream tells of its own accord. A callback says when to look, and not what to believe: the
// downstream is asked before anything is recorded. Idempotent: what is known already, or older than what is known,
// changes nothing. ErrNotFound: no such item was granted. ErrInvalid: the item is of another type. ErrUnavailable,
// ErrSwitchedOff, ErrLimited, ErrUnknown: tell it again later.
func (s *Service) Confirm(ctx context.Context, c wallet.Callback) error {
	if err := c.Order.Validate(); err != nil {
		return err
	}
	i, err := s.get(ctx, c.Order)
	switch {
	case err != nil:
		return err
	case i.Award != c.Award:
		return fmt.Errorf("%w: reward %s is of type %s, not %s", wallet.ErrInvalid, c.Order, i.Award, c.Award)
	case i.State == wallet.ItemIssued:
		return fmt.Errorf("%w: reward %s was not asked for yet", wallet.ErrUnavailable, c.Order)
	case i.State.Final() || i.State == wallet.ItemReturning || c.Receipt.State == i.State:
		return nil
	case s.switched(wallet.SwitchHoldDownstreams):
		return wallet.ErrSwitchedOff
	}
	d := s.downstreams[i.Award]
	if d == nil {
		return fmt.Errorf("%w: rewards: nothing stands behind %s", wallet.ErrUnavailable, i.Award)
	}
	if !d.pace.take(s.clock.Now()) {
		return wallet.ErrLimited
	}
	r, err := d.Look(ctx, i)
	if errors.Is(err, wallet.ErrNotFound) {
		return fmt.Errorf("%w: the downstream of %s tells of %s and does not know it", wallet.ErrUnavailable, i.Award, i.No)
	}
	if _, err = s.receive(ctx, i, wallet.ItemAnswer{Receipt: r, Err: err}); err != nil {
		return wallet.Unsettled(err)
	}
	return nil
}

// Refund takes a reward back that was not used, for operators, and gives its coupon back to the stock, once. A repeat
// answers as the first time. ErrNotFound. ErrNotUsable: it was used or has expired, or the downstream does not take it
// back: then it has ended here, and its coupon is not in the stock. ErrUnavailable, ErrLimited: nothing was taken back yet:
// repeat later. ErrUnknown: the chores take it back; a repeat says when they have.
func (s *Service) Refund(ctx context.Context, no wallet.OrderNo) (wallet.Item, error) {
	if err := no.Validate(); err != nil {
		return wallet.Item{}, err
	}
	i, err := s.get(ctx, no)
	if err != nil || i.State == wallet.ItemRefunded {
		return i, err
	}
	if i.State.Final() {
		return s.refused(i)
	}
	if s.switched(wallet.SwitchHoldDownstreams) {
		return wallet.Item{}, wallet.ErrSwitchedOff
	}
	if i.State != wallet.ItemSettled && i.State != wallet.ItemReturning {
		if i, err = s.drive(ctx, i); err != nil {
			return wallet.Item{}, fmt.Errorf("%w: it cannot be settled first: %w", wallet.ErrUnavailable, err)
		}
	}
	if i.State == wallet.ItemSettled {
		i.State, i.Changed = wallet.ItemReturning, s.clock.Now()
		if i, err = s.advance(ctx, i); err != nil {
			return wallet.Item{}, err
		}
	}
	if i.State == wallet.ItemReturning {
		if i, err = s.drive(ctx, i); err != nil {
			return wallet.Item{}, wallet.Unsettled(err)
		}
	}
	return s.refused(i)
}

// giveUp asks a downstream to take an item back, and records what it says. What it has never heard of, or has declined,
// there is nothing of.
func (s *Service) giveUp(ctx context.Context, d *downstream, i wallet.Item) (wallet.Item, error) {
	var r wallet.Receipt
	err := wallet.Repeat(func() (err error) { r, err = d.Refund(ctx, i); return err })
	if errors.Is(err, wallet.ErrDeclined) {
		if r, err = d.Look(ctx, i); err == nil && r.State == wallet.ItemSettled {
			r.State = wallet.ItemExpired // it keeps the item: nobody else may be given its coupon
		}
	}
	switch {
	case errors.Is(err, wallet.ErrNotFound), errors.Is(err, wallet.ErrDeclined):
		return s.takeBack(ctx, i)
	case err == nil && (r.State == wallet.ItemSettled || r.State == wallet.ItemProcessing):
		err = fmt.Errorf("%w: rewards: the downstream of %s says %s of a return", wallet.ErrUnknown, i.Award, r.State)
	}
	if err != nil {
		return i, err
	}
	return s.receive(ctx, i, wallet.ItemAnswer{Receipt: r})
}

// refused returns an item that is taken back, or says why it is not.
func (s *Service) refused(i wallet.Item) (wallet.Item, error) {
	switch i.State {
	case wallet.ItemRefunded:
		return i, nil
	case wallet.ItemUsed, wallet.ItemExpired:
		return wallet.Item{}, fmt.Errorf("%w: it is %s", wallet.ErrNotUsable, i.State)
	}
	return wallet.Item{}, fmt.Errorf("%w: it is %s: repeat later", wallet.ErrUnavailable, i.State)
}
