package rewards

import (
	"context"
	"errors"
	"fmt"

	"hongbao/reference/wallet"
)

// downstream is the system of one reward type, with this instance's share of its rate.
type downstream struct {
	wallet.Downstream
	traits wallet.Traits
	pace   *pace
}

// drive makes the next call for an item at its downstream, and returns the item on record. ErrLimited: this instance's
// rate is used up.
func (s *Service) drive(ctx context.Context, i wallet.Item) (wallet.Item, error) {
	d := s.downstreams[i.Award]
	switch {
	case d == nil:
		return i, fmt.Errorf("%w: rewards: no downstream for %s", wallet.ErrUnavailable, i.Award)
	case !d.pace.take(s.clock.Now()):
		return i, wallet.ErrLimited
	}
	switch i.State {
	case wallet.ItemIssued:
		got, err := s.issue(ctx, d, []wallet.Item{i})
		if err != nil {
			return i, err
		}
		return got[0], nil
	case wallet.ItemProcessing:
		return s.query(ctx, d, i)
	case wallet.ItemUsing:
		return s.use(ctx, d, i)
	case wallet.ItemReturning:
		return s.returnItem(ctx, d, i)
	}
	return i, nil
}

// issue asks a downstream to issue items that are issued or processing, at most its batch size, and returns the items
// on record. It returns the error of the first item without a result; others may be settled.
func (s *Service) issue(ctx context.Context, d *downstream, items []wallet.Item) ([]wallet.Item, error) {
	announced := make([]wallet.Item, len(items))
	for n, i := range items {
		i.State, i.Changed = wallet.ItemProcessing, s.clock.Now()
		announced[n] = i
	}
	got, err := s.advanceAll(ctx, announced)
	if err != nil {
		return nil, err
	}
	var asked []wallet.Item // without items that another instance has settled meanwhile
	var at []int
	for n, i := range got {
		if i.State == wallet.ItemProcessing {
			asked, at = append(asked, i), append(at, n)
		}
	}
	if len(asked) == 0 {
		return got, nil
	}
	answers, err := d.Issue(ctx, asked)
	if err == nil && len(answers) != len(asked) {
		err = fmt.Errorf("%w: %d answers for %d items", wallet.ErrUnknown, len(answers), len(asked))
	}
	if err != nil {
		answers = make([]wallet.ItemResult, len(asked))
		for n := range answers {
			answers[n].Err = err
		}
	}
	settled, err := s.receiveAll(ctx, asked, answers)
	for n, i := range settled {
		got[at[n]] = i
	}
	return got, err
}

// query asks a downstream about an item that it may have issued, and issues the item if the downstream does not know
// it.
func (s *Service) query(ctx context.Context, d *downstream, i wallet.Item) (wallet.Item, error) {
	r, err := d.Query(ctx, i)
	if errors.Is(err, wallet.ErrNotFound) {
		if !d.pace.take(s.clock.Now()) {
			return i, wallet.ErrLimited
		}
		got, err := s.issue(ctx, d, []wallet.Item{i})
		if err != nil {
			return i, err
		}
		return got[0], nil
	}
	return s.receive(ctx, i, wallet.ItemResult{Receipt: r, Err: err})
}

// receiveAll records answers. Items that become settled are recorded in one call.
func (s *Service) receiveAll(ctx context.Context, items []wallet.Item, answers []wallet.ItemResult) ([]wallet.Item, error) {
	out := append([]wallet.Item(nil), items...)
	var settled []wallet.Item
	var at []int
	var failed error
	for n, a := range answers {
		if a.Err == nil && a.Receipt.State == wallet.ItemSettled {
			settled, at = append(settled, s.with(items[n], a.Receipt)), append(at, n)
			continue
		}
		var err error
		if out[n], err = s.receive(ctx, items[n], a); err != nil && failed == nil {
			failed = err
		}
	}
	if len(settled) > 0 {
		got, err := s.advanceAll(ctx, settled)
		if err != nil {
			return out, err
		}
		for n, i := range got {
			out[at[n]] = i
		}
	}
	return out, failed
}

// receive records a downstream's answer for one item, and returns the item on record, or the answer's error.
func (s *Service) receive(ctx context.Context, i wallet.Item, a wallet.ItemResult) (wallet.Item, error) {
	if errors.Is(a.Err, wallet.ErrDeclined) {
		return s.takeBack(ctx, i)
	}
	if a.Err != nil {
		return i, a.Err
	}
	switch a.Receipt.State {
	case wallet.ItemProcessing:
		return i, nil
	case wallet.ItemRefunded:
		return s.takeBack(ctx, i)
	case wallet.ItemSettled, wallet.ItemUsed, wallet.ItemExpired:
	default:
		return i, fmt.Errorf("%w: rewards: the downstream of %s answered %s for %s", wallet.ErrUnknown, i.Award, a.Receipt.State, i.No)
	}
	return s.advanceTo(ctx, i, a.Receipt)
}

// advanceTo moves an item to the state of a receipt, through the states between.
func (s *Service) advanceTo(ctx context.Context, i wallet.Item, r wallet.Receipt) (wallet.Item, error) {
	intermediate := map[wallet.ItemState]wallet.ItemState{wallet.ItemProcessing: wallet.ItemSettled, wallet.ItemSettled: wallet.ItemUsing}
	for !i.State.Final() && i.State != r.State {
		next := s.with(i, r)
		if !i.State.Follows(r.State) {
			next.State = intermediate[i.State]
		}
		if !i.State.Follows(next.State) {
			return i, nil // the record is further than the receipt
		}
		var err error
		if i, err = s.advance(ctx, next); err != nil {
			return i, err
		}
	}
	return i, nil
}

// with returns an item with the data of a receipt.
func (s *Service) with(i wallet.Item, r wallet.Receipt) wallet.Item {
	i.State, i.Changed = r.State, s.clock.Now()
	if r.Ref != "" && len(r.Ref) <= wallet.MaxItemRef {
		i.Ref = r.Ref
	}
	if r.Expires > 0 {
		i.Expires = r.Expires
	}
	return i
}

// takeBack returns an item's coupon to the stock and then records the item as refunded. After a crash between the two
// steps the chores drive the item again, its downstream gives the same answer, and returning the coupon is idempotent.
func (s *Service) takeBack(ctx context.Context, i wallet.Item) (wallet.Item, error) {
	if i.State == wallet.ItemSettled {
		i.State, i.Changed = wallet.ItemReturning, s.clock.Now()
		var err error
		if i, err = s.advance(ctx, i); err != nil {
			return i, err
		}
	}
	if !i.State.Follows(wallet.ItemRefunded) {
		return i, nil
	}
	if policy := s.policies[i.No.Stage]; policy != nil && i.Counted != (wallet.OrderNo{}) {
		if err := wallet.Repeat(func() error { return policy.GiveBack(ctx, answerOf(i)) }); err != nil {
			return i, err
		}
	}
	i.State, i.Changed = wallet.ItemRefunded, s.clock.Now()
	return s.advance(ctx, i)
}
