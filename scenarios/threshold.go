package scenarios

import (
	"strings"
)

// Measure is a measured value with an upper bound.
type Measure string

// The measures. Latencies are in milliseconds and corrected for coordinated omission: they run from the moment an operation
// was due until its end.
const (
	P50            Measure = "p50_ms"
	P90            Measure = "p90_ms"
	P99            Measure = "p99_ms"
	P999           Measure = "p999_ms"
	MaxLatency     Measure = "max_ms"
	ErrorRatio     Measure = "error_ratio"         // requests without an answer ÷ requests sent
	RefusedRatio   Measure = "refused_ratio"       // requests refused permanently ÷ requests sent
	DrainedWithin  Measure = "drained_within_s"    // from the end of the load until the backlog is empty
	VisibleWaitP99 Measure = "visible_wait_p99_ms" // from a grant's acknowledgement until the wallet page shows it
)

// Latency reports whether m is a latency of an operation.
func (m Measure) Latency() bool { return m.Quantile() > 0 && !m.OfRun() }

// OfRun reports whether m belongs to the whole run and not to an operation.
func (m Measure) OfRun() bool { return m == DrainedWithin || m == VisibleWaitP99 }

// Quantile returns the measure's percentile, or 0 if the measure is not a latency.
func (m Measure) Quantile() float64 {
	return map[Measure]float64{P50: 50, P90: 90, P99: 99, VisibleWaitP99: 99, P999: 99.9, MaxLatency: 100}[m]
}

// Unit returns the unit of the limit: ms, s, or "" for a ratio.
func (m Measure) Unit() string {
	switch {
	case strings.HasSuffix(string(m), "_ms"):
		return "ms"
	case strings.HasSuffix(string(m), "_s"):
		return "s"
	}
	return ""
}

// Threshold is an upper bound for a run in real time. Simulations ignore it, because their latencies are modelled.
type Threshold struct {
	Measure   Measure
	Limit     Ratio  // in the measure's unit
	Operation string // one of Operations; empty: all operations, or the run
	Window    string // name or slug; empty: any window
	Busiest   bool   // only the second in which most requests of the operation were due
}

// Operations lists the operations that a threshold may name.
func Operations() []string {
	return []string{"grant", "page", "browse", "withdraw", "bind", "rewards", "use", "send", "open"}
}

// For reports whether the threshold applies to a run of the window, given by name or slug.
func (t Threshold) For(window string) bool { return t.Window == "" || SameWindow(t.Window, window) }

// SameWindow compares two window names by their slugs: "Rain, round 1" equals rain-round-1.
func SameWindow(a, b string) bool { return SlugOf(a) == SlugOf(b) }

// SlugOf returns the slug of a window's name.
func SlugOf(name string) string { return Window{Name: name}.Slug() }
