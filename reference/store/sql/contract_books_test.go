package sqlstore

import (
	"testing"

	"hongbao/reference/store/storetest"
)

func TestOrdersContract(t *testing.T) {
	eachStore(t, func(t *testing.T, open func(t *testing.T) *DB) {
		storetest.Orders(t, func(t *testing.T) storetest.OrderStore { return NewOrders(open(t)) })
	})
}
