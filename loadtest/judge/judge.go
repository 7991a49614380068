// Package judge compares what a load test measured with the scenario's thresholds.
//
// Histograms are of microseconds and corrected: from the moment an operation was due. The package measures nothing
// itself, and never calls a threshold met that nothing was measured for. Whether the load was the one that was asked for,
// reports.Conclude says.
package judge

import (
	"math"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"hongbao/reports"
	"hongbao/scenarios"
)

// Measured is what one run gave.
type Measured struct {
	Window     string               // the window that was played
	Operations map[string]Operation // by the scenario's names
	Visible    Latencies            // from a grant's acknowledgement until the wallet page showed it
	Drain      *Drain               // nil: nobody looked
}

// Operation is the account of one kind of operation.
type Operation struct {
	reports.Offered
	Corrected *hdrhistogram.Histogram // nil: none ended
	Busiest   Latencies               // of the second for which most was due
}

// Latencies are those of Due operations. What is not in the histogram never ended.
type Latencies struct {
	Due  int64
	Took *hdrhistogram.Histogram
}

// Drain is how long it took, after the plan, until nothing was held back. Not Done: it was given up after Took.
type Drain struct {
	Took time.Duration
	Done bool
}

// Judge returns the thresholds that bind a run of m's window, in order of the scenario's. Reasons are in words.
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

// figure is what was measured. The true value lies between least and most, which differ when something never ended.
type figure struct {
	value, least, most float64
	samples            int64
	why                string // of the difference, or of there being no sample
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

// ratio is the share of what was sent, of one operation or of all. What never ended had no answer.
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

// quantile returns the q-th percentile in milliseconds. With N of Due ended, it lies between the one that holds if all
// others were faster than any of the N, and the one that holds if all others were slower:
//
//	least: rank q/100·Due − (Due−N) of N        most: rank q/100·Due of N, beyond any limit above N
func (l Latencies) quantile(q float64) figure {
	if l.Took == nil || l.Took.TotalCount() == 0 {
		return figure{}
	}
	n := float64(l.Took.TotalCount())
	due := math.Max(float64(l.Due), n)
	at := func(rank float64) float64 {
		switch rank = math.Floor(rank + 0.5); { // as the histogram itself rounds ranks
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
		f.why = "what never ended may have taken longer"
	}
	return f
}

func (d *Drain) figure() figure {
	switch {
	case d == nil:
		return figure{why: "nobody looked whether anything is held back"}
	case !d.Done: // longer than this, by how much nobody knows
		return figure{value: d.Took.Seconds(), least: d.Took.Seconds(), most: math.Inf(1), samples: 1, why: "it was given up before all was drained"}
	}
	return exactly(d.Took.Seconds(), 1)
}
