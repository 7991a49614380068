package rewards

import (
	"context"
	"errors"
	"sync"
	"time"

	"hongbao/reference/wallet"
)

// Parameters of the chores.
const (
	settleStep   = wallet.MaxAdvance // the largest number of items of one state in one step
	gatherFor    = 2 * time.Second   // how long an item waits for a batch to fill, and for its own request
	stuckAfter   = 10 * time.Second  // age from which the chores continue a request's work: above any request's deadline
	scanInterval = 10 * time.Second  // shortest time between scans of all stuck items, to spare a failing downstream
)

// scans are the positions of the scans of stuck items. They may be lost without harm.
type scans struct {
	mu     sync.Mutex
	cursor [wallet.ItemMoved + 1]wallet.ScanCursor
	next   [wallet.ItemMoved + 1]wallet.Instant // when the next scan begins
}

// Settle drives one bounded step of unsettled items and returns the number of items that changed state (O5). Items that
// are open, processing, using, returning or expired are scanned; issued ones are collected into batches. An item that
// fails is passed, and its error is returned. Concurrent calls, also at several instances, are safe.
func (s *Service) Settle(ctx context.Context) (int, error) {
	now := s.clock.Now()
	n, failed := 0, error(nil)
	step := func(state wallet.ItemState, before wallet.Instant, do func(context.Context, []wallet.Item) (int, error)) {
		items, err := s.nextDue(ctx, state, now, before)
		if err == nil && len(items) > 0 {
			var done int
			done, err = do(ctx, items)
			n += done
		}
		failed = errors.Join(failed, err)
	}
	paused, held := s.switched(wallet.SwitchPauseCompensate), s.switched(wallet.SwitchHoldDownstreams)
	if !paused {
		step(wallet.ItemOpen, now.Add(-stuckAfter), s.each(s.decide))
	}
	step(wallet.ItemSettled, now+1, s.each(s.expire))
	if held {
		return n, failed
	}
	step(wallet.ItemIssued, now, s.gather)
	if !paused {
		step(wallet.ItemProcessing, now.Add(-stuckAfter), s.drivers())
		step(wallet.ItemUsing, now.Add(-stuckAfter), s.drivers())
		step(wallet.ItemReturning, now.Add(-stuckAfter), s.drivers())
	}
	return n, failed
}

// nextDue returns the next items of a scan, or none if the last scan ended a short time ago.
func (s *Service) nextDue(ctx context.Context, state wallet.ItemState, now, before wallet.Instant) ([]wallet.Item, error) {
	s.scans.mu.Lock()
	from, next := s.scans.cursor[state], s.scans.next[state]
	s.scans.mu.Unlock()
	if from == 0 && now < next {
		return nil, nil
	}
	items, place, err := s.items.Due(ctx, state, before, from, settleStep)
	if err != nil {
		return nil, err
	}
	s.scans.mu.Lock()
	defer s.scans.mu.Unlock()
	s.scans.cursor[state] = place
	if place == 0 && state != wallet.ItemIssued && state != wallet.ItemSettled {
		s.scans.next[state] = now.Add(scanInterval)
	}
	return items, nil
}

// each turns a step for one item into a step for many, which counts the items that changed state.
func (s *Service) each(do func(context.Context, wallet.Item) (wallet.Item, error)) func(context.Context, []wallet.Item) (int, error) {
	return func(ctx context.Context, items []wallet.Item) (int, error) {
		n, failed := 0, error(nil)
		for _, i := range items {
			was := i.State
			got, err := do(ctx, i)
			if err == nil && got.State != was {
				n++
			}
			failed = firstOf(failed, err)
		}
		return n, failed
	}
}

// expire records that an item has expired.
func (s *Service) expire(ctx context.Context, i wallet.Item) (wallet.Item, error) {
	i.State, i.Changed = wallet.ItemExpired, s.clock.Now()
	return s.advance(ctx, i)
}

// drivers returns a step that drives items one by one, and makes no further calls in this step to a downstream that is
// down.
func (s *Service) drivers() func(context.Context, []wallet.Item) (int, error) {
	down := map[wallet.AwardType]bool{}
	return s.each(func(ctx context.Context, i wallet.Item) (wallet.Item, error) {
		if down[i.Award] {
			return i, nil
		}
		got, err := s.drive(ctx, i)
		if err != nil && wallet.CodeOf(err) != wallet.CodeUnknown {
			down[i.Award] = true
		}
		return got, notLimited(err)
	})
}

// gather issues items in batches: full batches, and the rest of a type once its oldest item has waited gatherFor.
func (s *Service) gather(ctx context.Context, items []wallet.Item) (int, error) {
	byType, order := map[wallet.AwardType][]wallet.Item{}, []wallet.AwardType(nil)
	for _, i := range items {
		if byType[i.Award] == nil {
			order = append(order, i.Award)
		}
		byType[i.Award] = append(byType[i.Award], i)
	}
	n, failed := 0, error(nil)
	for _, award := range order {
		if d := s.downstreams[award]; d != nil {
			done, err := s.batches(ctx, d, byType[award])
			n += done
			failed = firstOf(failed, err)
		}
	}
	return n, failed
}

// batches issues items of one type, oldest first, until the downstream's rate is used up or it fails.
func (s *Service) batches(ctx context.Context, d *downstream, items []wallet.Item) (int, error) {
	n := 0
	for len(items) > 0 {
		size := min(d.traits.Batch, len(items))
		full := d.traits.Batch > 1 && size == d.traits.Batch
		if !full && s.clock.Now().Sub(items[0].Changed) < gatherFor {
			return n, nil
		}
		if !d.pace.take(s.clock.Now()) {
			return n, nil
		}
		got, err := s.issue(ctx, d, items[:size])
		for _, i := range got {
			if i.State != wallet.ItemIssued {
				n++
			}
		}
		if err != nil {
			return n, notLimited(err)
		}
		items = items[size:]
	}
	return n, nil
}

// notLimited drops ErrLimited, which is not a failure.
func notLimited(err error) error {
	if errors.Is(err, wallet.ErrLimited) {
		return nil
	}
	return err
}

func firstOf(first, err error) error {
	if first != nil {
		return first
	}
	return err
}
