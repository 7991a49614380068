package fault

import (
	"math/big"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"hongbao/scenarios"
)

// TestQueueServesAtItsRate compares the queue with exact arithmetic. Within one busy period the work of n calls is done
// when the rate allows it: never more than a nanosecond a call earlier, and never later.
func TestQueueServesAtItsRate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rate := scenarios.Ratio{Num: rapid.Int64Range(1, 600_000).Draw(t, "units"), Den: rapid.Int64Range(1, 1_000).Draw(t, "seconds")}
		q := NewQueue(rate, 1<<62)
		now, start := int64(1_000), int64(1_000) // start of the busy period
		done, calls, units := now, int64(0), int64(0)
		for range rapid.IntRange(1, 40).Draw(t, "calls") {
			now += rapid.Int64Range(0, int64(2*time.Second)).Draw(t, "pause")
			if now > done { // it was idle
				start, calls, units = now, 0, 0
			}
			weight := rapid.Int64Range(1, 500).Draw(t, "weight")
			wait, ok := q.Enter(now, weight)
			require.True(t, ok)
			calls, units, done = calls+1, units+weight, now+int64(wait)
			exact := new(big.Int).Div(big.NewInt(0).Mul(big.NewInt(units*rate.Den), big.NewInt(int64(time.Second))), big.NewInt(rate.Num))
			early := exact.Int64() - (done - start)
			require.GreaterOrEqual(t, early, int64(0), "work that waits is served: the queue may not idle")
			require.LessOrEqual(t, early, calls)
		}
	})
}

func TestQueueTurnsAwayBeyondItsBound(t *testing.T) {
	q := NewQueue(scenarios.Ratio{Num: 10, Den: 1}, time.Second)
	for n := range 11 { // the eleventh waits just as long as allowed
		wait, ok := q.Enter(0, 1)
		require.True(t, ok, "call %d", n)
		require.Equal(t, time.Duration(n+1)*100*time.Millisecond, wait, "its turn and its own work")
	}
	_, ok := q.Enter(0, 1)
	require.False(t, ok)
	_, ok = q.Enter(0, 1)
	require.False(t, ok, "refused work takes no room")
	wait, ok := q.Enter(int64(100*time.Millisecond), 1)
	require.True(t, ok, "a tenth of a second later there is room for one")
	require.Equal(t, 1100*time.Millisecond, wait)
}

func TestQueueWeighsWork(t *testing.T) {
	q := NewQueue(scenarios.Ratio{Num: 300_000, Den: 152}, time.Second)
	wait, ok := q.Enter(5, 300_000)
	require.True(t, ok)
	require.Equal(t, 152*time.Second, wait, "a batch is taken whole; only its turn is bounded")
}
