package runningtotal

import (
	"context"
	"fmt"
	"sync"

	"hongbao/reference/wallet"
)

// MinRepairInterval is the shortest time between two calls of Repair. After it the requests in flight have ended, and
// every living writer has reported all its sums (reportAllEvery).
const MinRepairInterval = 30 * Interval

// Repairer restores the sums that crashed instances had not reported (R5): granted and on record, but never reported.
//
// It compares the sum that was on record at its previous call with the central total of now. Every living writer has
// reported since then, so the difference belongs to dead writers. Grants made between two calls only make it restore
// less at first: the total is never raised above the sum that was granted. Two repairers that run at once could restore
// the same loss twice, so a runner holds a lease; if the lease fails, a loss can be counted twice, without other harm.
type Repairer struct {
	mu      sync.Mutex
	name    string
	central wallet.Totals
	stages  [wallet.Stages + 1]repaired
}

// repaired is a repairer's state of one stage, in fen.
type repaired struct {
	sum     wallet.Money // everything restored so far
	granted wallet.Money // on record at the previous call
	total   wallet.Money // the central total at the previous call
}

// NewRepairer returns a repairer that has restored nothing. name must be unique to one process run, as a Writer's, and
// differ from all writers' names.
func NewRepairer(name string, central wallet.Totals) *Repairer {
	return &Repairer{name: name, central: central}
}

// Repair raises the stage's central total to the sum that was on record at the previous call, and returns the increase
// in fen. granted is the sum on record now of the grants that writers add: PostedSums, if they add postings. Repair
// never lowers the total.
//
// Call it at most once in MinRepairInterval. The first call restores nothing. A call that finds a smaller total than
// before restores nothing and returns ErrStale: the central store has lost data, and living writers must report first,
// otherwise their sums would be both restored and reported. ErrInvalid: an unknown stage, or granted is below zero.
// Other errors are those of the store. After any error, call again.
func (r *Repairer) Repair(ctx context.Context, s wallet.Stage, granted wallet.Money) (wallet.Money, error) {
	if err := s.Validate(); err != nil {
		return 0, err
	}
	if granted < 0 {
		return 0, fmt.Errorf("%w: granted %d fen", wallet.ErrInvalid, int64(granted))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.report(ctx, s); err != nil { // an earlier report may have failed, or the store may have lost it
		return 0, err
	}
	total, err := readTotal(ctx, r.central, s)
	if err != nil {
		return 0, err
	}
	st := &r.stages[s]
	last := *st
	st.granted, st.total = granted, total
	switch {
	case total < last.total:
		return 0, fmt.Errorf("running total: %s fell from %d to %d fen: %w", s, int64(last.total), int64(total), wallet.ErrStale)
	case total >= last.granted: // always true at the first call, where last.granted is zero
		return 0, nil
	}
	return r.restore(ctx, s, last.granted-total)
}

// restore adds the lost sum, above zero, to the central total.
func (r *Repairer) restore(ctx context.Context, s wallet.Stage, lost wallet.Money) (wallet.Money, error) {
	sum, err := r.stages[s].sum.Add(lost)
	if err != nil {
		return 0, err
	}
	r.stages[s].sum = sum
	if err := r.report(ctx, s); err != nil {
		return 0, err
	}
	return lost, nil
}

// report reports the sum restored so far.
func (r *Repairer) report(ctx context.Context, s wallet.Stage) error {
	if r.stages[s].sum == 0 {
		return nil
	}
	if err := r.central.Report(ctx, s, r.name, r.stages[s].sum); err != nil {
		return fmt.Errorf("running total: repair %s: %w", s, err)
	}
	return nil
}
