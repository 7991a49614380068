package fault

import (
	"testing"
	"time"

	"hongbao/scenarios"
	"hongbao/sim/world"
)

// eve is when the tests begin.
var eve = time.Date(2022, 1, 31, 12, 0, 0, 0, time.UTC)

// quick is a latency that is always the same.
func quick(d time.Duration) scenarios.Latency {
	return scenarios.Latency{Min: d, P50: d, P90: d, P99: d, Max: d}
}

// newLedger returns a dependency called ledger that answers after 10 ms, with these faults, and an instance that
// calls it.
func newLedger(w *world.World, q *Queue, faults ...scenarios.Fault) (Link, *Instance) {
	s := &scenarios.Scenario{Latency: map[string]scenarios.Latency{"ledger": quick(10 * time.Millisecond)}, Faults: faults}
	i := NewInstance(w, 0)
	return NewDependency(w, "ledger", s, q).Link(i), i
}

// timeouts is a fault that leaves num in den of the calls without an answer, and half of those applied.
func timeouts(num, den int64) scenarios.Fault {
	return scenarios.Fault{Kind: scenarios.FaultTimeout, Dependency: "ledger", From: eve,
		Ratio: scenarios.Ratio{Num: num, Den: den}, Applied: scenarios.Ratio{Num: 1, Den: 2}}
}

// live runs fn as a process in a new world until nothing is left to happen.
func live(t *testing.T, fn func(w *world.World)) {
	t.Helper()
	w := world.New(1, eve)
	t.Cleanup(w.Close)
	w.Go(w.Now(), func() { fn(w) })
	w.Run(nil)
}

// since returns the virtual time that has passed.
func since(w *world.World) time.Duration { return time.Duration(w.Now() - eve.UnixNano()) }

// call makes one call from within the link's instance, as a service does.
func call(l Link, weight int64, apply func() error) error {
	return l.instance.Run(func() error { return l.Call(weight, apply) })
}
