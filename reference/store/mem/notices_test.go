package mem_test

import (
	"testing"

	"hongbao/reference/store/mem"
	"hongbao/reference/store/storetest"
	"hongbao/reference/wallet"
)

func TestNotices(t *testing.T) {
	storetest.Notices(t, func(*testing.T) wallet.Notices { return mem.NewNotices() })
}

func TestBulkJobs(t *testing.T) {
	storetest.BulkJobs(t, func(*testing.T) wallet.BulkJobs { return mem.NewBulkJobs() })
}
