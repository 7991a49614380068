package world

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var epoch = time.Date(2022, 1, 31, 12, 0, 0, 0, time.UTC)

// TestOrder compares the world with a list that is searched for its smallest element. Events schedule others, also in
// the past, with many ties.
func TestOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		nodes := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) node {
			return node{parent: rapid.IntRange(-1, 50).Draw(t, "parent"), delay: rapid.Int64Range(-2, 5).Draw(t, "delay")}
		}), 1, 60).Draw(t, "nodes")

		w := New(1, epoch)
		defer w.Close()
		var got []happening
		var schedule func(parent int)
		schedule = func(parent int) {
			for i, n := range nodes {
				if n.childOf(parent, i) {
					w.At(w.Now()+n.delay, func() {
						got = append(got, happening{w.Now(), i})
						schedule(i)
					})
				}
			}
		}
		schedule(-1)
		w.Run(nil)
		require.Equal(t, naiveOrder(nodes), got)
		require.Equal(t, int64(len(got)), w.Steps())
	})
}

// node is an event that its parent schedules, delay nanoseconds after itself.
type node struct {
	parent int
	delay  int64
}

// childOf turns the drawn nodes into a forest: a parent that would not precede its child is ignored.
func (n node) childOf(parent, self int) bool {
	if n.parent >= self {
		return parent == -1
	}
	return n.parent == parent
}

type happening struct {
	at int64
	id int
}

func naiveOrder(nodes []node) []happening {
	var pending, done []happening // pending in the order they were scheduled
	now := epoch.UnixNano()
	schedule := func(parent int) {
		for i, n := range nodes {
			if n.childOf(parent, i) {
				pending = append(pending, happening{max(now, now+n.delay), i})
			}
		}
	}
	for schedule(-1); len(pending) > 0; {
		first := 0
		for i := range pending {
			if pending[i].at < pending[first].at {
				first = i
			}
		}
		h := pending[first]
		pending = slices.Delete(pending, first, first+1)
		now = h.at
		done = append(done, h)
		schedule(h.id)
	}
	return done
}

func TestRunUntil(t *testing.T) {
	w := New(1, epoch)
	defer w.Close()
	start := w.Now()
	var ran []int64
	note := func() { ran = append(ran, w.Now()-start) }
	w.At(start+5, note)
	w.Go(start+5, func() {
		note()
		w.Sleep(1) // beyond the limit: must not run in the first loop
		note()
	})

	w.RunUntil(start + 4)
	require.Empty(t, ran)
	require.Equal(t, start+4, w.Now(), "the clock goes on without events")

	w.RunUntil(start + 5)
	require.Equal(t, []int64{5, 5}, ran, "the limit itself is included")
	next, some := w.Next()
	require.True(t, some)
	require.Equal(t, start+6, next)
	require.Equal(t, 1, w.waitingProcesses())

	w.RunUntil(start + 2)
	require.Equal(t, start+5, w.Now(), "the clock never goes back")

	w.RunUntil(start + 100)
	require.Equal(t, []int64{5, 5, 6}, ran)
	_, some = w.Next()
	require.False(t, some)
	require.Zero(t, w.waitingProcesses())
}

func TestRunStops(t *testing.T) {
	w := New(1, epoch)
	defer w.Close()
	w.Go(0, func() {
		for {
			w.Sleep(time.Second)
		}
	})
	var asked []int64
	w.Run(func() bool {
		asked = append(asked, w.Steps())
		return len(asked) == 3
	})
	require.Equal(t, []int64{0, 1024, 2048}, asked)
	require.Equal(t, 1, w.waitingProcesses())
}

func TestMisuse(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(w *World)
	}{
		// A plain event is not a process that could be resumed.
		{"sleep in a plain event", func(w *World) { w.At(0, func() { w.Sleep(1) }); w.Run(nil) }},
		// Also a sleep of zero: otherwise a latency of zero would hide the mistake.
		{"zero sleep in a plain event", func(w *World) { w.At(0, func() { w.Sleep(0) }); w.Run(nil) }},
		// The same for a gate.
		{"wait in a plain event", func(w *World) { w.At(0, func() { w.Wait(new(Gate)) }); w.Run(nil) }},
		// A finished process must not be mistaken for the current one.
		{"sleep after the run", func(w *World) { w.Go(0, func() { w.Sleep(1) }); w.Run(nil); w.Sleep(1) }},
		// A nested loop would run events out of order.
		{"run in an event", func(w *World) { w.At(0, func() { w.Run(nil) }); w.Run(nil) }},
		// A closed world has lost its processes.
		{"run after close", func(w *World) { w.Close(); w.Run(nil) }},
		// Close would unwind the process that calls it.
		{"close in a process", func(w *World) { w.Go(0, w.Close); w.Run(nil) }},
		// It fails at once, not when the time comes.
		{"nothing to run", func(w *World) { w.At(0, nil) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := New(1, epoch)
			defer w.Close()
			require.Panics(t, func() { c.do(w) })
		})
	}
	require.Panics(t, func() { New(1, time.Date(1969, 12, 31, 0, 0, 0, 0, time.UTC)) }, "before Unix time")
	require.Panics(t, func() { New(1, time.Date(2300, 1, 1, 0, 0, 0, 0, time.UTC)) }, "beyond Unix nanoseconds")
}

func TestDigestCovers(t *testing.T) {
	digest := func(seed uint64, f func(w *World)) string {
		w := New(seed, epoch)
		defer w.Close()
		f(w)
		w.Run(nil)
		return w.Digest()
	}
	now := epoch.UnixNano()
	seen := map[string]string{}
	for _, c := range []struct {
		name string
		seed uint64
		f    func(w *World)
	}{
		{"nothing", 1, func(*World) {}},
		{"another seed", 2, func(*World) {}},
		{"words", 1, func(w *World) { w.Mix(1); w.Mix(2) }},
		{"words in another order", 1, func(w *World) { w.Mix(2); w.Mix(1) }},
		{"a zero word", 1, func(w *World) { w.Mix(0) }},
		{"an event", 1, func(w *World) { w.At(now, func() {}) }},
		{"two events", 1, func(w *World) { w.At(now, func() {}); w.At(now, func() {}) }},
		{"an event elsewhere", 1, func(w *World) { w.At(now+1, func() {}) }},
		{"an event's time", 1, func(w *World) { w.At(now+1, func() {}); w.At(now+5, func() {}) }},
		{"an event's other time", 1, func(w *World) { w.At(now+2, func() {}); w.At(now+5, func() {}) }},
		{"the final time", 1, func(w *World) { w.RunUntil(now + 1) }},
	} {
		d := digest(c.seed, c.f)
		require.Len(t, d, 16)
		require.Equal(t, d, digest(c.seed, c.f), c.name)
		require.Empty(t, seen[d], "%s has the digest of another", c.name)
		seen[d] = c.name
	}
}

// waitingProcesses returns the number of processes that sleep or wait at gates. It excludes those that Go has yet to start.
func (w *World) waitingProcesses() int { return w.waiting }
