package limits

import (
	"fmt"
	"strings"
	"time"

	"hongbao/reports"
	"hongbao/scenarios"
	"hongbao/sim/study/tables"
)

// errorPermille returns Σ|passed − ideal| ÷ Σ ideal over the seconds outside the outage, in thousandths.
func (r result) errorPermille() float64 {
	var off, ideal int64
	for _, s := range r.seconds {
		if s.outage {
			continue
		}
		off += max(s.passed-r.ideal(s), r.ideal(s)-s.passed)
		ideal += r.ideal(s)
	}
	return 1000 * float64(off) / float64(max(ideal, 1))
}

// overPermille returns the largest excess over the limit in one second outside the outage, in thousandths of the limit.
func (r result) overPermille() float64 {
	over := int64(0)
	for _, s := range r.seconds {
		if !s.outage {
			over = max(over, s.passed-r.limit)
		}
	}
	return 1000 * float64(over) / float64(max(r.limit, 1))
}

// outagePercent returns Σ passed ÷ Σ ideal over the seconds of the outage, in percent.
func (r result) outagePercent() float64 {
	var passed, ideal int64
	for _, s := range r.seconds {
		if s.outage {
			passed, ideal = passed+s.passed, ideal+r.ideal(s)
		}
	}
	return 100 * float64(passed) / float64(max(ideal, 1))
}

// callsPerSecond returns the mean number of calls to the shared counter.
func (r result) callsPerSecond() float64 { return float64(r.calls) / float64(max(1, len(r.seconds))) }

// evaluated returns the number of requests in the figures.
func (r result) evaluated() (n int64) {
	for _, s := range r.seconds {
		n += s.offered
	}
	return n
}

func report(p *scenarios.Limits, all []design, results [][]result) reports.Study {
	col := tables.NewColumn[[]result]
	var columns []tables.Column[[]result]
	for i, c := range p.Cases {
		id := strings.ReplaceAll(c.Name, " ", "_")
		columns = append(columns,
			col(id+"_error_permille", "Error, "+c.Name+", ‰", "误差（"+c.Name+"）‰", func(all []result) float64 { return all[i].errorPermille() }),
			col(id+"_over_permille", "Worst second over the limit, "+c.Name+", ‰", "最差一秒超限（"+c.Name+"）‰", func(all []result) float64 { return all[i].overPermille() }),
			col(id+"_outage_percent", "Passed in the outage, "+c.Name+", %", "故障期放行（"+c.Name+"）%", func(all []result) float64 { return all[i].outagePercent() }),
			col(id+"_calls_per_s", "Counter calls a second, "+c.Name, "每秒计数调用（"+c.Name+"）", func(all []result) float64 { return all[i].callsPerSecond() }))
	}
	s := tables.New(reports.Study{Name: "limits", Title: "Limits over many instances", TitleZH: "多实例限流对比", Spec: []string{"L1", "L2"}, Notes: []string{
		fmt.Sprintf("%v of the %d instances receive %v of the requests.", p.Hot, p.Instances, p.HotTraffic),
		fmt.Sprintf("One key answers %d calls a second (R2), and none from %v for %v.", p.KeyRate.Num/p.KeyRate.Den, p.OutageFrom, p.OutageFor),
		"The error is the difference between the requests that passed and those that should have passed, summed over all seconds outside the outage.",
		"An instance's share has a burst of one second, so in the first second after idle time up to twice the share may pass.",
	}}, columns)
	by := map[string][]result{}
	for i, d := range all {
		s.Add(d.name, d.title, d.titleZH, results[i])
		by[d.name] = results[i]
	}
	return s.Study(checks(p, by))
}

// Bounds for our design.
const (
	maxErrorPermille = 20 // of the ideal number of requests, in thousandths
	minOutagePercent = 25 // of the ideal number during the outage: a limiter that refuses everything is not acceptable
)

// checks checks our design, and that the flaws of the two simple designs occur.
func checks(p *scenarios.Limits, by map[string][]result) []reports.Check {
	ours, even, one := by["leased-or-share"], by["share"], by["counted"]
	limit := p.KeyRate.Num / p.KeyRate.Den
	var n, inexact, over, calls, shut, uneven, overloaded int64
	for i, c := range p.Cases {
		r := ours[i]
		n += r.evaluated()
		inexact += reports.Broken(r.errorPermille() > maxErrorPermille)
		over += reports.Broken(r.overPermille() > 0)
		calls += reports.Broken(r.peak > limit)
		shut += reports.Broken(r.outagePercent() < minOutagePercent)
		uneven += reports.Broken(even[i].errorPermille() > 10*maxErrorPermille)
		busy := c.Offered.Num/c.Offered.Den > limit
		overloaded += reports.Broken(busy && one[i].errorPermille() > 10*maxErrorPermille)
	}
	return []reports.Check{
		reports.NewCheck("ours-exact", "L2", n, inexact, "in %d cases the error is above %d‰", inexact, maxErrorPermille),
		reports.NewCheck("ours-never-over", "L2", n, over, "in %d cases a second is above the limit", over),
		reports.NewCheck("ours-few-calls", "L2", n, calls, "in %d cases the key received more calls a second than it answers", calls),
		reports.NewCheck("ours-open-in-outage", "L2", n, shut, "in %d cases less than %d%% passed during the outage of the counter", shut, minOutagePercent),
		reports.NewCheck("share-is-inexact", "L2", n, reports.Broken(uneven == 0), "total / instances is exact in every case, despite the uneven traffic"),
		reports.NewCheck("count-drowns", "L2", n, reports.Broken(overloaded == 0), "one counter call per request keeps up in every case"),
	}
}

// perSecond returns the number of events of rate r within in, rounded down.
func perSecond(r scenarios.Ratio, in time.Duration) int64 {
	return r.Num * int64(in/time.Millisecond) / (r.Den * 1000)
}
