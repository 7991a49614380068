package totals

import (
	"fmt"
	"time"

	"hongbao/reports"
	"hongbao/scenarios"
)

// column is one figure of a design.
type column struct {
	reports.StudyColumn
	of func(*run) float64
}

func columns() []column {
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	left := func(kind scenarios.FaultKind) func(*run) float64 {
		return func(p *run) float64 {
			ppm, _ := p.left(kind)
			return ppm
		}
	}
	at := func(name, title, titleZH string, of func(*run) float64) column {
		return column{reports.StudyColumn{Name: name, Title: title, TitleZH: titleZH}, of}
	}
	return []column{
		at("error_max_ppm", "Largest error shown, ppm", "最大误差 ppm", func(p *run) float64 { return p.errorMax }),
		at("error_end_ppm", "Error at the end, ppm", "最终误差 ppm", func(p *run) float64 { return share(p.final, p.granted) }),
		at("above_max_ppm", "Most shown above the truth, ppm", "高于真值 ppm", func(p *run) float64 { return p.above }),
		at("backward_steps", "Times an instance went back", "实例回退次数", func(p *run) float64 { return float64(p.back) }),
		at("roaming_back_ppm", "Reads that went back, another instance each time, ppm", "跨实例读回退 ppm",
			func(p *run) float64 { return perMillion(p.roamedBack, p.roamed) }),
		at("get_qps", "Redis reads a second", "Redis 读 QPS", func(p *run) float64 { return perSecond(p.gets, time.Duration(p.end)) }),
		at("write_qps", "Redis writes a second", "Redis 写 QPS", func(p *run) float64 { return perSecond(p.writes, p.takes()) }),
		at("hot_key_qps", "Hottest key, calls in its busiest second", "最热 key QPS", func(p *run) float64 { return float64(p.hottest) }),
		at("gets_per_1000_reads", "Redis reads for 1,000 reads by people", "每千次读的 Redis 读", func(p *run) float64 {
			return 1000 * perSecond(p.gets, time.Duration(p.end)) * float64(p.Reads.Den) / float64(p.Reads.Num)
		}),
		at("first_value_ms", "Longest wait for the first value, ms", "首值等待 ms", func(p *run) float64 { return ms(p.firstValue) }),
		at("stale_max_ms", "Oldest value shown, primary alive, ms", "最旧数据 ms", func(p *run) float64 { return ms(p.stale) }),
		at("timeouts_left_ppm", "Error that timeouts leave, ppm", "超时遗留误差 ppm", left(scenarios.FaultTimeout)),
		at("death_stale_ms", "Oldest value shown, primary dead, ms", "主库宕机最旧数据 ms", func(p *run) float64 { return ms(p.oldest(scenarios.FaultDown)) }),
		at("death_left_ppm", "Error that the primary's death leaves, ppm", "主库宕机遗留误差 ppm", left(scenarios.FaultDown)),
		at("crash_lost_ppm", "Lost with crashed instances until repaired, ppm", "实例崩溃丢失（修复前）ppm", left(scenarios.FaultCrash)),
		at("crash_left_ppm", "The same after repair, ppm", "实例崩溃丢失（修复后）ppm", (*run).unrestored),
	}
}

// unrestored returns what crashes have left behind when everything was repaired that can be, in ppm.
func (p *run) unrestored() float64 {
	lost, rounds := p.left(scenarios.FaultCrash)
	if rounds == 0 {
		return 0
	}
	return lost + share(p.final-p.unrepaired, p.granted)
}

// takes returns how long grants are made.
func (p *run) takes() (all time.Duration) {
	for _, r := range p.Rounds {
		all += r.Takes
	}
	return all
}

func perSecond(n int64, d time.Duration) float64 { return float64(n) / d.Seconds() }

func perMillion(n, of int64) float64 {
	if of == 0 {
		return 0
	}
	return float64(n) * 1e6 / float64(of)
}

// notes says what a reader of the table must know.
func notes(r *scenarios.RunningTotal) []string {
	perInterval := float64(r.Writes.Num) / float64(r.Writes.Den) * r.Interval.Seconds()
	out := []string{
		fmt.Sprintf("%d writers, %d readers, %.0f grants and %.0f reads a second, one flush and one read an instance every %v; before the first round %v were granted.",
			r.Writers, r.Readers, float64(r.Writes.Num)/float64(r.Writes.Den), float64(r.Reads.Num)/float64(r.Reads.Den), r.Interval, r.Before),
		fmt.Sprintf("A value is late by up to two intervals, %.0f grants: an error of 1%% or less is promised from a total of a hundred times their worth on.", 2*perInterval),
		"Errors are signed where they are what is left: below zero, money was granted and is not in the total.",
		"Plan one: a key that does not answer is left out of a reader's sum. Where the sum were kept instead, it would not be fresh as long as one key in a hundred is slow.",
		"Plan two: primary and backup are both written, and the task that makes them agree runs when nothing is granted; at any other time it would take for missing what is under way.",
		"Ours: a report counts as one call, as the limit of a key counts calls. It is a script, and takes Redis itself about two and a half times as long as an INCRBY (BenchmarkTotals).",
		"People who ask another instance each time see what the two differ by, in any plan: a page keeps the larger of two values.",
	}
	for _, round := range r.Rounds {
		out = append(out, round.String()+".")
	}
	return out
}
