// Package judge compares the results of a load test with the scenario's thresholds.
//
// Histograms are in microseconds and corrected: they start at the time when an operation was due. The package measures
// nothing itself, and never reports a threshold as met without measurements. reports.Conclude decides whether the offered
// load was the requested one.
package judge

import (
	"math"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"hongbao/reports"
	"hongbao/scenarios"
)

// Measured is the result of one run.
type Measured struct {
	Window     string               // the window of the run
	Operations map[string]Operation // by the scenario's names
	Visible    Latencies            // from a grant's acknowledgement until the wallet page showed it
	Drain      *Drain               // nil: not observed
}

// Operation is the counts of one kind of operation.
type Operation struct {
	reports.Offered
	Corrected *hdrhistogram.Histogram // nil: none ended
	Busiest   Latencies               // of the second in which most operations were due
}

// Latencies are those of Due operations. Operations missing from the histogram never ended.
type Latencies struct {
	Due  int64
	Took *hdrhistogram.Histogram
}

// Drain is the time from the end of the plan until no work was left. Not Done: the wait was given up after Took.
type Drain struct {
	Took time.Duration
	Done bool
}

// Judge returns the thresholds that apply to the window of m, in the scenario's order, with the reasons in words.
func Judge(ts []scenarios.Threshold, m Measured) []reports.Threshold {
	out := []reports.Threshold{}
	for _, t := range ts {
		if !t.For(m.Window) {
			continue
		}
		r := demand(t)
		f := m.figure(t)
		r.Measured, r.Samples, r.Why = f.value, f.samples, f.why
		switch {
		case f.samples == 0:
			r.Result, r.Measured = reports.Unknown, 0
			if r.Why == "" {
				r.Why = "nothing was measured"
			}
		case f.most <= r.Limit:
			r.Result, r.Why = reports.Pass, ""
		case f.least > r.Limit:
			r.Result, r.Why = reports.Fail, ""
		default:
			r.Result = reports.Unknown
		}
		out = append(out, r)
	}
	return out
}

// figure is a measured value. The true value is between least and most, which differ if operations never ended.
type figure struct {
	value, least, most float64
	samples            int64
	why                string // why least and most differ, or why there is no sample
}

func exactly(x float64, samples int64) figure { return figure{x, x, x, samples, ""} }

func (m Measured) figure(t scenarios.Threshold) figure {
	switch t.Measure {
	case scenarios.DrainedWithin:
		return m.Drain.figure()
	case scenarios.VisibleWaitP99:
		return m.Visible.quantile(t.Measure.Quantile())
	case scenarios.ErrorRatio, scenarios.RefusedRatio:
		return m.ratio(t)
	}
	o, ok := m.Operations[t.Operation]
	if !ok {
		return figure{}
	}
	if t.Busiest {
		return o.Busiest.quantile(t.Measure.Quantile())
	}
	return Latencies{o.Scheduled, o.Corrected}.quantile(t.Measure.Quantile())
}

// ratio returns a share of the sent operations, of one kind or of all. An operation that never ended counts as an error.
func (m Measured) ratio(t scenarios.Threshold) figure {
	var sent, bad int64
	for name, o := range m.Operations {
		if t.Operation != "" && t.Operation != name {
			continue
		}
		sent += o.Sent
		if t.Measure == scenarios.RefusedRatio {
			bad += o.Refused
		} else {
			bad += o.Failed + o.InFlight
		}
	}
	if sent == 0 {
		return figure{}
	}
	return exactly(float64(bad)/float64(sent), sent)
}

// quantile returns the q-th percentile in milliseconds. If N of Due operations ended, it is between the percentile for the
// case that all others were faster than the N, and the one for the case that all others were slower:
//
//	least: rank q/100·Due − (Due−N) of N        most: rank q/100·Due of N, beyond any limit above N
func (l Latencies) quantile(q float64) figure {
	if l.Took == nil || l.Took.TotalCount() == 0 {
		return figure{}
	}
	n := float64(l.Took.TotalCount())
	due := math.Max(float64(l.Due), n)
	at := func(rank float64) float64 {
		switch rank = math.Floor(rank + 0.5); { // rounds ranks like the histogram
		case rank <= 0:
			return 0
		case rank > n:
			return math.Inf(1)
		default:
			return float64(l.Took.ValueAtQuantile(100*rank/n)) / 1000
		}
	}
	rank := q / 100 * due
	f := figure{value: float64(l.Took.ValueAtQuantile(q)) / 1000, least: at(rank - (due - n)), most: at(rank), samples: int64(n)}
	if due > n {
		f.why = "operations that never ended may have taken longer"
	}
	return f
}

func (d *Drain) figure() figure {
	switch {
	case d == nil:
		return figure{why: "the drain was not observed"}
	case !d.Done: // longer than this, by an unknown time
		return figure{value: d.Took.Seconds(), least: d.Took.Seconds(), most: math.Inf(1), samples: 1, why: "the wait was given up before the drain was complete"}
	}
	return exactly(d.Took.Seconds(), 1)
}
