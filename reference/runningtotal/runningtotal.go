// Package runningtotal keeps the sum of all that was granted (累计发放总额, R1–R5), read far more often than any store
// could answer and written by every instance at once.
//
// Both sides touch only their own memory and meet in the central store once an interval. A Writer adds up what its
// instance grants and reports the cumulative sum, never a delta: a report that is repeated, delayed or overtaken changes
// nothing, so timeouts leave no error at all. A Reader holds the last total that it saw and only ever raises it. What a
// crash takes with it, at most the grants of one interval, a Repairer restores from the books. A Twofold keeps the central
// store twice.
//
// Units: fen. All types are safe for concurrent use. The package starts nothing and looks at no clock: a runner calls
// Flush, Refresh and Repair, each once an interval. It must not be asked how much budget is left: a total is late by up
// to two intervals.
package runningtotal

import (
	"context"
	"fmt"
	"time"

	"hongbao/reference/wallet"
)

// Interval is how often a runner flushes and refreshes where nothing else is configured. The source's figure: one Redis
// instance answers 28,000 calls a second on one key, which is one call a second for each of its 28,000 instances (R3).
const Interval = time.Second

// checkStage returns ErrInvalid for what is no stage.
func checkStage(s wallet.Stage) error {
	if s < wallet.InternalTest || s > wallet.Official {
		return fmt.Errorf("%w: stage %d", wallet.ErrInvalid, s)
	}
	return nil
}

// readTotal reads a central total, and takes none below zero for one.
func readTotal(ctx context.Context, central wallet.Totals, s wallet.Stage) (wallet.Money, error) {
	total, err := central.Total(ctx, s)
	if err == nil && total < 0 {
		err = fmt.Errorf("%w: a total of %d fen", wallet.ErrOverflow, int64(total))
	}
	if err != nil {
		return 0, fmt.Errorf("running total: read %s: %w", s, err)
	}
	return total, nil
}
