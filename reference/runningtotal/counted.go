package runningtotal

import (
	"context"

	"hongbao/reference/wallet"
)

// CountingLedger is a ledger that adds its postings to this instance's part of the running total (R1): each grant once,
// at the instance that wrote it. Postings whose reply was lost are missing until the total is repaired from the ledger
// (R5).
type CountingLedger struct {
	wallet.Ledger
	Writer *Writer
}

var _ wallet.Ledger = CountingLedger{}

// Post implements wallet.Ledger.
func (c CountingLedger) Post(ctx context.Context, batch []wallet.Credit) ([]wallet.PostOutcome, error) {
	posted, err := c.Ledger.Post(ctx, batch)
	for i, p := range posted {
		if p == wallet.PostedNow {
			if e := c.Writer.Add(batch[i].Order.Stage, batch[i].Amount); e != nil && err == nil {
				return posted, nil // the sum exceeds int64: no festival reaches it, and the ledger is correct in any case
			}
		}
	}
	return posted, err
}
