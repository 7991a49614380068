package totals

import (
	"fmt"
	"time"

	"hongbao/reports"
	"hongbao/scenarios"
)

// minFanOut is the minimum ratio of plan one's Redis reads to ours. Plan one has a hundred keys and our design has one; failing
// calls lower the ratio.
const minFanOut = 50

// checks checks the runs: our design for its promises, and the source's plans for their flaws. If plan one shows no flaw, the
// load of the comparison is too low.
func checks(runs []*run) []reports.Check {
	p := runs[our]
	length := int64(time.Duration(p.end) / time.Second)
	left, timeouts := p.left(scenarios.FaultTimeout)
	_, died := p.left(scenarios.FaultDown)
	_, crashes := p.left(scenarios.FaultCrash)
	late := lateAllowed(p.RunningTotal)
	return []reports.Check{
		check("ours-within-one-percent", "R1", p.samples, p.off, p.offFirst),
		check("ours-never-back", "R1", p.refreshes, p.decreases, p.decreaseFirst),
		check("ours-never-above", "R5", p.samples, p.aboveSamples, p.aboveFirst),
		holds("ours-timeouts-leave-nothing", "R5", timeouts, left == 0, fmt.Sprintf("timeouts left an error of %.3f ppm", left)),
		check("ours-exact-after-repair", "R5", int64(p.Readers), int64(p.Readers)-p.exact,
			fmt.Sprintf("%d readers do not show the %d fen granted; the largest error is %d fen", int64(p.Readers)-p.exact, int64(p.granted), int64(p.final))),
		holds("ours-outlives-the-primary", "R4", died, p.oldest(scenarios.FaultDown) <= late,
			fmt.Sprintf("while the primary was down a reader showed a value of age %v; %v is allowed", p.oldest(scenarios.FaultDown), late)),
		holds("ours-stores-agree", "R4", 1, p.agree, "primary and backup differ at the end"),
		check("first-read-has-a-value", "R3", opened(runs), openedEmpty(runs), "a reader answered people before it had a value"),
		check("hottest-key-bears-it", "R3", 2*length, runs[two].overloaded+p.overloaded,
			fmt.Sprintf("%d calls in a second on one key, whose limit is %v a second", max(runs[two].hottest, p.hottest), p.KeyRate)),
		holds("plan-one-fans-out", "R2", 1, runs[one].gets >= minFanOut*p.gets, fmt.Sprintf("plan one read Redis %d times, ours %d times", runs[one].gets, p.gets)),
		holds("plan-one-goes-back", "R2", timeouts+died, runs[one].decreases > 0, "no reader of plan one showed a lower value than before"),
		flaw("plan-one-loses-timeouts", "R2", runs[one], scenarios.FaultTimeout, -1),
		flaw("plan-one-dies-with-its-redis", "R2", runs[one], scenarios.FaultDown, -promised),
		flaw("plan-two-loses-timeouts", "R3", runs[two], scenarios.FaultTimeout, -1),
		flaw("plan-two-counts-twice", "R3", runs[twoRetry], scenarios.FaultTimeout, 1),
		holds("plan-two-loses-crashes", "R3", crashes, runs[two].unrestored() <= -1,
			fmt.Sprintf("crashes left a permanent error of %.3f ppm", runs[two].unrestored())),
	}
}

// lateAllowed returns the maximum age of a value while the primary is down. A reader reads once per interval, and may lose one
// interval to a call without an answer from either store.
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

// check returns one check. Without evaluations and violations its result is unknown.
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

// holds returns a check of one statement. It is unknown if the scenario has no round for it.
func holds(name, spec string, rounds int64, is bool, otherwise string) reports.Check {
	violations := int64(0)
	if rounds > 0 && !is {
		violations = 1
	}
	return check(name, spec, min(rounds, 1), violations, otherwise)
}

// flaw returns a check that the rounds with a fault leave an error of at least |least| ppm with the sign of least.
func flaw(name, spec string, p *run, kind scenarios.FaultKind, least float64) reports.Check {
	left, rounds := p.left(kind)
	shows := least < 0 && left <= least || least > 0 && left >= least
	return holds(name, spec, rounds, shows, fmt.Sprintf("rounds of %s left an error of %.3f ppm", kind, left))
}
