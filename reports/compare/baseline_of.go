package compare

import (
	"fmt"
	"strconv"

	"hongbao/reports"
	"hongbao/reports/text"
)

// The floors: a change of a figure counts only above its floor, in the unit of the figure. Then the fewest samples of a
// quantile.
const (
	floorUS       = 100   // of a latency: smaller changes come from schedulers and clocks
	floorCPUUS    = 1     // of CPU time per operation
	floorDrainS   = 0.5   // of the drain time, which is polled a few times per second
	floorShare    = 0.001 // of a share: one operation in MaxUnsentInverse
	samplesForP50 = 100
	samplesForP99 = 1000
)

// BaselineOf returns the baseline of r. An error: r has no run, or was interrupted.
func BaselineOf(r *reports.Record) (*Baseline, error) {
	if len(r.Runs) == 0 || r.Interrupted {
		return nil, fmt.Errorf("%w: the run of %s was interrupted or has no results", errBaseline, text.Quote(r.Scenario.Name))
	}
	b := &Baseline{Schema: baselineSchema, Kind: r.Kind, Scenario: r.Scenario.Name, SHA256: r.Scenario.SHA256,
		Environment: r.Environment, Commit: r.Commit, Runs: len(r.Runs)}
	for _, c := range r.Checks {
		b.Checks = append(b.Checks, Outcome{c.Name, c.Result})
	}
	if r.Kind == "sim" {
		b.ofSimulation(r)
	} else {
		b.ofLoad(r)
	}
	return b, b.validate()
}

func (b *Baseline) set(name, value string) { b.Setting = append(b.Setting, Setting{name, value}) }

func (b *Baseline) ofSimulation(r *reports.Record) {
	b.Digest, b.Runs = r.Digest, 1
	b.set("scale", r.Scenario.Scale)
	b.set("crypto", r.Scenario.Crypto)
	b.set("seed", strconv.FormatUint(r.Seed, 10))
	for _, run := range r.Runs {
		b.set("strategy", run.Strategy)
		c := run.Comparison
		for _, f := range []struct {
			name   string
			value  int64
			better string
		}{
			{"visible_wait_p50_ms", c.VisibleWaitP50MS, lower}, {"visible_wait_p99_ms", c.VisibleWaitP99MS, lower},
			{"visible_wait_max_ms", c.VisibleWaitMaxMS, lower}, {"posting_delay_max_ms", c.PostingDelayMaxMS, lower},
			{"posted_peak_tps", c.PostedPeakTPS, higher}, {"ledger_instances_needed", c.LedgerInstancesNeeded, lower},
			{"backlog_peak", c.BacklogPeak, lower}, {"refused", c.Refused, lower}, {"money_difference_fen", c.MoneyDifferenceFen, lower},
		} {
			b.Figures = append(b.Figures, Figure{Name: run.Strategy + " " + f.name, Better: f.better, Exact: true, Values: []float64{float64(f.value)}})
		}
	}
}

func (b *Baseline) ofLoad(r *reports.Record) {
	first := r.Runs[0].Load
	b.set("strategy", r.Runs[0].Strategy)
	b.set("driver", first.Driver)
	b.set("window", first.Window)
	b.set("peak_per_s", text.Figure(first.PeakPerS))
	b.set("duration_s", text.Figure(first.DurationS))
	b.set("embedded", strconv.FormatBool(first.Target == "embedded"))
	b.set("marked", strconv.FormatBool(first.Shadow))
	for i := range r.Runs {
		l := r.Runs[i].Load
		if doubts := l.Doubts(); len(doubts) > 0 && b.Doubt == "" {
			b.Doubt = doubts[0].EN
		}
		sum := l.Total()
		sent := float64(max(sum.Sent, 1))
		b.add(Figure{Name: "ok_per_s", Better: higher}, float64(sum.OK)/max(l.DurationS, 1e-9), l.DurationS > 0)
		b.add(Figure{Name: "unsent_ratio", Better: lower, Floor: floorShare, Share: true}, float64(sum.Unsent)/float64(max(sum.Scheduled, 1)), sum.Scheduled > 0)
		b.add(Figure{Name: "error_ratio", Better: lower, Floor: floorShare, Share: true}, float64(sum.Failed+sum.InFlight)/sent, sum.Sent > 0)
		b.add(Figure{Name: "refused_ratio", Better: lower, Floor: floorShare, Share: true}, float64(sum.Refused)/sent, sum.Sent > 0)
		for _, o := range l.Operations {
			c := o.Corrected
			b.add(Figure{Name: o.Name + " p50_us", Better: lower, Floor: floorUS}, float64(c.P50US), c.Samples >= samplesForP50)
			b.add(Figure{Name: o.Name + " p99_us", Better: lower, Floor: floorUS}, float64(c.P99US), c.Samples >= samplesForP99)
		}
		b.add(Figure{Name: Deciding, Better: lower, Floor: floorCPUUS}, l.Generator.CPUS*1e6/sent, sum.Sent > 0 && l.Generator.CPUS > 0)
		b.add(Figure{Name: "drained_s", Better: lower, Floor: floorDrainS}, l.Audit.DrainedS, l.Audit.Drained)
	}
	complete := b.Figures[:0]
	for _, f := range b.Figures {
		if len(f.Values) == len(r.Runs) { // a figure that a repeat does not have is dropped
			complete = append(complete, f)
		}
	}
	b.Figures = complete
}

// add appends the value of a run to the figure with f's name, or adds f. It does nothing if the value is not known.
func (b *Baseline) add(f Figure, value float64, known bool) {
	if !known {
		return
	}
	if old := b.figure(f.Name); old != nil {
		old.Values = append(old.Values, value)
		return
	}
	f.Values = []float64{value}
	b.Figures = append(b.Figures, f)
}
