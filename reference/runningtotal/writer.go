package runningtotal

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"hongbao/reference/wallet"
)

// reportAllEvery is the number of flushes after which one flush also reports sums that have not grown, so that a
// central store that lost its data gets them again. The cost is a tenth of a call more per interval.
const reportAllEvery = 10

// Writer sums the grants of one instance.
type Writer struct {
	name    string
	central wallet.Totals
	flushes atomic.Uint64
	stages  [wallet.Stages + 1]written
}

// written is one stage's sum, in fen: the sum added, and the part that the central store has confirmed.
type written struct{ added, reported atomic.Int64 }

// NewWriter returns a writer at zero. name must be unique to one process run of one instance: a restarted instance
// begins at zero, and under its old name its grants would not count until its sum exceeded the old one.
func NewWriter(name string, central wallet.Totals) *Writer {
	return &Writer{name: name, central: central}
}

// Add counts one grant, in fen. Call it once per grant, after the grant is on record, and not for repeats. It does not
// wait and does not allocate. ErrInvalid: an unknown stage, or the amount is not above zero. ErrOverflow: the sum would
// exceed Money. After an error nothing was counted.
func (w *Writer) Add(s wallet.Stage, amount wallet.Money) error {
	if err := s.Validate(); err != nil {
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

// Flush reports the stages whose sum has grown since it was last confirmed; every reportAllEvery-th flush reports all.
// Idempotent. Call it once per interval, and once when the instance ends. Errors are those of the store, one per stage.
// The next call repeats a failed report, so nothing is lost.
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

// raise raises a value that other goroutines may be raising too, and never lowers it.
func raise(v *atomic.Int64, to int64) {
	for {
		if old := v.Load(); to <= old || v.CompareAndSwap(old, to) {
			return
		}
	}
}
