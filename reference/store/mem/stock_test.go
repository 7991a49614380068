package mem_test

import (
	"testing"

	"hongbao/reference/store/mem"
	"hongbao/reference/store/storetest"
	"hongbao/reference/wallet"
)

func TestStock(t *testing.T) {
	storetest.Stock(t, func(*testing.T) storetest.StockStore { return mem.NewStock() })
}

func TestStockBook(t *testing.T) {
	storetest.StockLeases(t, func(*testing.T) wallet.StockLeases { return mem.NewStockLeases() })
}
