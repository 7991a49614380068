package totals

import (
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
	all, empty := opened(runs)
	return []reports.Check{
		reports.NewCheck("ours-within-one-percent", "R1", p.samples, p.off, "%s", p.offFirst),
		reports.NewCheck("ours-never-back", "R1", p.refreshes, p.decreases, "%s", p.decreaseFirst),
		reports.NewCheck("ours-never-above", "R5", p.samples, p.aboveSamples, "%s", p.aboveFirst),
		holds("ours-timeouts-leave-nothing", "R5", timeouts, left == 0, "timeouts left an error of %.3f ppm", left),
		reports.NewCheck("ours-exact-after-repair", "R5", int64(p.Readers), int64(p.Readers)-p.exact,
			"%d readers do not show the %d fen granted; the largest error is %d fen", int64(p.Readers)-p.exact, int64(p.granted), int64(p.final)),
		holds("ours-outlives-the-primary", "R4", died, p.oldest(scenarios.FaultDown) <= late,
			"while the primary was down a reader showed a value of age %v; %v is allowed", p.oldest(scenarios.FaultDown), late),
		holds("ours-stores-agree", "R4", 1, p.agree, "primary and backup differ at the end"),
		reports.NewCheck("first-read-has-a-value", "R3", all, empty, "a reader answered people before it had a value"),
		reports.NewCheck("hottest-key-bears-it", "R3", 2*length, runs[two].overloaded+p.overloaded,
			"%d calls in a second on one key, whose limit is %v a second", max(runs[two].hottest, p.hottest), p.KeyRate),
		holds("plan-one-fans-out", "R2", 1, runs[one].gets >= minFanOut*p.gets, "plan one read Redis %d times, ours %d times", runs[one].gets, p.gets),
		holds("plan-one-goes-back", "R2", timeouts+died, runs[one].decreases > 0, "no reader of plan one showed a lower value than before"),
		flaw("plan-one-loses-timeouts", "R2", runs[one], scenarios.FaultTimeout, -1),
		flaw("plan-one-dies-with-its-redis", "R2", runs[one], scenarios.FaultDown, -promised),
		flaw("plan-two-loses-timeouts", "R3", runs[two], scenarios.FaultTimeout, -1),
		flaw("plan-two-counts-twice", "R3", runs[twoRetry], scenarios.FaultTimeout, 1),
		holds("plan-two-loses-crashes", "R3", crashes, runs[two].unrestored() <= -1,
			"crashes left a permanent error of %.3f ppm", runs[two].unrestored()),
	}
}

// lateAllowed returns the maximum age of a value while the primary is down. A reader reads once per interval, and may lose one
// interval to a call without an answer from either store.
func lateAllowed(r *scenarios.RunningTotal) time.Duration { return 2*r.Interval + 4*r.Timeout }

// opened returns the number of readers that began to answer people, and of those without a value.
func opened(runs []*run) (all, empty int64) {
	for _, p := range runs {
		all += p.opened
		empty += p.openedEmpty
	}
	return all, empty
}

// holds returns a check of one statement; otherwise and args say what is true instead. The check is unknown if the scenario has
// no round for it.
func holds(name, spec string, rounds int64, is bool, otherwise string, args ...any) reports.Check {
	return reports.NewCheck(name, spec, min(rounds, 1), reports.Broken(!is), otherwise, args...)
}

// flaw returns a check that the rounds with a fault leave an error of at least |least| ppm with the sign of least.
func flaw(name, spec string, p *run, kind scenarios.FaultKind, least float64) reports.Check {
	left, rounds := p.left(kind)
	shows := least < 0 && left <= least || least > 0 && left >= least
	return holds(name, spec, rounds, shows, "rounds of %s left an error of %.3f ppm", kind, left)
}
