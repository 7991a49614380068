package sqlstore

import (
	"testing"

	"hongbao/reference/store/storetest"
	"hongbao/reference/wallet"
)

func TestStockBookContract(t *testing.T) {
	eachStore(t, func(t *testing.T, open func(t *testing.T) *DB) {
		storetest.StockLeases(t, func(t *testing.T) wallet.StockLeases { return NewStockLeases(open(t)) })
	})
}
