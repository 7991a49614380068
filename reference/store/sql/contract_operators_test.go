package sqlstore

import (
	"testing"

	"hongbao/reference/store/storetest"
	"hongbao/reference/wallet"
)

func TestNoticesContract(t *testing.T) {
	eachStore(t, func(t *testing.T, open func(t *testing.T) *DB) {
		storetest.Notices(t, func(t *testing.T) wallet.Notices { return NewNotices(open(t)) })
	})
}

func TestBulkJobsContract(t *testing.T) {
	eachStore(t, func(t *testing.T, open func(t *testing.T) *DB) {
		storetest.BulkJobs(t, func(t *testing.T) wallet.BulkJobs { return NewBulkJobs(open(t)) })
	})
}
