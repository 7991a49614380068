package wallet

import (
	"context"
)

// Totals is the central store of the running total (累计发放总额, R). Each writer reports the sum in fen of everything that
// it has granted since it started, not an increment, so a repeated report changes nothing (R5).
type Totals interface {
	// Report records the writer's sum so far. A sum below the one on record changes nothing. Idempotent.
	Report(ctx context.Context, s Stage, writer string, sum Money) error
	// Total returns the sum over all writers.
	Total(ctx context.Context, s Stage) (Money, error)
}

// TotalsReader lists the records of a central store, for code that keeps two stores and makes them agree (R4).
type TotalsReader interface {
	// Sums calls yield for each writer of the stage, with its sum, until it returns false. A writer may be listed
	// twice. A writer that reports during the scan may be listed with either sum or, if it is new, not at all.
	Sums(ctx context.Context, s Stage, yield func(writer string, sum Money) bool) error
}
