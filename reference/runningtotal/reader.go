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

// Reader returns the last total that it read, without leaving the process.
type Reader struct {
	central wallet.Totals
	follow  []wallet.Stage
	stages  [wallet.Stages + 1]atomic.Int64 // -1-total; 0: not read yet

	first  sync.Mutex   // held by the first read that calls the central store
	asked  atomic.Int64 // number of such calls
	failed error        // error of the last such call
}

// NewReader returns a reader that has read nothing yet. It follows the given stages, or all if none is given. Each
// costs the central store one read per interval. ErrInvalid: an unknown stage.
func NewReader(central wallet.Totals, stages ...wallet.Stage) (*Reader, error) {
	for _, s := range stages {
		if err := s.Validate(); err != nil {
			return nil, err
		}
	}
	if len(stages) == 0 {
		stages = []wallet.Stage{wallet.InternalTest, wallet.ExternalDrill, wallet.Official}
	}
	return &Reader{central: central, follow: append([]wallet.Stage(nil), stages...)}, nil
}

// Total returns the stage's total by the last reading, in fen, and whether it was ever read. It never falls: a smaller
// total from a central store that lost data is ignored. It makes one atomic load, does not wait and does not allocate.
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

// TotalOrFetch is Total for a first read (R3): if there is no value yet, it reads the central store and waits. Of
// concurrent first reads one calls the store, and the others wait for its result. ErrInvalid: the stage is not
// followed. Other errors are those of the store.
func (r *Reader) TotalOrFetch(ctx context.Context, s wallet.Stage) (wallet.Money, error) {
	if total, ok := r.Total(s); ok {
		return total, nil
	}
	if !slices.Contains(r.follow, s) {
		return 0, fmt.Errorf("%w: the running total of stage %d is not followed", wallet.ErrInvalid, s)
	}
	before := r.asked.Load()
	r.first.Lock()
	defer r.first.Unlock()
	if r.asked.Load() == before { // no other call has read it meanwhile
		r.failed = r.Refresh(ctx)
		r.asked.Add(1)
	}
	if total, ok := r.Total(s); ok {
		return total, nil
	}
	return 0, r.failed
}

// Ready reports whether every followed stage was read at least once. A runner calls Refresh until then before it admits
// readers, so that the first of them finds a value (R3).
func (r *Reader) Ready() bool {
	for _, s := range r.follow {
		if r.stages[s].Load() == 0 {
			return false
		}
	}
	return true
}

// Refresh reads the central totals and raises the local ones to them. Errors are those of the store, one per stage; a
// stage that could not be read keeps its value.
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

// lower is the opposite of raise, for values stored as -1-total.
func lower(v *atomic.Int64, to int64) {
	for {
		if old := v.Load(); to >= old || v.CompareAndSwap(old, to) {
			return
		}
	}
}
