package host_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestHostDoesItsChores(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tn := newTown()
		w, stop := tn.start(t, "a")
		time.Sleep(time.Second / 2)
		w.mu.Lock()
		require.True(t, w.distrusted, "switches are obeyed from the start")
		require.True(t, tn.onBackup.Load(), "every one of them")
		w.mu.Unlock()
		time.Sleep(time.Minute)
		require.NoError(t, stop())
		require.Equal(t, 7*2, w.calls["compensate"], "each round goes on behind what failed")
		require.Equal(t, 7, w.calls["withdrawals"])
		require.Equal(t, 7+3, w.calls["packets"], "a round goes on while there is something to do")
	})
}

// TestWaitingOrdersAreNotStuck: while the backlog is long, compensation does not post what the posters will.
func TestWaitingOrdersAreNotStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tn := newTown()
		tn.waiting.Store(true)
		w, stop := tn.start(t, "a")
		time.Sleep(time.Minute)
		w.mu.Lock()
		require.Zero(t, w.calls["compensate"])
		require.Positive(t, w.calls["withdrawals"], "the other chores go on")
		w.mu.Unlock()
		tn.waiting.Store(false)
		time.Sleep(time.Minute)
		require.NoError(t, stop())
		require.Positive(t, w.calls["compensate"])
	})
}
