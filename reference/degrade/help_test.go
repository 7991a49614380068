package degrade_test

import (
	"time"

	"hongbao/reference/wallet"
)

// eve is when every test begins.
const eve wallet.Instant = 1_643_630_400_000_000

// hand is a clock that a test moves.
type hand struct{ now wallet.Instant }

// Now implements wallet.Clock.
func (h *hand) Now() wallet.Instant { return h.now }

func (h *hand) pass(d time.Duration) { h.now = h.now.Add(d) }
