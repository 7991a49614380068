package runningtotal

import (
	"context"

	"hongbao/reference/wallet"
)

// Counted is a ledger that adds what it writes to this instance's part of the running total (R1): each grant once, by
// whoever wrote it. What was written without an answer is missing until the total is repaired from the ledger (R5).
type Counted struct {
	wallet.Ledger
	Writer *Writer
}

var _ wallet.Ledger = Counted{}

// Post implements wallet.Ledger.
func (c Counted) Post(ctx context.Context, batch []wallet.Credit) ([]wallet.Posted, error) {
	posted, err := c.Ledger.Post(ctx, batch)
	for i, p := range posted {
		if p == wallet.PostedNow {
			if e := c.Writer.Add(batch[i].Order.Stage, batch[i].Amount); e != nil && err == nil {
				return posted, nil // beyond int64: no festival gets there, and the ledger is right in any case
			}
		}
	}
	return posted, err
}
