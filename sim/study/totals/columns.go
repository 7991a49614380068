package totals

import (
	"fmt"
	"time"

	"hongbao/scenarios"
	"hongbao/sim/study/tables"
)

func columns() []tables.Column[*run] {
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	left := func(kind scenarios.FaultKind) func(*run) float64 {
		return func(p *run) float64 {
			ppm, _ := p.left(kind)
			return ppm
		}
	}
	at := tables.NewColumn[*run]
	return []tables.Column[*run]{
		at("error_max_ppm", "Largest error shown, ppm", "最大误差 ppm", func(p *run) float64 { return p.errorMax }),
		at("error_end_ppm", "Error at the end, ppm", "最终误差 ppm", func(p *run) float64 { return share(p.final, p.granted) }),
		at("above_max_ppm", "Largest excess over the true total, ppm", "高于真值 ppm", func(p *run) float64 { return p.above }),
		at("backward_steps", "Decreases at one instance", "实例回退次数", func(p *run) float64 { return float64(p.decreases) }),
		at("roaming_back_ppm", "Decreases between reads at different instances, ppm", "跨实例读回退 ppm",
			func(p *run) float64 { return perMillion(p.roamingDecreases, p.roamingReads) }),
		at("get_qps", "Redis reads a second", "Redis 读 QPS", func(p *run) float64 { return perSecond(p.gets, time.Duration(p.end)) }),
		at("write_qps", "Redis writes a second", "Redis 写 QPS", func(p *run) float64 { return perSecond(p.writes, p.takes()) }),
		at("hot_key_qps", "Hottest key, calls in its busiest second", "最热 key QPS", func(p *run) float64 { return float64(p.hottest) }),
		at("gets_per_1000_reads", "Redis reads per 1,000 reads by people", "每千次读的 Redis 读", func(p *run) float64 {
			return 1000 * perSecond(p.gets, time.Duration(p.end)) * float64(p.Reads.Den) / float64(p.Reads.Num)
		}),
		at("first_value_ms", "Longest wait for the first value, ms", "首值等待 ms", func(p *run) float64 { return ms(p.firstValue) }),
		at("stale_max_ms", "Oldest value shown, primary up, ms", "最旧数据 ms", func(p *run) float64 { return ms(p.stale) }),
		at("timeouts_left_ppm", "Error left by timeouts, ppm", "超时遗留误差 ppm", left(scenarios.FaultTimeout)),
		at("death_stale_ms", "Oldest value shown, primary down, ms", "主库宕机最旧数据 ms", func(p *run) float64 { return ms(p.oldest(scenarios.FaultDown)) }),
		at("death_left_ppm", "Error left by the primary's failure, ppm", "主库宕机遗留误差 ppm", left(scenarios.FaultDown)),
		at("crash_lost_ppm", "Error left by crashes, before repair, ppm", "实例崩溃丢失（修复前）ppm", left(scenarios.FaultCrash)),
		at("crash_left_ppm", "Error left by crashes, after repair, ppm", "实例崩溃丢失（修复后）ppm", (*run).unrestored),
	}
}

// unrestored returns the error that crashes left after all repairs, in ppm.
func (p *run) unrestored() float64 {
	lost, rounds := p.left(scenarios.FaultCrash)
	if rounds == 0 {
		return 0
	}
	return lost + share(p.final-p.unrepaired, p.granted)
}

// takes returns the total duration of the grants.
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

// notes returns the explanations below the table.
func notes(r *scenarios.RunningTotal) []string {
	perInterval := float64(r.Writes.Num) / float64(r.Writes.Den) * r.Interval.Seconds()
	out := []string{
		fmt.Sprintf("%d writers, %d readers, %.0f grants and %.0f reads a second; each instance flushes or reads once every %v; %v were granted before the first round.",
			r.Writers, r.Readers, float64(r.Writes.Num)/float64(r.Writes.Den), float64(r.Reads.Num)/float64(r.Reads.Den), r.Interval, r.Before),
		fmt.Sprintf("A value is late by up to two intervals, which is %.0f grants: an error of at most 1%% is promised from a total of a hundred times these grants on.", 2*perInterval),
		"An error that is left has a sign: below zero, granted money is missing in the total.",
		"Plan one: a reader's sum omits a key that does not answer. If the reader kept its old sum instead, the sum would be stale while one of the hundred keys is slow.",
		"Plan two: writers write primary and backup. The task that synchronizes them runs only while nothing is granted; at other times it would treat open writes as missing.",
		"Ours: a report counts as one call, because the limit of a key is in calls. A report is a script; its time in Redis is about 2.5 times that of an INCRBY (BenchmarkTotals).",
		"People who read at different instances see the difference between them, in any plan. Therefore a page shows the larger of two values.",
	}
	for _, round := range r.Rounds {
		out = append(out, round.String()+".")
	}
	return out
}
