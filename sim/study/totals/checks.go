package totals

import (
	"fmt"
	"time"

	"hongbao/reports"
	"hongbao/scenarios"
)

// fans is how many times as often as ours plan one must read Redis for its fan-out to count as shown: it has a hundred
// keys to our one, and a run with failing calls may have some less.
const fans = 50

// checks judges the runs: ours for what it promises, the source's plans for their flaws. A comparison in which plan one
// looks clean does not offer the load that it is about.
func checks(runs []*run) []reports.Check {
	p := runs[our]
	length := int64(time.Duration(p.end) / time.Second)
	left, timeouts := p.left(scenarios.FaultTimeout)
	_, died := p.left(scenarios.FaultDown)
	_, crashes := p.left(scenarios.FaultCrash)
	late := lateAllowed(p.RunningTotal)
	return []reports.Check{
		check("ours-within-one-percent", "R1", p.samples, p.off, p.offFirst),
		check("ours-never-back", "R1", p.refreshes, p.back, p.backFirst),
		check("ours-never-above", "R5", p.samples, p.aboveSamples, p.aboveFirst),
		holds("ours-timeouts-leave-nothing", "R5", timeouts, left == 0, fmt.Sprintf("timeouts left an error of %.3f ppm", left)),
		check("ours-exact-after-repair", "R5", int64(p.Readers), int64(p.Readers)-p.exact,
			fmt.Sprintf("%d readers are not at the %d fen granted, the worst is off by %d", int64(p.Readers)-p.exact, int64(p.granted), int64(p.final))),
		holds("ours-outlives-the-primary", "R4", died, p.oldest(scenarios.FaultDown) <= late,
			fmt.Sprintf("while the primary was dead a reader showed a value of %v ago, %v are allowed", p.oldest(scenarios.FaultDown), late)),
		holds("ours-stores-agree", "R4", 1, p.agree, "primary and backup differ at the end"),
		check("first-read-has-a-value", "R3", opened(runs), openedEmpty(runs), "a reader let people in before it had a value"),
		check("hottest-key-bears-it", "R3", 2*length, runs[two].crowded+p.crowded,
			fmt.Sprintf("%d calls in a second on one key, which bears %v a second", max(runs[two].hottest, p.hottest), p.KeyRate)),
		holds("plan-one-fans-out", "R2", 1, runs[one].gets >= fans*p.gets, fmt.Sprintf("plan one read Redis %d times, ours %d times", runs[one].gets, p.gets)),
		holds("plan-one-goes-back", "R2", timeouts+died, runs[one].back > 0, "no reader of plan one went back"),
		flaw("plan-one-loses-timeouts", "R2", runs[one], scenarios.FaultTimeout, -1),
		flaw("plan-one-dies-with-its-redis", "R2", runs[one], scenarios.FaultDown, -promised),
		flaw("plan-two-loses-timeouts", "R3", runs[two], scenarios.FaultTimeout, -1),
		flaw("plan-two-counts-twice", "R3", runs[again], scenarios.FaultTimeout, 1),
		holds("plan-two-loses-crashes", "R3", crashes, runs[two].unrestored() <= -1,
			fmt.Sprintf("crashes left an error of %.3f ppm for good", runs[two].unrestored())),
	}
}

// lateAllowed is how old a value may be while the primary is dead: a reader reads once an interval and may lose one
// round to a call that had no answer from either store.
func lateAllowed(r *scenarios.RunningTotal) time.Duration { return 2*r.Interval + 4*r.Timeout }

func opened(runs []*run) (n int64) {
	for _, p := range runs {
		n += p.opened
	}
	return n
}

func openedEmpty(runs []*run) (n int64) {
	for _, p := range runs {
		n += p.openedEmpty
	}
	return n
}

// check is one check that was evaluated so often and violated so often.
func check(name, spec string, evaluations, violations int64, first string) reports.Check {
	c := reports.Check{Name: name, Spec: []string{spec}, Result: reports.Pass, Evaluations: evaluations, Violations: violations}
	switch {
	case violations > 0:
		c.Result, c.First = reports.Fail, first
	case evaluations == 0:
		c.Result = reports.Unknown
	}
	return c
}

// holds is a check of one statement, which nothing was evaluated for when the scenario has no round for it.
func holds(name, spec string, rounds int64, is bool, otherwise string) reports.Check {
	violations := int64(0)
	if rounds > 0 && !is {
		violations = 1
	}
	return check(name, spec, min(rounds, 1), violations, otherwise)
}

// flaw is a check that rounds with a fault leave an error, at least one of so many ppm, whose sign says which way.
func flaw(name, spec string, p *run, kind scenarios.FaultKind, least float64) reports.Check {
	left, rounds := p.left(kind)
	shows := least < 0 && left <= least || least > 0 && left >= least
	return holds(name, spec, rounds, shows, fmt.Sprintf("rounds of %s left an error of %.3f ppm", kind, left))
}
