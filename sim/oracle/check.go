package oracle

import (
	"fmt"

	"hongbao/reference/wallet"
)

// The results of a check. One that was never evaluated is unknown, not passed.
const (
	Pass    = "pass"
	Fail    = "fail"
	Unknown = "unknown"
)

// Check is one thing that must be true, how often it was looked at and how often it was not.
type Check struct {
	Name        string
	Spec        []string // SPEC ids
	Result      string   // Pass, Fail or Unknown
	Evaluations int64
	Violations  int64
	First       string // the first violation, in words
	Worst       string // the one with the most money at stake
}

// rule numbers the checks.
type rule int

const (
	orderOnce rule = iota
	noOverIssuance
	budgetAccuracy
	nothingLost
	zeroSum
	userView
	withdrawWhole
	phaseIsolation
	stateMachine
	reconciled
	rewardOnce
	stockNeverOver
	rewardUseOnce
	packetExact
	rules
)

// describe returns a rule's name and the SPEC ids that it proves.
func (r rule) describe() (string, []string) {
	switch r {
	case orderOnce:
		return "order-once", []string{"O3", "B2"}
	case noOverIssuance:
		return "no-over-issuance", []string{"C6", "F2"}
	case budgetAccuracy:
		return "budget-accuracy", []string{"C6"}
	case nothingLost:
		return "nothing-lost", []string{"O5", "T4"}
	case zeroSum:
		return "zero-sum", []string{"F1"}
	case userView:
		return "user-view", []string{"T5", "P1"}
	case withdrawWhole:
		return "withdraw-whole", []string{"T6", "B7"}
	case phaseIsolation:
		return "phase-isolation", []string{"A1", "A2"}
	case stateMachine:
		return "state-machine", []string{"T4"}
	case rewardOnce:
		return "reward-once", []string{"O3", "B4", "O5"}
	case stockNeverOver:
		return "stock-never-over", []string{"C3", "C5"}
	case rewardUseOnce:
		return "reward-use-once", []string{"P3", "B5"}
	case packetExact:
		return "packet-exact", []string{"P4", "F1"}
	default:
		return "reconciled", []string{"F3", "F4", "F5"}
	}
}

// tally is what one rule came to so far.
type tally struct {
	evaluations, violations int64
	first, worst            string
	stake                   wallet.Money // of worst
}

// saw counts evaluations of a rule.
func (o *Oracle) saw(r rule, n int64) { o.tallies[r].evaluations += n }

// fail counts a violation of a rule with so much money at stake. Words are made only for the two that are kept.
func (o *Oracle) fail(r rule, stake wallet.Money, format string, args ...any) {
	t := &o.tallies[r]
	t.violations++
	if t.first != "" && stake <= t.stake {
		return
	}
	words := fmt.Sprintf(format, args...)
	if t.first == "" {
		t.first = words
	}
	if t.worst == "" || stake > t.stake {
		t.worst, t.stake = words, stake
	}
}

// concern says whether the rule is about something that the run has: a check of nothing is no check.
func (o *Oracle) concern(r rule) bool {
	switch r {
	case rewardOnce, rewardUseOnce:
		return o.cfg.Rewards
	case stockNeverOver:
		return o.cfg.Rewards && !o.cfg.Unstocked && o.hasStock()
	case packetExact:
		return o.cfg.Packets
	}
	return true
}

// Checks returns all checks of what the run has, always in the same order.
func (o *Oracle) Checks() []Check {
	var out []Check
	for r := range rules {
		if !o.concern(r) {
			continue
		}
		t := o.tallies[r]
		name, spec := r.describe()
		c := Check{name, spec, Pass, t.evaluations, t.violations, t.first, t.worst}
		switch {
		case t.violations > 0:
			c.Result = Fail
		case t.evaluations == 0:
			c.Result = Unknown
		}
		out = append(out, c)
	}
	return out
}

// Violations returns how many violations there are over all checks.
func (o *Oracle) Violations() int64 {
	var n int64
	for _, t := range o.tallies {
		n += t.violations
	}
	return n
}
