package mem_test

import (
	"sync/atomic"
	"testing"
	"time"

	"hongbao/reference/store/mem"
	"hongbao/reference/store/storetest"
	"hongbao/reference/wallet"
)

// manualClock is a clock that the test advances.
type manualClock struct{ now atomic.Int64 }

func (w *manualClock) Now() wallet.Instant { return wallet.Instant(w.now.Load()) }

func TestLeases(t *testing.T) {
	storetest.Leases(t, func(*testing.T) (wallet.Leases, func(time.Duration)) {
		w := &manualClock{}
		return mem.NewLeases(w), func(d time.Duration) { w.now.Add(d.Microseconds()) }
	})
}
