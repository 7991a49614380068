package k6

import (
	"fmt"
	"math"
	"sync/atomic"
	"time"

	"hongbao/reference/wallet"
	"hongbao/scenarios"
	"hongbao/scenarios/traffic"
)

// maxWins bounds the wins of one test: 8 bytes each, and twenty minutes of more than k6 offers on any one machine. The
// oracle keeps another 40 for each that is sent.
const maxWins = 20_000_000

// drainAtMost bounds the wait for what is held back, whatever the scenario allows its simulated fleet: nobody watches k6
// for half an hour, and it takes no interrupt while it audits.
const drainAtMost = 2 * time.Minute

// win is one person's win: who in the scenario's traffic, and how much.
type win struct {
	person uint32
	amount uint32 // fen; no cap of a scenario comes near the bound
}

// plan says who wins what: for each app its wins in the order in which they fall due, as scenario and seed decide. Safe
// for concurrent use.
type plan struct {
	window scenarios.Window
	stage  wallet.Stage
	parent wallet.ActivityID
	people scenarios.AfterWin
	crowd  traffic.Crowd
	wins   [wallet.Apps + 1][]win
	first  [wallet.Apps + 1]int64 // place of an app's first win in taken
	taken  []atomic.Bool
	total  int64
	limits []scenarios.Threshold
	drain  time.Duration // how long the backlog may take after the window
}

// newPlan draws the wins of a scenario of one window.
func newPlan(s *scenarios.Scenario, seed uint64) (*plan, error) {
	if len(s.Windows) != 1 {
		return nil, fmt.Errorf("%w: %d windows in focus", errConfig, len(s.Windows))
	}
	w := s.Windows[0]
	if n := w.Grants(); n > maxWins {
		return nil, fmt.Errorf("%w: window %q makes %d wins, more than the %d of one test: lower peak or duration", errConfig, w.Name, n, maxWins)
	}
	if s.People.Count > math.MaxUint32 {
		return nil, fmt.Errorf("%w: more than %d people", errConfig, uint32(math.MaxUint32))
	}
	arrivals := traffic.New(s, seed)
	p := &plan{window: w, stage: w.Stage, parent: s.Activity.Parent, people: s.People.After, crowd: arrivals.Crowd,
		total: arrivals.Total(0), limits: s.Thresholds, drain: min(s.Drain, drainAtMost)}
	for a, ok := arrivals.Next(); ok; a, ok = arrivals.Next() {
		if a.Amount < 1 || a.Amount > math.MaxUint32 {
			return nil, fmt.Errorf("%w: window %q has a win of %d fen", errConfig, w.Name, a.Amount)
		}
		p.wins[a.App] = append(p.wins[a.App], win{uint32(a.Person), uint32(a.Amount)})
	}
	if p.total == 0 {
		return nil, fmt.Errorf("%w: window %q makes no win: raise peak or duration", errConfig, w.Name)
	}
	p.taken = make([]atomic.Bool, p.total)
	for app, at := wallet.Douyin, int64(0); app <= wallet.FanqieAudio; app++ {
		p.first[app] = at
		at += int64(len(p.wins[app]))
	}
	return p, nil
}

// scheduled returns how many wins the app has.
func (p *plan) scheduled(app wallet.App) int64 { return int64(len(p.wins[app])) }

// byApp returns how many wins each app has that has any, by its name.
func (p *plan) byApp() map[string]int64 {
	out := map[string]int64{}
	for app := wallet.Douyin; app <= wallet.FanqieAudio; app++ {
		if n := p.scheduled(app); n > 0 {
			out[app.String()] = n
		}
	}
	return out
}

// take returns the i-th win of an app and its place among all, from 0. false: there is none. It may be taken once: twice
// is a script that asks twice in one iteration.
func (p *plan) take(app wallet.App, i uint64) (w win, place int64, ok bool, err error) {
	if i >= uint64(len(p.wins[app])) {
		return win{}, 0, false, nil
	}
	place = p.first[app] + int64(i)
	if p.taken[place].Swap(true) {
		return win{}, 0, false, fmt.Errorf("hongbao: win %d of %s is asked for twice: call win() once in an iteration", i, app)
	}
	return p.wins[app][i], place, true, nil
}

// caller returns the person as the user of an app.
func (p *plan) caller(app wallet.App, person uint32) wallet.Caller {
	return wallet.Caller{App: app, User: p.crowd.Account(int64(person), app.Family())}
}

// firstOf returns the name of the first official window of a play.
func firstOf(s *scenarios.Scenario, play scenarios.Play) (string, error) {
	for _, w := range s.Windows {
		if w.Play == play && w.Stage == wallet.Official {
			return w.Name, nil
		}
	}
	return "", fmt.Errorf("%w: scenario %s has no official window of the play %q", errConfig, s.Name, play)
}
