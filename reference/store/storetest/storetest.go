// Package storetest holds one contract suite a port. Every adapter of a port passes its suite, so that the service
// behaves alike over memory, Redis and MySQL.
//
// A suite tests what the port's comments promise and nothing else. It opens a store of its own for each story, and
// many for a property, so open should hand out an empty store cheaply and close it by t.Cleanup. Time passes only
// when the suite moves its Clock. Units are wallet's: fen, microseconds.
//
// It must not know any adapter, and is for tests alone.
package storetest

import (
	"context"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
)

// Clock is a clock that the suite moves. It is safe for concurrent use.
type Clock struct{ now atomic.Int64 }

var _ wallet.Clock = (*Clock)(nil)

// eve is when the suites' stories begin: 2022-01-31 20:00 in Shanghai.
const eve wallet.Instant = 1_643_630_400_000_000

// NewClock returns a clock that stands at the evening of the festival.
func NewClock() *Clock {
	c := &Clock{}
	c.now.Store(int64(eve))
	return c
}

// Now implements wallet.Clock.
func (c *Clock) Now() wallet.Instant { return wallet.Instant(c.now.Load()) }

// Advance moves the clock on by d.
func (c *Clock) Advance(d time.Duration) { c.now.Add(int64(d / time.Microsecond)) }

// callers is how many concurrent callers a suite sends: more than this machine has cores, and than the try of one
// call has steps.
const callers = 8

// together runs call for each caller at the same time and waits for all of them.
func together(t *testing.T, call func(t *testing.T, caller int)) {
	t.Run("together", func(t *testing.T) {
		for i := range callers {
			t.Run(strconv.Itoa(i), func(t *testing.T) {
				t.Parallel()
				call(t, i)
			})
		}
	})
}

// number returns the order number of a person's win in a rain of the official stage.
func number(id wallet.ActID, rain int32) wallet.OrderNo {
	return wallet.OrderNo{ActID: id, Scene: "rain-cash", Rain: rain, Award: wallet.Cash, Stage: wallet.Official}
}

// neighbours returns order numbers that differ from no in one part each: different numbers all.
func neighbours(no wallet.OrderNo) []wallet.OrderNo {
	out := make([]wallet.OrderNo, 5)
	for i := range out {
		out[i] = no
	}
	out[0].ActID++
	out[1].Scene += "-2"
	out[2].Rain++
	out[3].Award = wallet.VideoSubsidy
	out[4].Stage = wallet.ExternalDrill
	return out
}

// credit returns a posting of so many fen that was won so long after the eve.
func credit(no wallet.OrderNo, fen wallet.Money, after time.Duration) wallet.Credit {
	return wallet.Credit{Order: no, Amount: fen, Opened: eve.Add(after)}
}

// testable is what stories and properties have in common.
type testable interface {
	require.TestingT
	Helper()
	Context() context.Context
}
