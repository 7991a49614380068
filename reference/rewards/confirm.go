package rewards

import (
	"context"
	"errors"
	"fmt"

	"hongbao/reference/wallet"
)

// Confirm processes an unsolicited callback of a downstream. A callback only triggers a query: the downstream is
// queried before anything is recorded. Idempotent: a callback that is already known, or older than the record, changes
// nothing. ErrNotFound: no such item was granted. ErrInvalid: the item is of another type. ErrUnavailable,
// ErrSwitchedOff, ErrLimited, ErrUnknown: send the callback again later.
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
		return fmt.Errorf("%w: reward %s was not requested yet", wallet.ErrUnavailable, c.Order)
	case i.State.Final() || i.State == wallet.ItemReturning || c.Receipt.State == i.State:
		return nil
	case s.switched(wallet.SwitchHoldDownstreams):
		return wallet.ErrSwitchedOff
	}
	d := s.downstreams[i.Award]
	if d == nil {
		return fmt.Errorf("%w: rewards: no downstream for %s", wallet.ErrUnavailable, i.Award)
	}
	if !d.pace.take(s.clock.Now()) {
		return wallet.ErrLimited
	}
	r, err := d.Query(ctx, i)
	if errors.Is(err, wallet.ErrNotFound) {
		return fmt.Errorf("%w: the downstream of %s sent a callback for %s but does not know it", wallet.ErrUnavailable, i.Award, i.No)
	}
	if _, err = s.receive(ctx, i, wallet.ItemResult{Receipt: r, Err: err}); err != nil {
		return wallet.AsUnknown(err)
	}
	return nil
}

// Refund takes back a reward that was not used, for operators, and returns its coupon to the stock once. Idempotent: a
// repeat returns the first result. ErrNotFound: no such reward. ErrNotUsable: it was used or has expired, or the
// downstream does not take it back; in the last case the item is expired here and its coupon stays counted.
// ErrUnavailable, ErrLimited, ErrSwitchedOff: nothing was taken back yet; repeat later. ErrUnknown: the chores take it
// back; a repeat returns the result.
func (s *Service) Refund(ctx context.Context, no wallet.OrderNo) (wallet.Item, error) {
	if err := no.Validate(); err != nil {
		return wallet.Item{}, err
	}
	i, err := s.get(ctx, no)
	if err != nil || i.State == wallet.ItemRefunded {
		return i, err
	}
	if i.State.Final() {
		return s.refunded(i)
	}
	if s.switched(wallet.SwitchHoldDownstreams) {
		return wallet.Item{}, wallet.ErrSwitchedOff
	}
	if i.State != wallet.ItemSettled && i.State != wallet.ItemReturning {
		if i, err = s.drive(ctx, i); err != nil {
			return wallet.Item{}, fmt.Errorf("%w: it could not be settled first: %w", wallet.ErrUnavailable, err)
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
			return wallet.Item{}, wallet.AsUnknown(err)
		}
	}
	return s.refunded(i)
}

// returnItem asks a downstream to take an item back, and records the receipt. If the downstream does not know the item,
// or has declined it, nothing was issued.
func (s *Service) returnItem(ctx context.Context, d *downstream, i wallet.Item) (wallet.Item, error) {
	var r wallet.Receipt
	err := wallet.Repeat(func() (err error) { r, err = d.Refund(ctx, i); return err })
	if errors.Is(err, wallet.ErrDeclined) {
		if r, err = d.Query(ctx, i); err == nil && r.State == wallet.ItemSettled {
			r.State = wallet.ItemExpired // the person keeps the item, so its coupon stays counted
		}
	}
	switch {
	case errors.Is(err, wallet.ErrNotFound), errors.Is(err, wallet.ErrDeclined):
		return s.takeBack(ctx, i)
	case err == nil && (r.State == wallet.ItemSettled || r.State == wallet.ItemProcessing):
		err = fmt.Errorf("%w: rewards: the downstream of %s answered a refund with %s", wallet.ErrUnknown, i.Award, r.State)
	}
	if err != nil {
		return i, err
	}
	return s.receive(ctx, i, wallet.ItemResult{Receipt: r})
}

// refunded returns an item that was taken back, or an error that says why it was not.
func (s *Service) refunded(i wallet.Item) (wallet.Item, error) {
	switch i.State {
	case wallet.ItemRefunded:
		return i, nil
	case wallet.ItemUsed, wallet.ItemExpired:
		return wallet.Item{}, fmt.Errorf("%w: it is %s", wallet.ErrNotUsable, i.State)
	}
	return wallet.Item{}, fmt.Errorf("%w: it is %s: repeat later", wallet.ErrUnavailable, i.State)
}
