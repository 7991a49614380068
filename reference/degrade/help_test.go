package degrade_test

import (
	"time"

	"hongbao/reference/wallet"
)

// startTime is the time at which every test starts.
const startTime wallet.Instant = 1_643_630_400_000_000

// manualClock is a clock that a test advances.
type manualClock struct{ now wallet.Instant }

// Now implements wallet.Clock.
func (h *manualClock) Now() wallet.Instant { return h.now }

func (h *manualClock) pass(d time.Duration) { h.now = h.now.Add(d) }
