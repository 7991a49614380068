package oracle

import (
	"fmt"

	"hongbao/reference/wallet"
)

// The results of a check. A check that was never evaluated is unknown, not passed.
const (
	Pass    = "pass"
	Fail    = "fail"
	Unknown = "unknown"
)

// Check is one invariant, with the number of its evaluations and violations.
type Check struct {
	Name        string
	Spec        []string // SPEC ids
	Result      string   // Pass, Fail or Unknown
	Evaluations int64
	Violations  int64
	First       string // the message of the first violation
	Worst       string // the message of the violation with the most money at stake
}

// checkID numbers the checks.
type checkID int

const (
	orderOnce checkID = iota
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
	checkCount
)

// describe returns a check's name and the SPEC ids that it proves.
func (id checkID) describe() (string, []string) {
	switch id {
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

// tally is the state of one check.
type tally struct {
	evaluations, violations int64
	first, worst            string
	stake                   wallet.Money // of worst
}

// evaluated counts n evaluations of a check.
func (o *Oracle) evaluated(id checkID, n int64) { o.tallies[id].evaluations += n }

// fail counts a violation of a check with the amount at stake. The message is formatted only if it is kept as first or worst.
func (o *Oracle) fail(id checkID, stake wallet.Money, format string, args ...any) {
	t := &o.tallies[id]
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

// concern reports whether the run has what the check is about. A check without a subject is not listed.
func (o *Oracle) concern(id checkID) bool {
	switch id {
	case rewardOnce, rewardUseOnce:
		return o.cfg.Rewards
	case stockNeverOver:
		return o.cfg.Rewards && !o.cfg.Unstocked && o.hasStock()
	case packetExact:
		return o.cfg.Packets
	}
	return true
}

// Checks returns the checks that concern the run, always in the same order.
func (o *Oracle) Checks() []Check {
	var out []Check
	for r := range checkCount {
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

// Violations returns the number of violations over all checks.
func (o *Oracle) Violations() int64 {
	var n int64
	for _, t := range o.tallies {
		n += t.violations
	}
	return n
}
