package sqlstore

import (
	"testing"

	"hongbao/reference/store/storetest"
)

func TestLedgerContract(t *testing.T) {
	eachStore(t, func(t *testing.T, open func(t *testing.T) *DB) {
		storetest.Ledger(t, func(t *testing.T, clock *storetest.Clock) storetest.LedgerStore {
			return NewLedger(open(t), clock, storetest.CostAccounts)
		})
	})
}
