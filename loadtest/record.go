package loadtest

import (
	"slices"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"hongbao/loadtest/crowd"
	"hongbao/loadtest/judge"
	"hongbao/reference/wallet"
	"hongbao/reports"
)

// report converts a run into its record.
func (r *run) report(interrupted bool) reports.Run {
	interrupted = interrupted || r.counted.Interrupted
	l := &reports.Load{
		Target: r.Target.Name, Driver: "vegeta", Window: r.window.Name, PeakPerS: r.peak(), DurationS: r.window.End().Sub(r.window.Start).Seconds(), Shadow: true,
		Thresholds: []reports.Threshold{},
	}
	account(l, r.counted)
	l.Generator.Attackers = r.Attackers
	out := reports.Run{Strategy: string(r.crowd.Strategy()), Interrupted: interrupted, Metrics: r.metrics(), Refusals: r.refusals(), Load: l}
	out.Offered = grants(l).Offered
	out.Checks = r.checks(interrupted)
	if !interrupted {
		l.Audit = r.auditRecord()
		waits := r.waits()
		l.Visible = reports.LatencyOf(waits)
		l.Thresholds = r.thresholds(waits)
	}
	out.Windows = []reports.WindowStat{r.windowStat(l)}
	out.Comparison = r.comparison(l)
	out.Memory = []reports.Memory{{Part: "people and judge", Bytes: r.crowd.Bytes(), BytesPerGrant: float64(r.crowd.Bytes()) / float64(max(1, out.Offered.OK))}}
	reports.Conclude(&out)
	return out
}

// peak returns the highest rate of the window, in grants per second.
func (r *run) peak() (most float64) {
	for _, p := range r.window.Rate {
		most = max(most, float64(p.Rate.Num)/float64(p.Rate.Den))
	}
	return most
}

// checks returns the checks. In an interrupted run none passes, because missing records may have been in progress.
func (r *run) checks(interrupted bool) (out []reports.Check) {
	found := r.audit.Checks
	if interrupted = interrupted || found == nil; interrupted { // or never audited
		found = r.crowd.Oracle().Checks()
	}
	if !interrupted && !r.Keep {
		found = append(slices.Clone(found), r.audit.Untouched(r.Target.Shared), crowd.CleanedUp(r.left))
	}
	for _, c := range found {
		check := reports.Check{Name: c.Name, Spec: c.Spec, Result: reports.Verdict(c.Result), Evaluations: c.Evaluations, Violations: c.Violations, First: c.First, Worst: c.Worst}
		if interrupted && c.Violations == 0 {
			check.Result = reports.Unknown
		}
		out = append(out, check)
	}
	return out
}

// auditRecord returns the record of the audit.
func (r *run) auditRecord() reports.Audit {
	a := reports.Audit{PeopleRead: r.audit.Read, People: r.audit.People, LiveBefore: holdings(r.audit.LiveBefore), LiveAfter: holdings(r.audit.LiveAfter),
		ShadowBefore: holdings(r.audit.ShadowAfter), ShadowAfter: holdings(r.left)}
	switch {
	case r.audit.API && r.audit.Stores:
		a.Over = "api and stores"
	case r.audit.Stores:
		a.Over = "stores"
	case r.audit.API:
		a.Over = "api"
	}
	a.Unseen = r.crowd.Unseen(r.audit)
	if r.drained != nil {
		a.Drained, a.DrainedS = r.drained.Done, r.drained.Took.Seconds()
	}
	return a
}

func holdings(c *crowd.Counts) *reports.Holdings {
	if c == nil {
		return nil
	}
	return &reports.Holdings{Orders: c.Orders, Entries: c.Entries, ReservedFen: int64(c.Reserved)}
}

// waits returns the visible waits in microseconds; the oracle keeps them in milliseconds.
func (r *run) waits() *hdrhistogram.Histogram {
	const figures = 3
	in := r.crowd.Oracle().Waits()
	out := hdrhistogram.New(1, int64(24*time.Hour/time.Microsecond), figures)
	for _, bar := range in.Distribution() {
		if bar.Count > 0 {
			_ = out.RecordValues(bar.To*1000, bar.Count) // fails only above a day, the limit of the oracle's histogram
		}
	}
	return out
}

// thresholds compares the run with the scenario's thresholds.
func (r *run) thresholds(waits *hdrhistogram.Histogram) []reports.Threshold {
	m := measured(r.window.Name, r.counted)
	m.Drain, m.Visible = r.drained, judge.Latencies{Due: waits.TotalCount(), Took: waits}
	return judge.Judge(r.Scenario.Thresholds, m)
}

func (r *run) windowStat(l *reports.Load) reports.WindowStat {
	w := r.window
	s := reports.WindowStat{Name: w.Name, Play: string(w.Play), Stage: wallet.Official.String(), Start: r.counted.Started, End: r.counted.Started.Add(w.End().Sub(w.Start)),
		Peak: w.Peak, PeakTPS: busiestGrants(l), WaitMaxS: time.Duration(l.Visible.MaxUS * int64(time.Microsecond)).Seconds()}
	o := grants(l)
	s.Offered, s.OK, s.Refused, s.Failed = o.Sent, o.OK, o.Refused, o.Failed
	return s
}

// grants returns the counts of grants; zero if nothing was offered.
func grants(l *reports.Load) (none reports.Operation) {
	for _, o := range l.Operations {
		if o.Name == crowd.Kinds()[crowd.Grant] {
			return o
		}
	}
	return none
}

// busiestGrants returns the number of grants due in the busiest second.
func busiestGrants(l *reports.Load) int64 {
	if b := grants(l).Busiest; b != nil {
		return b.Offered
	}
	return 0
}

func (r *run) comparison(l *reports.Load) reports.Comparison {
	return reports.Comparison{VisibleWaitP50MS: l.Visible.P50US / 1000, VisibleWaitP99MS: l.Visible.P99US / 1000, VisibleWaitMaxMS: l.Visible.MaxUS / 1000,
		PostingDelayMaxMS: r.crowd.Oracle().MaxPostingDelay().Milliseconds(), OfferedPeakTPS: busiestGrants(l), Refused: l.Total().Refused,
		MoneyDifferenceFen: int64(r.audit.MoneyDifference)}
}

// refusals lists the answers that are not successes.
func (r *run) refusals() []reports.Refusal {
	out := []reports.Refusal{}
	for _, a := range r.crowd.Figures().Answers {
		if a.Reason != "ok" {
			out = append(out, reports.Refusal{Operation: a.Operation, Reason: a.Reason, Count: a.Count})
		}
	}
	return out
}

func (r *run) metrics() reports.Metrics {
	f := r.crowd.Figures()
	m := reports.Metrics{
		"withdrawals_with_nothing_to_ask": float64(f.NothingToAsk),
		"repeats_left_out":                float64(f.SkippedUnplanned),
		"tokens_not_kept":                 float64(f.TokensOverflowed),
		"lists_not_read":                  float64(r.audit.Unread),
		"lists_with_something_under_way":  float64(r.audit.Unsettled),
		"goroutines_max":                  float64(r.counted.Health.Goroutines),
	}
	for name, n := range map[string]int64{"nothing_to_use": f.NothingToUse, "nothing_to_send": f.NothingToSend, "nothing_to_open": f.NothingToOpen} {
		if n > 0 {
			m[name] = float64(n)
		}
	}
	for _, a := range f.Answers {
		if a.Reason == "ok" {
			m["answers_ok_"+a.Operation] = float64(a.Count)
		}
	}
	return m
}
