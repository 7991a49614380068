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
	case i.State.Final() || c.Receipt.State == i.State:
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
// answers as the first time. ErrNotFound. ErrNotUsable: it was used or has expired. ErrUnavailable, ErrLimited: it is not
// settled, nothing was taken back: repeat later. ErrDeclined: the downstream does not take it back. ErrUnknown: repeat it.
func (s *Service) Refund(ctx context.Context, no wallet.OrderNo) (wallet.Item, error) {
	if err := no.Validate(); err != nil {
		return wallet.Item{}, err
	}
	i, err := s.get(ctx, no)
	if err != nil || i.State == wallet.ItemRefunded {
		return i, err
	}
	if i.State.Final() {
		return wallet.Item{}, fmt.Errorf("%w: it is %s", wallet.ErrNotUsable, i.State)
	}
	if s.switched(wallet.SwitchHoldDownstreams) {
		return wallet.Item{}, wallet.ErrSwitchedOff
	}
	if i.State != wallet.ItemSettled {
		if i, err = s.drive(ctx, i); err != nil {
			return wallet.Item{}, fmt.Errorf("%w: it cannot be settled first: %w", wallet.ErrUnavailable, err)
		}
	}
	if i.State != wallet.ItemSettled {
		return s.refused(i)
	}
	d := s.downstreams[i.Award]
	if !d.pace.take(s.clock.Now()) {
		return wallet.Item{}, wallet.ErrLimited
	}
	var r wallet.Receipt
	if err = wallet.Repeat(func() (err error) { r, err = d.Refund(ctx, i); return err }); err != nil {
		return wallet.Item{}, err
	}
	if i, err = s.receive(ctx, i, wallet.ItemAnswer{Receipt: r}); err != nil {
		return wallet.Item{}, wallet.Unsettled(err)
	}
	return s.refused(i)
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
