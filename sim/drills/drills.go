// Package drills compares what each degrade switch promises (D3) with what a run measured before the switch was on, while
// it was on in all instances, and after it was off again. Whether money stays right is checked by the oracle.
//
// A promise that was never tested is unknown, not kept. The package measures nothing itself.
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

// The phases. The margin between two phases belongs to none: requests that begin in one and end in the next prove nothing.
const (
	Before Phase = iota
	On
	After
	phases
	Between = phases
)

// margin is the time before and after a change that is not evaluated. Own choice: longer than one request with its calls.
const margin = 2 * time.Second

// Measured counts what happened in each phase.
type Measured struct {
	drill  scenarios.Drill
	counts [phases]map[string]int64
	took   [phases]time.Duration

	// Seen is the number of instances with the switch on in the middle of the phase, Instances the number of all instances.
	Seen, Instances int
}

// New returns the measurement of a drill in a run from began to ends.
func New(d scenarios.Drill, began, ends time.Time) *Measured {
	m := &Measured{drill: d}
	for p := range m.counts {
		m.counts[p] = map[string]int64{}
	}
	m.took = [phases]time.Duration{max(0, d.From.Sub(began)), d.To.Sub(d.From), max(0, ends.Sub(d.To))}
	return m
}

// At returns the phase of a point in time.
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

// Count adds n occurrences of what in a phase.
func (m *Measured) Count(p Phase, what string, n int64) {
	if p < phases && n > 0 {
		m.counts[p][what] += n
	}
}

// Check is the name of the promise's check.
const Check = "switch-promise"

// Judge checks whether the switch kept its promise.
func (m *Measured) Judge() reports.Check {
	c := reports.Check{Name: Check, Spec: []string{"D3"}, Result: reports.Unknown}
	p, ok := promises()[m.drill.Switch]
	if !ok {
		return c
	}
	j := judge{m: m, name: m.drill.Switch}
	j.seen()
	for _, what := range p.stops {
		j.stops(what)
	}
	for _, what := range p.reported {
		j.happens(On, what, "while it was on")
	}
	for _, what := range p.continues {
		j.continues(On, what, "while it was on")
	}
	for _, what := range p.resumes {
		j.continues(After, what, "once it was off")
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
	case len(j.untested) > 0: // an untested part makes the result unknown
		c.Evaluations, c.First = 0, "not tested: "+strings.Join(j.untested, "; ")
	default:
		c.Result = reports.Pass
	}
	return c
}

// judge collects the findings.
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

func (j *judge) notTested(format string, args ...any) {
	j.untested = append(j.untested, fmt.Sprintf(format, args...))
}

// seen requires that the switch was on.
func (j *judge) seen() {
	j.evaluations += int64(j.m.Instances)
	switch {
	case j.m.Instances == 0:
		j.notTested("the switch was never read")
	case j.m.Seen == 0:
		j.fail("it was on in 0 of %d instances", j.m.Instances)
	}
}

// stops requires that something does not happen while the switch is on. It must happen otherwise, to show that the switch
// stops it.
func (j *judge) stops(what string) {
	on, otherwise := j.m.counts[On][what], j.m.counts[Before][what]+j.m.counts[After][what]
	j.evaluations += otherwise
	if on > 0 {
		j.fail("%q happened %d times while the switch was on", what, on)
	} else if otherwise == 0 {
		j.notTested("%q never happens", what)
	}
}

// happens requires that something happens in a phase.
func (j *judge) happens(p Phase, what, when string) {
	n := j.m.counts[p][what]
	j.evaluations += n
	if n == 0 {
		j.fail("%q did not happen %s", what, when)
	}
}

// continues requires that something that happened before happens in a phase.
func (j *judge) continues(p Phase, what, when string) {
	if j.m.counts[Before][what] == 0 && j.m.counts[p][what] == 0 {
		j.notTested("%q never happens", what)
		return
	}
	j.happens(p, what, when)
}

// fewer requires that the rate of something is less than half of its rate before.
func (j *judge) fewer(what string) {
	on, before := j.m.counts[On][what], j.m.counts[Before][what]
	j.evaluations += on + before
	switch {
	case before == 0:
		j.notTested("%q never happens", what)
	case 2*on*int64(j.m.took[Before]) > before*int64(j.m.took[On]):
		j.fail("%q happened %d times in %v while the switch was on and %d times in %v before, which is at least half the rate", what, on, j.m.took[On], before, j.m.took[Before])
	}
}

// never requires that something does not happen at any time.
func (j *judge) never(what string) {
	for p := range phases {
		if n := j.m.counts[p][what]; n > 0 {
			j.fail("%q happened %d times", what, n)
			return
		}
	}
}
