package redis_test

import (
	"testing"
	"time"

	"hongbao/reference/store/redis"
	"hongbao/reference/store/storetest"
	"hongbao/reference/wallet"
)

func TestTokens(t *testing.T) {
	onEach(t, func(t *testing.T, e endpoint) {
		storetest.Tokens(t, func(t *testing.T) (storetest.TokenStore, wallet.Backlog) {
			b := redis.NewBacklog(e.open(t), storetest.NewClock(), storetest.Shards, storetest.Lease)
			return redis.NewTokens(b), b
		})
	})
}

func TestBacklog(t *testing.T) {
	onEach(t, func(t *testing.T, e endpoint) {
		storetest.Backlog(t, func(t *testing.T, clock *storetest.Clock) wallet.Backlog {
			return redis.NewBacklog(e.open(t), clock, storetest.Shards, storetest.Lease)
		})
	})
}

func TestOrders(t *testing.T) {
	onEach(t, func(t *testing.T, e endpoint) {
		storetest.Orders(t, func(t *testing.T) storetest.OrderStore { return redis.NewOrders(e.open(t)) })
	})
}

func TestBudgets(t *testing.T) {
	onEach(t, func(t *testing.T, e endpoint) {
		storetest.Budgets(t, func(t *testing.T) wallet.Budgets { return redis.NewBudgets(e.open(t)) })
	})
}

func TestLeases(t *testing.T) {
	onEach(t, func(t *testing.T, e endpoint) {
		storetest.Leases(t, func(t *testing.T) (wallet.Leases, func(time.Duration)) { return redis.NewLeases(e.open(t)), e.pass })
	})
}

func TestTotals(t *testing.T) {
	onEach(t, func(t *testing.T, e endpoint) {
		storetest.Totals(t, func(t *testing.T) storetest.TotalsStore { return redis.NewTotals(e.open(t)) })
	})
}

func TestConfigCentre(t *testing.T) {
	onEach(t, func(t *testing.T, e endpoint) {
		storetest.ConfigCentre(t, func(t *testing.T) (here, there wallet.ConfigCentre) {
			c := e.open(t)
			return redis.NewConfigCentre(c), redis.NewConfigCentre(c)
		})
	})
}

func TestPermits(t *testing.T) {
	onEach(t, func(t *testing.T, e endpoint) {
		storetest.Permits(t, func(t *testing.T) wallet.Permits { return redis.NewPermits(e.open(t)) })
	})
}
