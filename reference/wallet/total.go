package wallet

import "context"

// Totals is the central store of the running total (累计发放总额, R). Each writer reports the sum of all it has granted
// since it began, not what came on top: repeating a report changes nothing (R5).
type Totals interface {
	// Report records the writer's sum so far. A smaller one than on record changes nothing. Idempotent.
	Report(ctx context.Context, s Stage, writer string, sum Money) error
	// Total returns the sum over all writers.
	Total(ctx context.Context, s Stage) (Money, error)
}

// TotalsBook lists what a central store has on record, for whoever keeps it twice and makes the two agree (R4).
type TotalsBook interface {
	// Sums calls yield for each writer of the stage, with its sum, until it returns false. A writer may come twice, and
	// one that reports meanwhile may come with either sum or, if it is new, not at all.
	Sums(ctx context.Context, s Stage, yield func(writer string, sum Money) bool) error
}
