package runningtotal

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"hongbao/reference/wallet"
)

// Reader answers with the last total that it read, without leaving the process.
type Reader struct {
	central wallet.Totals
	follow  []wallet.Stage
	stages  [wallet.Stages + 1]atomic.Int64 // -1-total; 0: nothing was read yet

	first  sync.Mutex   // held by the one first read that asks the central store
	asked  atomic.Int64 // how often one has
	failed error        // what the last of them ended with
}

// NewReader returns a reader that has read nothing. It follows the stages named, or all of them: each costs the central
// store one read an interval.
func NewReader(central wallet.Totals, stages ...wallet.Stage) (*Reader, error) {
	for _, s := range stages {
		if err := checkStage(s); err != nil {
			return nil, err
		}
	}
	if len(stages) == 0 {
		stages = []wallet.Stage{wallet.InternalTest, wallet.ExternalDrill, wallet.Official}
	}
	return &Reader{central: central, follow: append([]wallet.Stage(nil), stages...)}, nil
}

// Total returns the stage's total as last read, and whether it was ever read. It only grows: a central store that comes
// back with less is not believed. One atomic load; it neither waits nor allocates.
func (r *Reader) Total(s wallet.Stage) (wallet.Money, bool) {
	if int(s) >= len(r.stages) {
		return 0, false
	}
	v := r.stages[s].Load()
	if v >= 0 {
		return 0, false
	}
	return wallet.Money(-1 - v), true
}

// Await is Total for a first read (R3): where there is no value yet, it asks the central store and waits for the answer.
// Of the first reads that come together one asks, and the others wait with it and get the same. ErrInvalid: the stage is
// not followed. Other errors are the store's, and the context's.
func (r *Reader) Await(ctx context.Context, s wallet.Stage) (wallet.Money, error) {
	if total, ok := r.Total(s); ok {
		return total, nil
	}
	if !slices.Contains(r.follow, s) {
		return 0, fmt.Errorf("%w: the running total of stage %d is not followed", wallet.ErrInvalid, s)
	}
	before := r.asked.Load()
	r.first.Lock()
	defer r.first.Unlock()
	if r.asked.Load() == before { // nobody has asked meanwhile
		r.failed = r.Refresh(ctx)
		r.asked.Add(1)
	}
	if total, ok := r.Total(s); ok {
		return total, nil
	}
	return 0, r.failed
}

// Ready reports whether every stage that it follows was read at least once. A runner calls Refresh until then before it
// lets readers in, so that the first of them finds a value (R3).
func (r *Reader) Ready() bool {
	for _, s := range r.follow {
		if r.stages[s].Load() == 0 {
			return false
		}
	}
	return true
}

// Refresh reads the central totals and raises the local ones to them. The errors are the store's, one a stage; what
// could not be read stays as it was.
func (r *Reader) Refresh(ctx context.Context) error {
	var errs []error
	for _, s := range r.follow {
		total, err := readTotal(ctx, r.central, s)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		lower(&r.stages[s], -1-int64(total))
	}
	return errors.Join(errs...)
}

// lower is raise the other way round, for values kept as -1-total.
func lower(v *atomic.Int64, to int64) {
	for {
		if old := v.Load(); to >= old || v.CompareAndSwap(old, to) {
			return
		}
	}
}
