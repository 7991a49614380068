package fault

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
	"hongbao/scenarios"
	"hongbao/sim/world"
)

func TestCallTakesItsLatencyAndApplies(t *testing.T) {
	live(t, func(w *world.World) {
		link, _ := newLedger(w, nil)
		err := call(link, 1, func() error {
			require.Equal(t, 10*time.Millisecond, since(w), "the call arrives after its latency")
			return wallet.ErrConflict
		})
		require.ErrorIs(t, err, wallet.ErrConflict, "the port's own answer")
		require.Equal(t, Stats{Calls: 1}, link.Stats())
	})
}

// TestTimeoutsComeInThreeKinds draws many calls without an answer: some never arrive, some are applied before the
// caller gives up, some after it. The outcome of each is unknown to its caller, after the whole timeout.
func TestTimeoutsComeInThreeKinds(t *testing.T) {
	const calls = 1_000
	never, before, after := 0, 0, 0
	w := world.New(1, eve)
	defer w.Close()
	link, _ := newLedger(w, nil, timeouts(1, 1))
	applied := make([]int, calls)
	w.Go(w.Now(), func() {
		for n := range calls {
			start := w.Now()
			err := call(link, 1, func() error { applied[n]++; return nil })
			require.ErrorIs(t, err, wallet.ErrUnknown)
			require.Equal(t, callTimeout, time.Duration(w.Now()-start))
			if applied[n] > 0 {
				before++
			}
		}
	})
	w.Run(nil)
	for _, times := range applied {
		require.LessOrEqual(t, times, 1, "one call is applied at most once")
		if times == 0 {
			never++
		}
	}
	after = calls - never - before
	require.InDelta(t, calls/2, never, calls/20, "half of the calls are lost")
	require.InDelta(t, calls/4, before, calls/20, "a quarter lost its answer only")
	require.InDelta(t, calls/4, after, calls/20, "a quarter came late")
	require.EqualValues(t, calls, link.Stats().TimedOut)
}

func TestTimeoutsFollowTheirRatio(t *testing.T) {
	live(t, func(w *world.World) {
		const calls = 2_000
		link, _ := newLedger(w, nil, timeouts(1, 10))
		lost := 0
		for range calls {
			if err := call(link, 0, func() error { return nil }); err != nil {
				require.ErrorIs(t, err, wallet.ErrUnknown)
				lost++
			}
		}
		require.InDelta(t, calls/10, lost, calls/40)
		require.Equal(t, Stats{Calls: calls, TimedOut: int64(lost)}, link.Stats())
	})
}

// TestAppliedNeverAndAlways tests both ends of the share that is applied.
func TestAppliedNeverAndAlways(t *testing.T) {
	for _, c := range []struct{ num, den int64 }{{0, 1}, {1, 1}} {
		w := world.New(1, eve)
		f := timeouts(1, 1)
		f.Applied = scenarios.Ratio{Num: c.num, Den: c.den}
		link, _ := newLedger(w, nil, f)
		applied := int64(0)
		const calls = 50
		w.Go(w.Now(), func() {
			for range calls {
				_ = call(link, 1, func() error { applied++; return nil })
			}
		})
		w.Run(nil)
		w.Close()
		require.Equal(t, calls*c.num, applied)
	}
}

// TestDownWindow: down from its first moment on, up again from its last; refused at once, with nothing done.
func TestDownWindow(t *testing.T) {
	w := world.New(1, eve)
	defer w.Close()
	from, to := eve.Add(time.Second), eve.Add(2*time.Second)
	link, _ := newLedger(w, nil, scenarios.Fault{Kind: scenarios.FaultDown, Dependency: "ledger", From: from, To: to},
		scenarios.Fault{Kind: scenarios.FaultDown, Dependency: "orders", From: eve})
	for _, c := range []struct {
		at   time.Time
		down bool
	}{{from.Add(-1), false}, {from, true}, {to.Add(-1), true}, {to, false}} {
		w.Go(c.at.UnixNano(), func() {
			applied := false
			err := call(link, 1, func() error { applied = true; return nil })
			require.Equal(t, !c.down, applied, "at %s", c.at)
			if c.down {
				require.ErrorIs(t, err, wallet.ErrUnavailable)
			} else {
				require.NoError(t, err)
			}
			require.Equal(t, c.at.Add(10*time.Millisecond).UnixNano(), w.Now(), "a refusal takes as long as any answer")
		})
	}
	w.Run(nil)
	require.Equal(t, Stats{Calls: 4, Down: 2}, link.Stats())
}

func TestFaultWithoutEndLasts(t *testing.T) {
	f := scenarios.Fault{From: eve}
	require.False(t, within(&f, eve.UnixNano()-1))
	require.True(t, within(&f, eve.UnixNano()))
	require.True(t, within(&f, eve.AddDate(50, 0, 0).UnixNano()))
}

