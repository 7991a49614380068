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

// checks returns every check by its id, without a result.
func checks() [checkCount]Check {
	return [checkCount]Check{
		orderOnce:      {Name: "order-once", Spec: []string{"O3", "B2"}},
		noOverIssuance: {Name: "no-over-issuance", Spec: []string{"C6", "F2"}},
		budgetAccuracy: {Name: "budget-accuracy", Spec: []string{"C6"}},
		nothingLost:    {Name: "nothing-lost", Spec: []string{"O5", "T4"}},
		zeroSum:        {Name: "zero-sum", Spec: []string{"F1"}},
		userView:       {Name: "user-view", Spec: []string{"T5", "P1"}},
		withdrawWhole:  {Name: "withdraw-whole", Spec: []string{"T6", "B7"}},
		phaseIsolation: {Name: "phase-isolation", Spec: []string{"A1", "A2"}},
		stateMachine:   {Name: "state-machine", Spec: []string{"T4"}},
		reconciled:     {Name: "reconciled", Spec: []string{"F3", "F4", "F5"}},
		rewardOnce:     {Name: "reward-once", Spec: []string{"O3", "B4", "O5"}},
		stockNeverOver: {Name: "stock-never-over", Spec: []string{"C3", "C5"}},
		rewardUseOnce:  {Name: "reward-use-once", Spec: []string{"P3", "B5"}},
		packetExact:    {Name: "packet-exact", Spec: []string{"P4", "F1"}},
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

// require counts one evaluation of a check, and a violation if it does not hold. It is for what is checked once a run or a stage:
// it needs memory for the arguments, which fail alone needs only for a violation.
func (o *Oracle) require(is bool, id checkID, stake wallet.Money, format string, args ...any) {
	o.evaluated(id, 1)
	if !is {
		o.fail(id, stake, format, args...)
	}
}

// concern reports whether the run has what the check is about. A check without a subject is not listed.
func (o *Oracle) concern(id checkID) bool {
	switch id {
	case rewardOnce, rewardUseOnce:
		return o.cfg.Rewards
	case stockNeverOver:
		for range o.stocked() {
			return o.cfg.Rewards && !o.cfg.Unstocked
		}
		return false
	case packetExact:
		return o.cfg.Packets
	}
	return true
}

// Checks returns the checks that concern the run, always in the same order.
func (o *Oracle) Checks() []Check {
	var out []Check
	for n, c := range checks() {
		if !o.concern(checkID(n)) {
			continue
		}
		t := o.tallies[n]
		c.Result, c.Evaluations, c.Violations, c.First, c.Worst = Pass, t.evaluations, t.violations, t.first, t.worst
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
