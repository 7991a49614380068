package totals

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
	"hongbao/scenarios"
	"hongbao/sim/world"
)

// settings returns a Redis that answers within 2 ms and processes 100 calls a second on a key.
func settings() *scenarios.RunningTotal {
	return &scenarios.RunningTotal{KeyRate: scenarios.Ratio{Num: 100, Den: 1}, Timeout: 50 * time.Millisecond,
		Latency: scenarios.Latency{Min: time.Millisecond, P50: time.Millisecond, P90: time.Millisecond, P99: time.Millisecond, Max: time.Millisecond}}
}

// TestServerQueues: calls on one key wait for each other. A call that would wait longer than the timeout is rejected without
// effect. Calls on another key do not wait.
func TestServerQueues(t *testing.T) {
	w := world.New(1, time.Unix(0, 0))
	defer w.Close()
	s := newServer(w, "a", settings(), 2)
	applied := 0
	var errs [12]error
	var took [12]time.Duration
	for i := range errs {
		w.Go(0, func() {
			errs[i] = s.incr(i/11, func() error { applied++; return nil })
			took[i] = time.Duration(w.Now())
		})
	}
	w.Run(nil)
	for i := range 4 { // 10 ms of processing each, and 1 ms of latency
		require.NoError(t, errs[i])
		require.Equal(t, time.Duration(i+1)*10*time.Millisecond+time.Millisecond, took[i])
	}
	for i := 4; i < 6; i++ {
		require.ErrorIs(t, errs[i], wallet.ErrUnknown, "it was processed after the caller's timeout")
		require.Equal(t, 50*time.Millisecond, took[i])
	}
	for i := 6; i < 11; i++ {
		require.ErrorIs(t, errs[i], wallet.ErrOverloaded)
	}
	require.NoError(t, errs[11], "another key")
	require.Equal(t, 7, applied, "rejected calls had no effect, late calls had")
	most, over := s.hottest()
	require.EqualValues(t, 11, most)
	require.Zero(t, over)
}

// TestServerCountsSeconds: a key is overloaded in the seconds in which it receives more calls than it can process.
func TestServerCountsSeconds(t *testing.T) {
	w := world.New(1, time.Unix(0, 0))
	defer w.Close()
	s := newServer(w, "a", settings(), 2)
	for second, calls := range []int64{100, 101, 7, 250} {
		w.RunUntil(int64(second) * int64(time.Second))
		s.count(0, calls-1)
		s.count(0, 1)
		s.count(1, 50)
	}
	most, over := s.hottest()
	require.EqualValues(t, 250, most)
	require.EqualValues(t, 2, over)
}

// TestServerFaults: during a fault the configured share of the calls fails, and of these the configured share takes effect, at
// once or late. Before and after the fault no call fails.
func TestServerFaults(t *testing.T) {
	const calls = 4000
	w := world.New(1, time.Unix(0, 0))
	defer w.Close()
	r := settings()
	r.KeyRate = scenarios.Ratio{Num: 1_000_000, Den: 1}
	s := newServer(w, "a", r, 1)
	second := int64(time.Second)
	s.faults = []faultPeriod{{from: second, to: 2 * second, kind: scenarios.FaultTimeout, ratio: scenarios.Ratio{Num: 1, Den: 4}, applied: scenarios.Ratio{Num: 1, Den: 2}},
		{from: 3 * second, to: 4 * second, kind: scenarios.FaultDown}}
	var applied, unknown, refused [5]int
	for i := range 5 {
		for range calls {
			w.Go(int64(i)*second, func() {
				switch err := s.get(0, func() error { applied[i]++; return nil }); {
				case wallet.CodeOf(err) == wallet.CodeUnknown:
					unknown[i]++
				case err != nil:
					refused[i]++
				}
			})
		}
	}
	w.Run(nil)
	require.Equal(t, [5]int{0, unknown[1], 0, 0, 0}, unknown)
	require.Equal(t, [5]int{0, 0, 0, calls, 0}, refused)
	require.InEpsilon(t, calls/4, unknown[1], 0.1)
	require.InEpsilon(t, calls-calls/8, applied[1], 0.05)
	require.Equal(t, [5]int{calls, applied[1], calls, 0, calls}, applied)
	require.EqualValues(t, 5*calls, s.gets)
}
