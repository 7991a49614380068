package mem_test

import (
	"testing"

	"hongbao/reference/store/mem"
	"hongbao/reference/store/storetest"
	"hongbao/reference/wallet"
)

func TestOrders(t *testing.T) {
	storetest.Orders(t, func(*testing.T) storetest.OrderStore { return mem.NewOrders() })
}

func TestBudgets(t *testing.T) {
	storetest.Budgets(t, func(*testing.T) wallet.Budgets { return mem.NewBudgets() })
}

func TestTokens(t *testing.T) {
	storetest.Tokens(t, func(*testing.T) (storetest.TokenStore, wallet.Backlog) {
		b := mem.NewBacklog(storetest.NewClock(), storetest.Shards, storetest.Lease)
		return mem.NewTokens(b), b
	})
}

func TestBacklog(t *testing.T) {
	storetest.Backlog(t, func(_ *testing.T, clock *storetest.Clock) wallet.Backlog {
		return mem.NewBacklog(clock, storetest.Shards, storetest.Lease)
	})
}
