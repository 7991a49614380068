package runningtotal

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"hongbao/reference/wallet"
)

// reportAllEvery is how many flushes pass until one reports the sums that have not grown, too: a central store that came
// back empty learns them again so, for a tenth of a call more an interval.
const reportAllEvery = 10

// Writer adds up what one instance grants.
type Writer struct {
	name    string
	central wallet.Totals
	flushes atomic.Uint64
	stages  [wallet.Stages + 1]written
}

// written is one stage's sum, in fen: all that was added, and how much of it the central store has confirmed.
type written struct{ added, reported atomic.Int64 }

// NewWriter returns a writer at zero. The name is for one life of one instance: an instance that starts again begins at
// zero, and under its old name nobody would see what it adds until it has overtaken its former self.
func NewWriter(name string, central wallet.Totals) *Writer {
	return &Writer{name: name, central: central}
}

// Add counts one grant. It must be called once a grant, when the grant is on record, and not again for its repeats. It
// neither waits nor allocates. ErrInvalid: no such stage, or the amount is not above zero. ErrOverflow: the sum would
// leave the range of Money. Nothing is counted then.
func (w *Writer) Add(s wallet.Stage, amount wallet.Money) error {
	if err := checkStage(s); err != nil {
		return err
	}
	if amount <= 0 {
		return fmt.Errorf("%w: a grant of %d fen", wallet.ErrInvalid, int64(amount))
	}
	for sum := &w.stages[s].added; ; {
		old := sum.Load()
		next, err := wallet.Money(old).Add(amount)
		if err != nil {
			return err
		}
		if sum.CompareAndSwap(old, int64(next)) {
			return nil
		}
	}
}

// Sum returns what was added in the stage, reported or not.
func (w *Writer) Sum(s wallet.Stage) wallet.Money {
	if checkStage(s) != nil {
		return 0
	}
	return wallet.Money(w.stages[s].added.Load())
}

// Flush reports the stages whose sum has grown since it was last confirmed, and now and then all. Idempotent; called once
// an interval, and a last time when the instance ends. The errors are the store's, one a stage. What failed is reported
// again by the next call: the sum says all, so nothing is lost in between.
func (w *Writer) Flush(ctx context.Context) error {
	all := w.flushes.Add(1)%reportAllEvery == 0
	var errs []error
	for s := wallet.InternalTest; s <= wallet.Official; s++ {
		st := &w.stages[s]
		sum := st.added.Load()
		if sum == 0 || !all && sum <= st.reported.Load() {
			continue
		}
		if err := w.central.Report(ctx, s, w.name, wallet.Money(sum)); err != nil {
			errs = append(errs, fmt.Errorf("running total: report %s: %w", s, err))
			continue
		}
		raise(&st.reported, sum)
	}
	return errors.Join(errs...)
}

// raise lifts a value that others may be lifting too, and never lowers it.
func raise(v *atomic.Int64, to int64) {
	for {
		if old := v.Load(); to <= old || v.CompareAndSwap(old, to) {
			return
		}
	}
}
