package limits

import (
	"fmt"
	"strings"
	"time"

	"hongbao/reports"
	"hongbao/scenarios"
)

// errorPermille returns how far what passed was from what should have, both ways, in thousandths; outside the outage.
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

// overPermille returns how far the worst second was above the limit, in thousandths; outside the outage.
func (r result) overPermille() float64 {
	over := int64(0)
	for _, s := range r.seconds {
		if !s.outage {
			over = max(over, s.passed-r.limit)
		}
	}
	return 1000 * float64(over) / float64(max(r.limit, 1))
}

// outagePercent returns what passed during the outage, of what should have.
func (r result) outagePercent() float64 {
	var passed, ideal int64
	for _, s := range r.seconds {
		if s.outage {
			passed, ideal = passed+s.passed, ideal+r.ideal(s)
		}
	}
	return 100 * float64(passed) / float64(max(ideal, 1))
}

// evaluated returns how many requests the figures rest on.
func (r result) evaluated() (n int64) {
	for _, s := range r.seconds {
		n += s.offered
	}
	return n
}

func report(p *scenarios.Limits, all []design, results [][]result) reports.Study {
	s := reports.Study{Name: "limits", Title: "Limits over many instances", TitleZH: "多实例限流对比", Spec: []string{"L1", "L2"}}
	for _, c := range p.Cases {
		id := strings.ReplaceAll(c.Name, " ", "_")
		s.Columns = append(s.Columns,
			reports.StudyColumn{Name: id + "_error_permille", Title: "Error, " + c.Name + ", ‰", TitleZH: "误差（" + c.Name + "）‰"},
			reports.StudyColumn{Name: id + "_over_permille", Title: "Worst second over the limit, " + c.Name + ", ‰", TitleZH: "最差一秒超限（" + c.Name + "）‰"},
			reports.StudyColumn{Name: id + "_outage_percent", Title: "Passed in the outage, " + c.Name + ", %", TitleZH: "故障期放行（" + c.Name + "）%"},
			reports.StudyColumn{Name: id + "_calls_per_s", Title: "Calls to the count a second, " + c.Name, TitleZH: "每秒计数调用（" + c.Name + "）"})
	}
	by := map[string][]result{}
	for i, d := range all {
		row := reports.StudyDesign{Name: d.name, Title: d.title, TitleZH: d.titleZH}
		for _, r := range results[i] {
			row.Values = append(row.Values, r.errorPermille(), r.overPermille(), r.outagePercent(), float64(r.calls)/float64(max(1, len(r.seconds))))
		}
		s.Designs = append(s.Designs, row)
		by[d.name] = results[i]
	}
	s.Checks = checks(p, by)
	s.Verdict = combined(s.Checks)
	s.Notes = []string{
		fmt.Sprintf("%v of %d instances take %v of the requests.", p.Hot, p.Instances, p.HotTraffic),
		fmt.Sprintf("One key answers %d calls a second (R2), and none from %v for %v.", p.KeyRate.Num/p.KeyRate.Den, p.OutageFrom, p.OutageFor),
		"The error is what passed beyond or below what should have, second by second, outside the outage.",
		"An instance's share has a burst of one second, so the first second after a rest may pass twice its part.",
	}
	return s
}

// What ours must hold, in thousandths and percent.
const (
	maxErrorPermille = 20 // of the limit, while more is asked for than may pass
	minOutagePercent = 25 // what passes when the count is out: a limit that shuts everything is none
)

// checks judges ours, and that what the source says of the two simple ways shows.
func checks(p *scenarios.Limits, by map[string][]result) []reports.Check {
	ours, even, one := by["leased-or-share"], by["share"], by["counted"]
	limit := p.KeyRate.Num / p.KeyRate.Den
	var n, inexact, over, calls, shut, uneven, drowned int64
	for i, c := range p.Cases {
		r := ours[i]
		n += r.evaluated()
		inexact += reports.Broken(r.errorPermille() > maxErrorPermille)
		over += reports.Broken(r.overPermille() > 0)
		calls += reports.Broken(r.peak > limit)
		shut += reports.Broken(r.outagePercent() < minOutagePercent)
		uneven += reports.Broken(even[i].errorPermille() > 10*maxErrorPermille)
		busy := c.Offered.Num/c.Offered.Den > limit
		drowned += reports.Broken(busy && one[i].errorPermille() > 10*maxErrorPermille)
	}
	return []reports.Check{
		reports.NewCheck("ours-exact", "L2", n, inexact, "in %d cases the error is above %d‰", inexact, maxErrorPermille),
		reports.NewCheck("ours-never-over", "L2", n, over, "in %d cases more passed in a second than may", over),
		reports.NewCheck("ours-few-calls", "L2", n, calls, "in %d cases the key was asked more often than it answers", calls),
		reports.NewCheck("ours-open-in-outage", "L2", n, shut, "in %d cases less than %d%% passed while the count was out", shut, minOutagePercent),
		reports.NewCheck("share-is-inexact", "L2", n, reports.Broken(uneven == 0), "uneven traffic does no harm to total / instances in any case"),
		reports.NewCheck("count-drowns", "L2", n, reports.Broken(drowned == 0), "the count for each request keeps up in every case"),
	}
}

func combined(checks []reports.Check) reports.Verdict {
	all := make([]reports.Verdict, len(checks))
	for i, c := range checks {
		all[i] = c.Result
	}
	return reports.Combine(all...)
}

// perSecond returns a ratio's whole events in a time.
func perSecond(r scenarios.Ratio, in time.Duration) int64 {
	return r.Num * int64(in/time.Millisecond) / (r.Den * 1000)
}
