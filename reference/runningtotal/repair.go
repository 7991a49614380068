package runningtotal

import (
	"context"
	"fmt"
	"sync"

	"hongbao/reference/wallet"
)

// SettledAfter is how long a runner waits at least from one call of Repair to the next: by then the requests that were
// under way are over, and whoever lives has reported all its sums (reportAllEvery).
const SettledAfter = 30 * Interval

// Repairer restores what crashed instances took with them (R5): granted and on record, but never reported.
//
// It holds what was on record at its last look against the central total of now. Every writer that lives has reported
// meanwhile what it had granted by then, so what the total lacks, some dead one had. What is granted between two looks
// makes it restore less at first: the total is never lifted above what was really granted. Two repairers at work at once
// could each restore the same loss, so a runner holds a lease; a broken lease can count a loss twice, and nothing more.
type Repairer struct {
	mu      sync.Mutex
	name    string
	central wallet.Totals
	stages  [wallet.Stages + 1]repaired
}

// repaired is what a repairer knows of one stage, in fen.
type repaired struct {
	sum     wallet.Money // all it has restored
	granted wallet.Money // on record at the last look
	total   wallet.Money // the central total at the last look
}

// NewRepairer returns a repairer that has restored nothing. Its name is for one life and not a writer's, as a Writer's.
func NewRepairer(name string, central wallet.Totals) *Repairer {
	return &Repairer{name: name, central: central}
}

// Repair raises the stage's central total to what was on record at the last call, in fen, and returns by how much; granted
// is what is on record now of what writers add: Posted, where they add what enters the ledger. It lowers nothing.
//
// Call it at most once in SettledAfter. The first call only looks, and so does one that finds the total fallen, which it
// answers with ErrStale: the central store has lost what it had, and the writers that live have to report first, or their
// money would be restored and reported too. ErrInvalid: no such stage, or a sum below zero. Other errors are the store's.
// After any of them call again.
func (r *Repairer) Repair(ctx context.Context, s wallet.Stage, granted wallet.Money) (wallet.Money, error) {
	if err := checkStage(s); err != nil {
		return 0, err
	}
	if granted < 0 {
		return 0, fmt.Errorf("%w: granted %d fen", wallet.ErrInvalid, int64(granted))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.report(ctx, s); err != nil { // an earlier one may have had no answer, or the store may have lost it
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
	case total >= last.granted: // and always at the first look, where that is zero
		return 0, nil
	}
	return r.restore(ctx, s, last.granted-total)
}

// restore adds what was lost, above zero, to the central total.
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

// report reports what was restored so far.
func (r *Repairer) report(ctx context.Context, s wallet.Stage) error {
	if r.stages[s].sum == 0 {
		return nil
	}
	if err := r.central.Report(ctx, s, r.name, r.stages[s].sum); err != nil {
		return fmt.Errorf("running total: repair %s: %w", s, err)
	}
	return nil
}
