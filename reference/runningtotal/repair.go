package runningtotal

import (
	"context"
	"fmt"
	"sync"

	"hongbao/reference/wallet"
)

// SettledAfter is the age from which what is on record has been reported, if its instance lives: the request that
// granted it is over, and since then all sums were reported at least once (reportAllEvery), lost stores or not.
const SettledAfter = 30 * Interval

// Repairer restores what crashed instances took with them (R5): granted and on record, but never reported.
//
// The truth it is given is what the books say was granted up to a moment that lies SettledAfter or more in the past.
// Every writer that lives has reported by now what it had granted by then, so what the central total lacks of the truth,
// some dead one had. What is granted meanwhile only makes it restore less at first: the central total is never lifted
// above what was really granted. Two repairers at work at once could each restore the same loss, so a runner holds a
// lease; a broken lease can count a loss twice, and nothing more.
type Repairer struct {
	mu      sync.Mutex
	name    string
	central wallet.Totals
	stages  [wallet.Stages + 1]repaired
}

// repaired is what a repairer knows of one stage, in fen.
type repaired struct {
	sum    wallet.Money // all it has restored
	seen   wallet.Money // the central total at the last look
	looked bool
}

// NewRepairer returns a repairer that has restored nothing. Its name is for one life and not a writer's, as a Writer's.
func NewRepairer(name string, central wallet.Totals) *Repairer {
	return &Repairer{name: name, central: central}
}

// Repair raises the stage's central total to the truth, in fen, and returns by how much. It lowers nothing. Call it at
// most once in SettledAfter. Its first call only looks, and so does one that finds the total fallen, which it answers
// with ErrStale: the central store has lost what it had, and the writers that live have to report first, or their money
// would be restored and reported too. ErrInvalid: no such stage, or a truth below zero. Other errors are the store's;
// after any of them call again.
func (r *Repairer) Repair(ctx context.Context, s wallet.Stage, truth wallet.Money) (wallet.Money, error) {
	if err := checkStage(s); err != nil {
		return 0, err
	}
	if truth < 0 {
		return 0, fmt.Errorf("%w: granted %d fen", wallet.ErrInvalid, int64(truth))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	st := &r.stages[s]
	if err := r.report(ctx, s); err != nil { // an earlier one may have had no answer, or the store may have lost it
		return 0, err
	}
	total, err := readTotal(ctx, r.central, s)
	if err != nil {
		return 0, err
	}
	was, looked := st.seen, st.looked
	st.seen, st.looked = total, true
	switch {
	case !looked || total >= truth && total >= was:
		return 0, nil
	case total < was:
		return 0, fmt.Errorf("running total: %s fell from %d to %d fen: %w", s, int64(was), int64(total), wallet.ErrStale)
	}
	return r.restore(ctx, s, truth-total)
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
