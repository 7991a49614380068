package scenarios

import (
	"strings"
)

// Measure is a figure that a threshold bounds from above.
type Measure string

// The measures. Latencies are corrected: from the moment an operation was due until its end, in milliseconds.
const (
	P50            Measure = "p50_ms"
	P90            Measure = "p90_ms"
	P99            Measure = "p99_ms"
	P999           Measure = "p999_ms"
	MaxLatency     Measure = "max_ms"
	ErrorRatio     Measure = "error_ratio"         // without an answer, of those sent
	RefusedRatio   Measure = "refused_ratio"       // with a final no, of those sent
	DrainedWithin  Measure = "drained_within_s"    // from the end of the load until nothing is held back
	VisibleWaitP99 Measure = "visible_wait_p99_ms" // from a grant's acknowledgement until the wallet page shows it
)

// Latency says whether m is of an operation's latency.
func (m Measure) Latency() bool {
	switch m {
	case P50, P90, P99, P999, MaxLatency:
		return true
	}
	return false
}

// OfRun says whether m is of the run and of no operation.
func (m Measure) OfRun() bool { return m == DrainedWithin || m == VisibleWaitP99 }

// Quantile returns the percentage that a latency stands at, zero for what is none.
func (m Measure) Quantile() float64 {
	switch m {
	case P50:
		return 50
	case P90:
		return 90
	case P99, VisibleWaitP99:
		return 99
	case P999:
		return 99.9
	case MaxLatency:
		return 100
	}
	return 0
}

// Unit is what the limit counts: ms, s, or nothing for a ratio.
func (m Measure) Unit() string {
	switch {
	case strings.HasSuffix(string(m), "_ms"):
		return "ms"
	case strings.HasSuffix(string(m), "_s"):
		return "s"
	}
	return ""
}

// Threshold is what a run in real time must stay at or below. A simulation has none: its waits are modelled.
type Threshold struct {
	Measure   Measure
	Limit     Ratio  // in the measure's unit
	Operation string // one of Operations; empty: all of them, or the run
	Window    string // by name or by its words joined with dashes; empty: whichever is played
	Busiest   bool   // of the second alone for which most of the operation was due
}

// Operations lists what people do that a threshold may be of.
func Operations() []string {
	return []string{"grant", "page", "browse", "withdraw", "bind", "rewards", "use", "send", "open"}
}

// For says whether the threshold binds a run of that window, which is named as files or as commands name it.
func (t Threshold) For(window string) bool { return t.Window == "" || SameWindow(t.Window, window) }

// SameWindow compares names of windows by their words alone: "Rain, round 1" is rain-round-1.
func SameWindow(a, b string) bool { return WordsOf(a) == WordsOf(b) }

// WordsOf returns a window's name as one types it.
func WordsOf(name string) string { return Window{Name: name}.Slug() }
