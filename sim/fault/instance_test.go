package fault

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
	"hongbao/sim/world"
)

// TestCrashUnwindsAtTheNextCall: calls made before the crash are done, later ones are not, and the outcome is unknown to the
// caller.
func TestCrashUnwindsAtTheNextCall(t *testing.T) {
	live(t, func(w *world.World) {
		link, i := newLedger(w, nil)
		w.At(w.Now()+int64(15*time.Millisecond), i.Crash)
		var steps []string
		cleaned := false
		err := i.Run(func() error {
			defer func() { cleaned = true }()
			for _, step := range []string{"first", "second", "third"} {
				if err := link.Call(1, func() error { steps = append(steps, step); return nil }); err != nil {
					return err
				}
			}
			return nil
		})
		require.ErrorIs(t, err, wallet.ErrUnknown)
		require.Equal(t, []string{"first"}, steps)
		require.True(t, cleaned)
		require.ErrorIs(t, i.Run(func() error { return nil }), wallet.ErrUnavailable, "down: nothing is done")
	})
}

// TestRestartServesNewRequestsOnly: a process of an earlier incarnation stays dead, though the instance is up again.
func TestRestartServesNewRequestsOnly(t *testing.T) {
	live(t, func(w *world.World) {
		link, i := newLedger(w, nil)
		w.At(w.Now()+1, i.Crash)
		w.At(w.Now()+2, i.Restart)
		require.ErrorIs(t, i.Run(func() error { return link.Call(1, func() error { return nil }) }), wallet.ErrUnknown)
		require.True(t, i.Up())
		require.NoError(t, i.Run(func() error { return link.Call(1, func() error { return nil }) }))
	})
}

// TestLateRequestOutlivesItsInstance: a request under way arrives, even if its sender has crashed.
func TestLateRequestOutlivesItsInstance(t *testing.T) {
	w := world.New(1, eve)
	defer w.Close()
	link, i := newLedger(w, nil)
	arrived := time.Duration(0)
	w.Go(w.Now(), func() {
		err := i.Run(func() error {
			require.ErrorIs(t, link.postpone(0).Schedule(func() { arrived = since(w) }), wallet.ErrUnknown)
			i.Crash()
			return link.Call(1, func() error { require.Fail(t, "the instance is dead"); return nil })
		})
		require.ErrorIs(t, err, wallet.ErrUnknown)
		require.Equal(t, callTimeout, since(w))
		require.Zero(t, arrived, "the caller gave up before")
	})
	w.Run(nil)
	require.GreaterOrEqual(t, arrived, callTimeout)
	require.Less(t, arrived, 5*callTimeout, "and within a bound")
}

func TestRunAnswersAndPanicsAsItsFunctionDoes(t *testing.T) {
	live(t, func(w *world.World) {
		i := NewInstance(w, 0)
		require.NoError(t, i.Run(func() error { return nil }))
		require.ErrorIs(t, i.Run(func() error { return wallet.ErrConflict }), wallet.ErrConflict)
		defect := errors.New("a defect")
		require.PanicsWithValue(t, defect, func() { _ = i.Run(func() error { panic(defect) }) }, "a defect is no crash")
		require.Zero(t, w.Tag(), "outside the instance nothing of it remains")
	})
}

// TestInstancesNest: after a call of another instance the process belongs to its own instance again.
func TestInstancesNest(t *testing.T) {
	live(t, func(w *world.World) {
		link, outer := newLedger(w, nil)
		inner := NewInstance(w, 0)
		inner.Crash()
		inner.Restart() // a second incarnation: its number differs
		require.NoError(t, outer.Run(func() error {
			require.NoError(t, inner.Run(func() error { return nil }))
			return link.Call(1, func() error { return nil })
		}))
	})
}

func TestInstanceClockIsSkewed(t *testing.T) {
	w := world.New(1, eve)
	require.Equal(t, wallet.InstantOf(eve.Add(-3*time.Second)), NewInstance(w, -3*time.Second).Now())
	require.Equal(t, wallet.InstantOf(eve.Add(time.Microsecond)), NewInstance(w, 1999).Now(), "cut to the microsecond")
}
