package attack

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// How often health is sampled, and every how many samples progress is told.
const (
	sampleEvery        = 100 * time.Millisecond
	samplesPerProgress = 10
)

// The bounds beyond which a generator has not offered the load that was asked for.
const (
	// MaxUnsent is the share of operations that may be left out: one in so many.
	MaxUnsent = 1000
	// MaxLateness bounds the 99th percentile of lateness: a tenth of what people notice, and far above what a sleep
	// overshoots.
	MaxLateness = 50 * time.Millisecond
	// clockJump is how far the wall clock may part from the monotonic one between two samples.
	clockJump = time.Second
	// maxJumps bounds the jumps that are kept.
	maxJumps = 16
)

// Health is how well the generator did its own work.
type Health struct {
	Lateness      *hdrhistogram.Histogram // sent − due of what was sent, in µs
	Workers       int64                   // operations in flight at most; attackers' own maxima added
	WorkersLimit  int64
	Goroutines    int           // at most, in the whole process
	Processors    int           // GOMAXPROCS
	CPU           time.Duration // of the whole process during the run; 0 where the system does not say
	CPUShare      float64       // CPU over elapsed time and processors, 0 to 1
	GCPause       time.Duration // all pauses of the run added
	GCPauses      int64
	GCPauseMax    time.Duration // of the last 256 pauses at most
	Jumps         []Jump        // of the wall clock: a suspended machine, or an adjusted clock
	Saturated     []string      // why the generator did not offer what was planned; empty = it did
	FirstSaturate time.Duration // moment at which all workers of an attacker were first in use; 0 = never
}

// Jump is a moment at which the wall clock parted from the monotonic one by more than a second. Figures are on the
// monotonic clock; but a machine that slept sent nothing, and time stamps of the two sides no longer match.
type Jump struct {
	At time.Duration // when it was seen
	By time.Duration // wall − monotonic
}

// monitor samples a run's health. One goroutine calls sample; report comes after.
type monitor struct {
	now        func() time.Duration
	wall       func() time.Time
	began      time.Time
	parted     time.Duration // wall − monotonic at the last sample
	jumps      []Jump
	goroutines int
	cpu        time.Duration
	gc         debug.GCStats
}

func newMonitor(now func() time.Duration, wall func() time.Time) *monitor {
	m := &monitor{now: now, wall: wall, began: wall().Round(0), cpu: cpuTime()}
	m.parted = -now()
	debug.ReadGCStats(&m.gc)
	return m
}

func (m *monitor) sample() {
	m.goroutines = max(m.goroutines, runtime.NumGoroutine())
	// Round drops the monotonic reading, so that Sub is by the wall clock.
	parted := m.wall().Round(0).Sub(m.began) - m.now()
	if by := parted - m.parted; (by > clockJump || by < -clockJump) && len(m.jumps) < maxJumps {
		m.jumps = append(m.jumps, Jump{At: m.now(), By: by})
	}
	m.parted = parted
}

// report sums up, once sampling has stopped.
func (m *monitor) report(r *Report, workers, limit int64, full time.Duration, lateness *hdrhistogram.Histogram) Health {
	h := Health{Lateness: lateness, Workers: workers, WorkersLimit: limit, FirstSaturate: full,
		Goroutines: m.goroutines, Processors: runtime.GOMAXPROCS(0), Jumps: m.jumps}
	h.CPU = cpuTime() - m.cpu
	if r.Elapsed > 0 {
		h.CPUShare = h.CPU.Seconds() / r.Elapsed.Seconds() / float64(h.Processors)
	}
	var gc debug.GCStats
	debug.ReadGCStats(&gc)
	h.GCPause, h.GCPauses = gc.PauseTotal-m.gc.PauseTotal, gc.NumGC-m.gc.NumGC
	for i := range min(h.GCPauses, int64(len(gc.Pause))) {
		h.GCPauseMax = max(h.GCPauseMax, gc.Pause[i])
	}
	h.Saturated = saturated(r, h)
	return h
}

// saturated says in words why the generator did not offer what was planned.
func saturated(r *Report, h Health) []string {
	var why []string
	if unsent, scheduled := r.Unsent(), r.Scheduled(); unsent*MaxUnsent > scheduled {
		why = append(why, fmt.Sprintf("%d of %d operations were not sent in time, more than one in %d", unsent, scheduled, MaxUnsent))
	}
	if late := micros(h.Lateness, 99); late > MaxLateness {
		why = append(why, fmt.Sprintf("one operation in a hundred was sent %s late or later, more than %s", late, MaxLateness))
	}
	if h.FirstSaturate > 0 {
		why = append(why, fmt.Sprintf("all workers of an attacker were in use, first at %s: %d operations in flight of %d allowed",
			h.FirstSaturate.Round(time.Millisecond), h.Workers, h.WorkersLimit))
	}
	return why
}
