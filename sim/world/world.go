// Package world is the virtual world of the simulations: one clock, one calendar of events and one thread. Requests are
// processes that may sleep and wait at gates. Only one runs at a time, and (time, sequence number) alone decides which runs
// next, so a run is a pure function of its seed and of what is scheduled.
//
// Times are Unix nanoseconds of the virtual clock. The package must not read the real clock, start threads, or know
// anything of wallets. A World belongs to the goroutine that runs it.
package world

import (
	"math"
	"time"
)

// stopEvery is the number of steps between two calls of Run's stop: rare enough to cost nothing, and still some thousand
// times per second of real time. A power of two.
const stopEvery = 1024

// World is one virtual world. Make it with New, and Close it when done.
type World struct {
	now      int64 // Unix nanoseconds
	limit    int64 // latest time of the running loop; below every time outside a loop
	steps    int64
	seq      uint64 // of the next event
	calendar calendar
	tasks    tasks
	current  *process   // the one running; nil in plain events and outside the loop
	idle     []*process // finished ones, ready for another function
	waiting  int
	running  bool
	closed   bool
	detour   bool // tests only: every Sleep goes through the calendar
	seed     uint64
	digest   digest
	fetched  uint32 // value read by fetch, kept so that the compiler does not remove the read
}

// New returns a world whose clock shows start. It panics if start is outside the years 1970 to 2262, the range of
// non-negative Unix nanoseconds.
func New(seed uint64, start time.Time) *World {
	now := start.UnixNano()
	if now < 0 || !time.Unix(0, now).Equal(start) {
		panic("world: start is outside the years 1970 to 2262")
	}
	return &World{seed: seed, now: now, limit: math.MinInt64, digest: digest(seed)}
}

// Now returns the virtual time in Unix nanoseconds.
func (w *World) Now() int64 { return w.now }

// Steps returns the number of events that ran, including wake-ups.
func (w *World) Steps() int64 { return w.steps }

// At runs fn at time t, or now if t has passed, after everything scheduled earlier for the same time. fn must not wait.
// What is scheduled after Close is dropped.
func (w *World) At(t int64, fn func()) { w.schedule(t, task{fn: fn}) }

// Go starts a process that runs fn at time t, or now if t has passed; fn may Sleep and Wait. Schedule distant work instead
// of sleeping until then: a sleeping process keeps about 3 kB, a scheduled function 43 B plus its captures.
func (w *World) Go(t int64, fn func()) { w.schedule(t, task{fn: fn, waits: true}) }

func (w *World) schedule(t int64, k task) {
	if k.fn == nil {
		panic("world: nothing to run")
	}
	if !w.closed {
		w.enter(t, w.tasks.add(k))
	}
}

// enter puts a task into the calendar. A task due before now is due now.
func (w *World) enter(t int64, ref uint32) {
	if w.closed {
		return // called by a deferred function of an unwound process
	}
	w.calendar.Push(newEvent(max(t, w.now), w.seq, ref))
	w.seq++
}

// Next returns the time of the next event, and whether there is one.
func (w *World) Next() (int64, bool) {
	if w.calendar.Len() == 0 {
		return 0, false
	}
	return w.calendar.First().At, true
}

// RunUntil runs every event due at t or before, and leaves the clock at t. A panic in a process is re-raised here as a
// *Panic.
func (w *World) RunUntil(t int64) {
	w.loop(t, nil)
	w.now = max(w.now, t)
}

// Run runs events until none is left or stop returns true. stop is called every 1,024 steps, at the same steps in every
// run, and may be nil. A panic in a process is re-raised here as a *Panic.
func (w *World) Run(stop func() bool) { w.loop(math.MaxInt64, stop) }

func (w *World) loop(limit int64, stop func() bool) {
	if w.running || w.closed {
		panic("world: run while running or after Close")
	}
	w.running, w.limit = true, limit
	defer w.leave()
	for w.calendar.Len() > 0 && w.calendar.First().At <= limit {
		if w.steps%stopEvery == 0 && stop != nil && stop() {
			return
		}
		e := w.calendar.Pop()
		w.fetch()
		w.advance(e.At)
		w.perform(refOf(&e))
	}
}

// leave is deferred, so that a world whose process panicked can still be inspected and closed.
func (w *World) leave() {
	w.running, w.limit, w.current = false, math.MinInt64, nil
}

// fetch reads the next due process before the current one runs, so that its memory is loaded meanwhile. With 100,000
// processes, too many for the cache, this increases the steps per second by a quarter.
func (w *World) fetch() {
	if w.calendar.Len() > 0 {
		if p := w.tasks.list[refOf(w.calendar.First())].process; p != nil {
			w.fetched = p.ref
		}
	}
}

// advance makes one step to time t.
func (w *World) advance(t int64) {
	w.now = t
	w.steps++
	w.digest.mix(uint64(t))
}

func (w *World) perform(ref uint32) {
	k := w.tasks.list[ref]
	if k.process != nil {
		w.waiting--
		w.resume(k.process)
		return
	}
	w.tasks.remove(ref)
	if k.waits {
		w.start(k.fn)
		return
	}
	k.fn()
}
