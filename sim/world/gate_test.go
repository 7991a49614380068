package world

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestGateIsFair compares a gate with a queue, with releases and arrivals mixed at random.
func TestGateIsFair(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := New(1, epoch)
		defer w.Close()
		var gate Gate
		var passed, want, queue []int
		for step, n := range rapid.SliceOfN(rapid.IntRange(-3, 4), 1, 40).Draw(t, "steps") {
			if n < 0 { // -n processes arrive
				for i := range -n {
					id := 10*step + i
					w.Go(0, func() { w.Wait(&gate); passed = append(passed, id) })
					queue = append(queue, id)
				}
				w.Run(nil)
				continue
			}
			let := min(n, len(queue))
			require.Equal(t, let, w.Release(&gate, n))
			want, queue = append(want, queue[:let]...), queue[let:]
			require.Equal(t, len(passed), len(want)-let, "nobody passes before the world goes on")
			w.Run(nil)
			require.Equal(t, want, passed)
			require.Equal(t, len(queue), w.waitingProcesses())
		}
	})
}

func TestReleaseIsNowButAfterWhatIsDue(t *testing.T) {
	w := New(1, epoch)
	defer w.Close()
	var gate Gate
	var log []string
	w.Go(0, func() { w.Wait(&gate); log = append(log, "released") })
	w.At(w.Now()+5, func() { w.Release(&gate, 1); log = append(log, "releaser") })
	w.At(w.Now()+5, func() { log = append(log, "due before") })
	start := w.Now()
	w.Run(nil)
	require.Equal(t, []string{"releaser", "due before", "released"}, log)
	require.Equal(t, start+5, w.Now())
}
