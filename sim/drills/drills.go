// Package drills holds what each degrade switch promises (D3) against what a run measured before it was on, while it was
// on for all instances, and once it was off again. That money stays right is the oracle's to say.
//
// A promise that nothing put to the test is unknown, not kept. The package measures nothing itself.
package drills

import (
	"fmt"
	"strings"
	"time"

	"hongbao/reference/wallet"
	"hongbao/reports"
	"hongbao/scenarios"
)

// Phase is a part of a drill.
type Phase uint8

// The phases. A margin between them belongs to none: requests that began in one and end in the next are no evidence.
const (
	Before Phase = iota
	On
	After
	Phases
	Between = Phases
)

// margin is how long before and after a change nothing is held against a promise. Ours: above what one request and its
// calls take.
const margin = 2 * time.Second

// Measured counts what happened in each phase.
type Measured struct {
	drill  scenarios.Drill
	counts [Phases]map[string]int64
	took   [Phases]time.Duration

	// Seen is how many instances were found with the switch on in the middle of the phase, and Instances how many there were.
	Seen, Instances int
}

// New returns what is measured in a drill of a run that begins at a moment and ends at another.
func New(d scenarios.Drill, began, ends time.Time) *Measured {
	m := &Measured{drill: d}
	for p := range m.counts {
		m.counts[p] = map[string]int64{}
	}
	m.took = [Phases]time.Duration{max(0, d.From.Sub(began)), d.To.Sub(d.From), max(0, ends.Sub(d.To))}
	return m
}

// At returns the phase of a moment.
func (m *Measured) At(now time.Time) Phase {
	switch {
	case now.Before(m.drill.From.Add(-margin)):
		return Before
	case !now.Before(m.drill.From) && now.Before(m.drill.To.Add(-margin)):
		return On
	case !now.Before(m.drill.To.Add(margin)):
		return After
	}
	return Between
}

// Count adds to what happened in a phase.
func (m *Measured) Count(p Phase, what string, n int64) {
	if p < Phases && n > 0 {
		m.counts[p][what] += n
	}
}

// Check is the name of the promise's check.
const Check = "switch-promise"

// Judge says whether the switch kept its promise.
func (m *Measured) Judge() reports.Check {
	c := reports.Check{Name: Check, Spec: []string{"D3"}, Result: reports.Unknown}
	p, ok := promises()[m.drill.Switch]
	if !ok {
		return c
	}
	j := judge{m: m, name: m.drill.Switch}
	j.seen()
	for _, what := range p.silent {
		j.silent(what)
	}
	for _, what := range p.told {
		j.happens(On, what, "while it was on")
	}
	for _, what := range p.busy {
		j.goesOn(On, what, "while it was on")
	}
	for _, what := range p.back {
		j.goesOn(After, what, "once it was off")
	}
	for _, what := range p.fewer {
		j.fewer(what)
	}
	for _, what := range p.never {
		j.never(what)
	}
	c.Evaluations, c.Violations, c.First = j.evaluations, j.violations, j.first
	switch {
	case j.violations > 0:
		c.Result = reports.Fail
	case len(j.untested) > 0: // what was not put to the test claims nothing
		c.Evaluations, c.First = 0, "not put to the test: "+strings.Join(j.untested, "; ")
	default:
		c.Result = reports.Pass
	}
	return c
}

// judge gathers what is found.
type judge struct {
	m           *Measured
	name        wallet.Switch
	evaluations int64
	violations  int64
	first       string
	untested    []string
}

func (j *judge) fail(format string, args ...any) {
	j.violations++
	if j.first == "" {
		j.first = fmt.Sprintf("%s: %s", j.name, fmt.Sprintf(format, args...))
	}
}

func (j *judge) unproven(format string, args ...any) {
	j.untested = append(j.untested, fmt.Sprintf(format, args...))
}

// seen wants the switch to have been on.
func (j *judge) seen() {
	j.evaluations += int64(j.m.Instances)
	switch {
	case j.m.Instances == 0:
		j.unproven("nobody looked at the switch")
	case j.m.Seen == 0:
		j.fail("it was on in none of %d instances", j.m.Instances)
	}
}

// silent wants something not to happen while the switch is on. That it does not is the switch's doing only if it
// happens otherwise.
func (j *judge) silent(what string) {
	on, otherwise := j.m.counts[On][what], j.m.counts[Before][what]+j.m.counts[After][what]
	j.evaluations += otherwise
	if on > 0 {
		j.fail("%q happened %d times while it was on", what, on)
	} else if otherwise == 0 {
		j.unproven("%q never happens", what)
	}
}

// happens wants something to happen in a phase.
func (j *judge) happens(p Phase, what, when string) {
	n := j.m.counts[p][what]
	j.evaluations += n
	if n == 0 {
		j.fail("%q did not happen %s", what, when)
	}
}

// goesOn wants something to happen in a phase that happened before.
func (j *judge) goesOn(p Phase, what, when string) {
	if j.m.counts[Before][what] == 0 && j.m.counts[p][what] == 0 {
		j.unproven("%q never happens", what)
		return
	}
	j.happens(p, what, when)
}

// fewer wants something to happen less than half as often, a second, as otherwise.
func (j *judge) fewer(what string) {
	on, before := j.m.counts[On][what], j.m.counts[Before][what]
	j.evaluations += on + before
	switch {
	case before == 0:
		j.unproven("%q never happens", what)
	case 2*on*int64(j.m.took[Before]) > before*int64(j.m.took[On]):
		j.fail("%q happened %d times in %v while it was on, and %d times in %v before", what, on, j.m.took[On], before, j.m.took[Before])
	}
}

// never wants something not to happen at any time.
func (j *judge) never(what string) {
	for p := range Phases {
		if n := j.m.counts[p][what]; n > 0 {
			j.fail("%q happened %d times", what, n)
			return
		}
	}
}
