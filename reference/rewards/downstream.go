package rewards

import (
	"context"
	"errors"
	"fmt"

	"hongbao/reference/wallet"
)

// downstream is the system of one type, and this instance's share of its rate.
type downstream struct {
	wallet.Downstream
	traits wallet.Traits
	pace   *pace
}

// drive takes an item one step on at its downstream, alone, and returns it as it is on record then. ErrLimited: its
// turn has not come.
func (s *Service) drive(ctx context.Context, i wallet.Item) (wallet.Item, error) {
	d := s.downstreams[i.Award]
	switch {
	case d == nil:
		return i, fmt.Errorf("%w: rewards: nothing stands behind %s", wallet.ErrUnavailable, i.Award)
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
		return s.look(ctx, d, i)
	case wallet.ItemUsing:
		return s.use(ctx, d, i)
	case wallet.ItemReturning:
		return s.giveUp(ctx, d, i)
	}
	return i, nil
}

// issue asks a downstream to hand out items that are issued or processing, at most as many as it takes, and returns them
// as they are on record then. An error is of the first that has no answer; others may be settled.
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
	var asked []wallet.Item // what another has settled meanwhile is not asked for again
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
		answers = make([]wallet.ItemAnswer, len(asked))
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

// look asks what a downstream knows of an item that it may have been asked for, and hands it out where it has never heard
// of it.
func (s *Service) look(ctx context.Context, d *downstream, i wallet.Item) (wallet.Item, error) {
	r, err := d.Look(ctx, i)
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
	return s.receive(ctx, i, wallet.ItemAnswer{Receipt: r, Err: err})
}

// receiveAll records answers. Those that settle an item are recorded together.
func (s *Service) receiveAll(ctx context.Context, items []wallet.Item, answers []wallet.ItemAnswer) ([]wallet.Item, error) {
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

// receive records what a downstream says of one item, and returns the item as it is on record then, or the answer's error.
func (s *Service) receive(ctx context.Context, i wallet.Item, a wallet.ItemAnswer) (wallet.Item, error) {
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
		return i, fmt.Errorf("%w: rewards: the downstream of %s says %s of %s", wallet.ErrUnknown, i.Award, a.Receipt.State, i.No)
	}
	return s.through(ctx, i, a.Receipt)
}

// through brings an item to the state of a receipt, through the states that lie between.
func (s *Service) through(ctx context.Context, i wallet.Item, r wallet.Receipt) (wallet.Item, error) {
	between := map[wallet.ItemState]wallet.ItemState{wallet.ItemProcessing: wallet.ItemSettled, wallet.ItemSettled: wallet.ItemUsing}
	for !i.State.Final() && i.State != r.State {
		next := s.with(i, r)
		if !i.State.Follows(r.State) {
			next.State = between[i.State]
		}
		if !i.State.Follows(next.State) {
			return i, nil // it is further than the receipt knows
		}
		var err error
		if i, err = s.advance(ctx, next); err != nil {
			return i, err
		}
	}
	return i, nil
}

// with returns an item as a receipt has it.
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

// takeBack gives an item's coupon back to the stock and then records that it is taken back. A crash between the two leaves
// an item that the chores drive, whose downstream says the same again; and giving back is idempotent.
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
	if desk := s.desks[i.No.Stage]; desk != nil && i.Counted != (wallet.OrderNo{}) {
		if err := wallet.Repeat(func() error { return desk.GiveBack(ctx, answerOf(i)) }); err != nil {
			return i, err
		}
	}
	i.State, i.Changed = wallet.ItemRefunded, s.clock.Now()
	return s.advance(ctx, i)
}
