package runningtotal

import (
	"context"
	"fmt"

	"hongbao/reference/wallet"
)

// Posted returns what has entered the ledger in each stage, in fen: what its cost accounts have paid. It reads no further
// than them, and they are few. ErrOverflow: more than Money holds. Other errors are the book's.
func Posted(ctx context.Context, book wallet.LedgerBook) (paid [wallet.Stages + 1]wallet.Money, err error) {
	var wrong error
	err = book.Balances(ctx, func(a wallet.AccountNo, balance wallet.Money) bool {
		if a.Kind != wallet.CostAccount {
			return false
		}
		if wrong = checkStage(a.Stage); wrong == nil {
			paid[a.Stage], wrong = paid[a.Stage].Sub(balance)
		}
		return wrong == nil
	})
	if err == nil {
		err = wrong
	}
	if err != nil {
		return [wallet.Stages + 1]wallet.Money{}, fmt.Errorf("running total: posted: %w", err)
	}
	return paid, nil
}
