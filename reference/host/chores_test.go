package host_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestHostDoesItsChores(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tn := newCluster()
		w, stop := tn.start(t, "a")
		time.Sleep(time.Second / 2)
		w.mu.Lock()
		require.True(t, w.distrusted, "switches apply from the start")
		require.True(t, tn.onBackup.Load(), "also the one for the backup of the running total")
		w.mu.Unlock()
		time.Sleep(time.Minute)
		require.NoError(t, stop())
		require.Equal(t, 7*2, w.calls["compensate"], "each round continues after a failure")
		require.Equal(t, 7, w.calls["withdrawals"])
		require.Equal(t, 7+3, w.calls["packets"], "a round continues while there is work")
	})
}

// TestWaitingOrdersAreNotStuck: while the backlog is long, compensation does not post orders that the posters will
// post.
func TestWaitingOrdersAreNotStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tn := newCluster()
		tn.waiting.Store(true)
		w, stop := tn.start(t, "a")
		time.Sleep(time.Minute)
		w.mu.Lock()
		require.Zero(t, w.calls["compensate"])
		require.Positive(t, w.calls["withdrawals"], "the other chores continue")
		w.mu.Unlock()
		tn.waiting.Store(false)
		time.Sleep(time.Minute)
		require.NoError(t, stop())
		require.Positive(t, w.calls["compensate"])
	})
}
