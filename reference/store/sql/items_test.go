package sqlstore

import (
	"testing"

	"hongbao/reference/store/storetest"
)

func TestItemsContract(t *testing.T) {
	eachStore(t, func(t *testing.T, open func(t *testing.T) *DB) {
		storetest.Items(t, func(t *testing.T) storetest.ItemStore { return NewItems(open(t)) })
	})
}
