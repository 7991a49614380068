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