func TestFullQueueRefusesWithNothingDone(t *testing.T) {
	live(t, func(w *world.World) {
		link, _ := newLedger(w, NewQueue(scenarios.Ratio{Num: 1, Den: 1}, 0))
		calls := 0
		take := func(weight int64) error { return call(link, weight, func() error { calls++; return nil }) }
		w.Go(w.Now(), func() { require.NoError(t, take(1)) })
		w.Sleep(1)
		require.ErrorIs(t, take(1), wallet.ErrOverloaded)
		require.NoError(t, take(0), "a read costs no capacity")
		require.Equal(t, 1, calls, "the first is still being served")
		w.Sleep(2 * time.Second)
		require.Equal(t, 2, calls)
		require.Equal(t, Stats{Calls: 3, Refused: 1}, link.Stats())
	})
}

func TestQueueingAddsToLatency(t *testing.T) {
	live(t, func(w *world.World) {
		link, _ := newLedger(w, NewQueue(scenarios.Ratio{Num: 10, Den: 1}, time.Second))
		require.NoError(t, call(link, 3, func() error { return nil }))
		require.Equal(t, 310*time.Millisecond, since(w))
	})
}

// TestLatencyKeepsToItsQuantiles: every delay lies within the bounds, and about as many below each quantile as it says.
func TestLatencyKeepsToItsQuantiles(t *testing.T) {
	w := world.New(1, eve)
	const ms = time.Millisecond
	l := scenarios.Latency{Min: ms, P50: 4 * ms, P90: 10 * ms, P99: 50 * ms, Max: 200 * ms}
	d := NewDependency(w, "bank", &scenarios.Scenario{Latency: map[string]scenarios.Latency{"bank": l}}, nil)
	const draws = 20_000
	below := map[time.Duration]int{}
	for range draws {
		delay := d.delay()
		require.GreaterOrEqual(t, delay, l.Min)
		require.Less(t, delay, l.Max)
		for _, q := range []time.Duration{l.P50, l.P90, l.P99} {
			if delay < q {
				below[q]++
			}
		}
	}
	require.InDelta(t, draws*50/100, below[l.P50], draws/100)
	require.InDelta(t, draws*90/100, below[l.P90], draws/100)
	require.InDelta(t, draws*99/100, below[l.P99], draws/200)
}

// TestDependenciesDrawForThemselves: the draws of one dependency do not shift those of another.
func TestDependenciesDrawForThemselves(t *testing.T) {
	delays := func(disturb bool) (out []time.Duration) {
		w := world.New(1, eve)
		s := &scenarios.Scenario{Latency: map[string]scenarios.Latency{
			"bank": {Max: time.Second, P50: 1, P90: 2, P99: 3}, "orders": {Max: time.Second, P50: 1, P90: 2, P99: 3}}}
		bank, orders := NewDependency(w, "bank", s, nil), NewDependency(w, "orders", s, nil)
		for range 100 {
			if disturb {
				orders.delay()
			}
			out = append(out, bank.delay())
		}
		return out
	}
	require.Equal(t, delays(false), delays(true))
}

func TestAskCarriesRequestAndAnswer(t *testing.T) {
	const patience = time.Second
	down := []scenarios.Fault{{Kind: scenarios.FaultDown, Dependency: "ledger", From: eve}}
	silent := func(applied int64) []scenarios.Fault {
		f := timeouts(1, 1)
		f.Applied = scenarios.Ratio{Num: applied, Den: 1}
		return []scenarios.Fault{f}
	}
	for _, c := range []struct {
		why    string
		fault  []scenarios.Fault
		serve  time.Duration // how long the instance takes
		served bool
		want   error
		took   time.Duration
	}{
		{"there and back", nil, 100 * time.Millisecond, true, wallet.ErrOverBudget, 120 * time.Millisecond},
		{"just in time", nil, 980 * time.Millisecond, true, wallet.ErrOverBudget, patience},
		{"too late for the client", nil, 990 * time.Millisecond, true, wallet.ErrUnknown, 1010 * time.Millisecond},
		{"the network is down", down, 0, false, wallet.ErrUnavailable, 10 * time.Millisecond},
		{"the request is lost", silent(0), 0, false, wallet.ErrUnknown, patience},
		{"the answer is lost", silent(1), 100 * time.Millisecond, true, wallet.ErrUnknown, patience},
	} {
		live(t, func(w *world.World) {
			link, _ := newLedger(w, nil, c.fault...)
			served := false
			err := link.Ask(patience, func() error { served = true; w.Sleep(c.serve); return wallet.ErrOverBudget })
			require.ErrorIs(t, err, c.want, c.why)
			require.Equal(t, c.served, served, c.why)
			require.Equal(t, c.took, since(w), c.why)
		})
	}
}
