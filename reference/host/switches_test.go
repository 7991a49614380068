package host_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/degrade"
	"hongbao/reference/wallet"
)

// tripped returns what has tripped a switch at an instance.
func (w *worker) tripped(s wallet.Switch) []degrade.Trip {
	for _, state := range w.set.States() {
		if state.Switch == s {
			return state.Trips
		}
	}
	return nil
}

// TestHostFollowsTheCentre: an operator's switch takes effect within a tick, and the last reading stays while the
// centre is down.
func TestHostFollowsTheCentre(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tn := newCluster()
		w, stop := tn.start(t, "a")
		time.Sleep(time.Second / 2)
		require.True(t, w.set.ByOperator(wallet.SwitchDistrustTokens))
		tn.centre.set(wallet.SwitchStopCash, true)
		time.Sleep(time.Second)
		require.True(t, w.set.On(wallet.SwitchStopCash))

		tn.centre.set(wallet.SwitchStopCash, false)
		tn.centre.failWith(wallet.ErrUnavailable)
		time.Sleep(10 * time.Second)
		require.True(t, w.set.On(wallet.SwitchStopCash), "the change was not read")
		require.Equal(t, []degrade.Trip{{Source: "config centre", Reason: "unavailable"}}, w.tripped(wallet.SwitchLocalConfig))
		tn.centre.failWith(nil)
		time.Sleep(time.Second)
		require.False(t, w.set.On(wallet.SwitchStopCash))
		require.False(t, w.set.On(wallet.SwitchLocalConfig))
		require.NoError(t, stop())
	})
}

// TestHostWithoutLocks: an instance that starts while the lock is unreachable posts and does its chores, and shares
// again when the lock is reachable (D1).
func TestHostWithoutLocks(t *testing.T) {
	for _, c := range []struct {
		why        string
		byOperator bool
	}{{"the lock is unreachable", false}, {"operators turned the lock off", true}} {
		t.Run(c.why, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tn := newCluster()
				tn.leases.reaches("a", c.byOperator)
				if c.byOperator {
					tn.centre.set(wallet.SwitchSkipLocks, true)
				}
				tn.push(t, 60)
				w, stop := tn.start(t, "a")
				time.Sleep(time.Minute)
				require.Zero(t, tn.depth(t), "all shards are posted")
				w.mu.Lock()
				require.Positive(t, w.calls["compensate"])
				w.mu.Unlock()
				require.True(t, w.set.On(wallet.SwitchSkipLocks))
				require.Equal(t, c.byOperator, len(w.tripped(wallet.SwitchSkipLocks)) == 0)
				if c.byOperator {
					require.Empty(t, tn.leases.held(), "the lock was not used")
				}

				tn.leases.reaches("a", true)
				tn.centre.set(wallet.SwitchSkipLocks, false)
				_, stopB := tn.start(t, "b")
				time.Sleep(time.Minute)
				require.Equal(t, map[string]int{"a": 3, "b": 3}, tn.holders(), "they share again")
				require.False(t, w.set.On(wallet.SwitchSkipLocks))
				require.NoError(t, stop())
				require.NoError(t, stopB())
			})
		})
	}
}

// TestHostStopsWhilePostingIsHeld: a stopping instance does not wait for postings that a switch holds.
func TestHostStopsWhilePostingIsHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tn := newCluster()
		tn.centre.set(wallet.SwitchHoldPosting, true)
		w, stop := tn.start(t, "a")
		w.failWith(wallet.ErrUnavailable) // like a node that posts nothing
		time.Sleep(time.Second)
		tn.push(t, 5)
		began := time.Now()
		require.NoError(t, stop())
		require.Less(t, time.Since(began), 10*time.Second)
		require.EqualValues(t, 5, tn.depth(t), "the next instance will post them")
	})
}
