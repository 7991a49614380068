package mem_test

import (
	"testing"

	"hongbao/reference/store/mem"
	"hongbao/reference/store/storetest"
)

func TestItems(t *testing.T) {
	storetest.Items(t, func(*testing.T) storetest.ItemStore { return mem.NewItems() })
}
