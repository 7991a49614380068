// Package runningtotal maintains the sum of everything that was granted (累计发放总额, R1–R5). It is read far more often than
// any store could answer, and written by every instance at once.
//
// Readers and writers use only their own memory and exchange data with the central store once per interval. A Writer
// sums its instance's grants and reports the cumulative sum, never an increment: a repeated, delayed or overtaken
// report changes nothing, so timeouts cause no error in the total. A Reader stores the last total and only raises it. A
// crash loses at most the grants of one interval; a Repairer restores them from the ledger. Replicated uses two central
// stores.
//
// Units: fen. All types are safe for concurrent use. The package starts no goroutine and uses no clock: a runner calls
// Flush, Refresh and Repair, once per interval each. Do not use the total to compute the remaining budget: it is late
// by up to two intervals.
package runningtotal

import (
	"context"
	"fmt"
	"time"

	"hongbao/reference/wallet"
)

// Interval is the default time between flushes and between refreshes. It follows from the source's figures: one Redis
// instance answers 28,000 calls a second on one key, which is one call a second for each of its 28,000 instances (R3).
const Interval = time.Second

// readTotal reads a central total. ErrOverflow: the total is below zero.
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
