package attack

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// How often health is sampled, and the number of samples per progress report.
const (
	sampleEvery        = 100 * time.Millisecond
	samplesPerProgress = 10
)

// Beyond these bounds the generator did not offer the planned load.
const (
	// maxUnsent bounds the share of unsent operations: one in this many.
	maxUnsent = 1000
	// maxLateness bounds the 99th percentile of lateness: a tenth of what users notice, and far above the usual
	// overshoot of a sleep.
	maxLateness = 50 * time.Millisecond
	// clockJump is the smallest recorded change of wall − monotonic between two samples.
	clockJump = time.Second
	// maxJumps bounds the recorded jumps.
	maxJumps = 16
)

// Health describes how well the generator worked.
type Health struct {
	Lateness      *hdrhistogram.Histogram // sent − due of sent operations, in µs
	Workers       int64                   // maximum operations in flight; the sum of the attackers' maxima
	WorkersLimit  int64
	Goroutines    int           // maximum, in the whole process
	Processors    int           // GOMAXPROCS
	CPU           time.Duration // of the whole process during the run; 0 if the system does not report it
	CPUShare      float64       // CPU over elapsed time and processors, 0 to 1
	GCPause       time.Duration // sum of all pauses of the run
	GCPauses      int64
	GCPauseMax    time.Duration // of at most the last 256 pauses
	Jumps         []Jump        // of the wall clock: a suspended machine, or an adjusted clock
	Saturated     []string      // why the generator did not offer the planned load; empty = it did
	FirstSaturate time.Duration // time at which all workers of an attacker were first in use; 0 = never
}

// Jump is a change of the wall clock against the monotonic one by more than a second. Figures use the monotonic clock;
// but a suspended machine sent nothing, and time stamps of generator and target no longer match.
type Jump struct {
	At time.Duration // when it was detected
	By time.Duration // wall − monotonic
}

// monitor samples a run's health. One goroutine calls sample; report is called afterwards.
type monitor struct {
	now         func() time.Duration
	wall        func() time.Time
	began       time.Time
	clockOffset time.Duration // wall − monotonic at the last sample
	jumps       []Jump
	goroutines  int
	cpu         time.Duration
	gc          debug.GCStats
}

func newMonitor(now func() time.Duration, wall func() time.Time) *monitor {
	m := &monitor{now: now, wall: wall, began: wall().Round(0), cpu: cpuTime()}
	m.clockOffset = -now()
	debug.ReadGCStats(&m.gc)
	return m
}

func (m *monitor) sample() {
	m.goroutines = max(m.goroutines, runtime.NumGoroutine())
	// Round drops the monotonic reading, so that Sub uses the wall clock.
	clockOffset := m.wall().Round(0).Sub(m.began) - m.now()
	if by := clockOffset - m.clockOffset; (by > clockJump || by < -clockJump) && len(m.jumps) < maxJumps {
		m.jumps = append(m.jumps, Jump{At: m.now(), By: by})
	}
	m.clockOffset = clockOffset
}

// report summarises the samples, after sampling has stopped.
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

// saturated returns the reasons why the generator did not offer the planned load.
func saturated(r *Report, h Health) []string {
	var why []string
	if unsent, scheduled := r.unsent(), r.scheduled(); unsent*maxUnsent > scheduled {
		why = append(why, fmt.Sprintf("%d of %d operations were not sent in time, more than one in %d", unsent, scheduled, maxUnsent))
	}
	if late := micros(h.Lateness, 99); late > maxLateness {
		why = append(why, fmt.Sprintf("one operation in a hundred was sent %s late or later, more than %s", late, maxLateness))
	}
	if h.FirstSaturate > 0 {
		why = append(why, fmt.Sprintf("all workers of an attacker were in use, first at %s: %d operations in flight of %d allowed",
			h.FirstSaturate.Round(time.Millisecond), h.Workers, h.WorkersLimit))
	}
	return why
}
