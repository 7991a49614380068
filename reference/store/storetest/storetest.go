// Package storetest has one contract suite per port. Every adapter of a port passes its suite, so that the service
// behaves alike over memory, Redis and MySQL.
//
// A suite tests what the port's comments guarantee, and nothing else. It opens a separate store for each story, and
// many for a property, so open should return an empty store cheaply and close it by t.Cleanup. Time passes only when
// the suite advances its Clock. Units are those of package wallet: fen and microseconds.
//
// It must not depend on any adapter, and is only for tests.
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

// Clock is a clock that the suite advances. It is safe for concurrent use.
type Clock struct{ now atomic.Int64 }

var _ wallet.Clock = (*Clock)(nil)

// eve is the start time of the suites' stories: 2022-01-31 20:00 in Shanghai.
const eve wallet.Instant = 1_643_630_400_000_000

// NewClock returns a clock at eve.
func NewClock() *Clock {
	c := &Clock{}
	c.now.Store(int64(eve))
	return c
}

// Now implements wallet.Clock.
func (c *Clock) Now() wallet.Instant { return wallet.Instant(c.now.Load()) }

// Advance moves the clock forward by d.
func (c *Clock) Advance(d time.Duration) { c.now.Add(int64(d / time.Microsecond)) }

// callers is the number of concurrent callers of a suite: more than the machine usually has cores, and more than the
// steps of one call.
const callers = 8

// together runs call concurrently for each caller and waits for all of them.
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

// neighbours returns distinct order numbers that differ from no in one part each.
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

// credit returns a posting of the given amount that was won after the given time since eve.
func credit(no wallet.OrderNo, fen wallet.Money, after time.Duration) wallet.Credit {
	return wallet.Credit{Order: no, Amount: fen, Opened: eve.Add(after)}
}

// testable is the common interface of stories and properties.
type testable interface {
	require.TestingT
	Helper()
	Context() context.Context
}
