package rewards

import (
	"context"
	"errors"
	"sync"
	"time"

	"hongbao/reference/wallet"
)

// How the chores go.
const (
	settleStep  = wallet.MaxAdvance // items of one state in one step
	gatherFor   = 2 * time.Second   // how long an item waits for a batch to fill, and for the request that it came with
	stuckAfter  = 10 * time.Second  // age from which what a request began is taken up: above any request's deadline
	roundsEvery = 10 * time.Second  // how often all that is stuck is gone through: a downstream in trouble is not hammered
)

// rounds are where the walks through the stuck items have come to. They are hints: nothing is lost with them.
type rounds struct {
	mu    sync.Mutex
	place [wallet.ItemMoved + 1]wallet.OpenPlace
	next  [wallet.ItemMoved + 1]wallet.Instant // when the next walk begins
}

// Settle drives one bounded step of what is not settled and returns how many items came further (O5). Items that are open,
// processing, in use or on their way back, and expired ones, are gone through from place to place; issued ones are gathered in batches. What
// fails is passed by, and returned as an error. Several instances may settle at the same time.
func (s *Service) Settle(ctx context.Context) (int, error) {
	now := s.clock.Now()
	n, failed := 0, error(nil)
	step := func(state wallet.ItemState, before wallet.Instant, do func(context.Context, []wallet.Item) (int, error)) {
		items, err := s.unsettled(ctx, state, now, before)
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

// unsettled returns the next items of a walk, or none where the last walk has ended a short while ago.
func (s *Service) unsettled(ctx context.Context, state wallet.ItemState, now, before wallet.Instant) ([]wallet.Item, error) {
	s.rounds.mu.Lock()
	from, next := s.rounds.place[state], s.rounds.next[state]
	s.rounds.mu.Unlock()
	if from == 0 && now < next {
		return nil, nil
	}
	items, place, err := s.items.Unsettled(ctx, state, before, from, settleStep)
	if err != nil {
		return nil, err
	}
	s.rounds.mu.Lock()
	defer s.rounds.mu.Unlock()
	s.rounds.place[state] = place
	if place == 0 && state != wallet.ItemIssued && state != wallet.ItemSettled {
		s.rounds.next[state] = now.Add(roundsEvery)
	}
	return items, nil
}

// each makes a step for one item a step for many, which counts those that came further.
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

// expire records that an item's time is over.
func (s *Service) expire(ctx context.Context, i wallet.Item) (wallet.Item, error) {
	i.State, i.Changed = wallet.ItemExpired, s.clock.Now()
	return s.advance(ctx, i)
}

// drivers returns a step that drives items one by one, and asks a downstream that is down no more in this step.
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

// gather hands issued items to their downstreams in batches: full ones, and what is left of a type once its oldest has
// waited long enough.
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

// batches hands items of one type out, oldest first, until the downstream's rate or patience is at its end.
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

// notLimited drops what is no failure: another's turn.
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
