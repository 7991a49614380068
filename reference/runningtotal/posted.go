package runningtotal

import (
	"context"
	"fmt"

	"hongbao/reference/wallet"
)

// PostedSums returns the sum of the grants posted to the ledger in each stage, in fen: the money that its cost accounts
// have paid. It reads only the cost accounts, which are few. ErrOverflow: a sum exceeds Money. ErrInvalid: an account
// of an unknown stage. Other errors are those of the reader.
func PostedSums(ctx context.Context, ledger wallet.LedgerReader) (paid [wallet.Stages + 1]wallet.Money, err error) {
	var sumErr error
	err = ledger.Balances(ctx, func(a wallet.AccountNo, balance wallet.Money) bool {
		if a.Kind != wallet.CostAccount {
			return false
		}
		if sumErr = a.Stage.Validate(); sumErr == nil {
			paid[a.Stage], sumErr = paid[a.Stage].Sub(balance)
		}
		return sumErr == nil
	})
	if err == nil {
		err = sumErr
	}
	if err != nil {
		return [wallet.Stages + 1]wallet.Money{}, fmt.Errorf("running total: posted: %w", err)
	}
	return paid, nil
}
