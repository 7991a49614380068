package redis_test

import (
	"testing"

	"hongbao/reference/store/redis"
	"hongbao/reference/store/storetest"
)

func TestStock(t *testing.T) {
	onEach(t, func(t *testing.T, e endpoint) {
		storetest.Stock(t, func(t *testing.T) storetest.StockStore { return redis.NewStock(e.open(t)) })
	})
}
