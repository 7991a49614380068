package k6

import (
	"fmt"
	"sync/atomic"
	"time"

	"hongbao/loadtest/crowd"
	"hongbao/reference/wallet"
	"hongbao/scenarios"
	"hongbao/scenarios/traffic"
)

// maxWins bounds the wins of one test: 20 bytes each, and twenty minutes at more than k6 offers on one machine. The crowd
// keeps some 100 bytes more for each win that is sent.
const maxWins = 20_000_000

// drainAtMost bounds the wait for held postings, whatever the scenario allows its simulated fleet: half an hour would be too
// long for a user of k6, which cannot be interrupted during the audit.
const drainAtMost = 2 * time.Minute

// plan holds the wins of each app in the order in which they are due, as given by scenario and seed. Safe for concurrent
// use.
type plan struct {
	window scenarios.Window
	wins   [wallet.Apps + 1][]crowd.Visit
	first  [wallet.Apps + 1]int64 // index of an app's first win in taken
	taken  []atomic.Bool
	sent   atomic.Int64 // number of taken wins
	total  int64
	limits []scenarios.Threshold
	drain  time.Duration // maximum time for the backlog after the window
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
	arrivals := traffic.New(s, seed)
	p := &plan{window: w, total: arrivals.Total(0), limits: s.Thresholds, drain: min(s.Drain, drainAtMost)}
	for a, ok := arrivals.Next(); ok; a, ok = arrivals.Next() {
		p.wins[a.App] = append(p.wins[a.App], crowd.VisitOf(a))
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

// scheduled returns the number of wins of the app.
func (p *plan) scheduled(app wallet.App) int64 { return int64(len(p.wins[app])) }

// byApp returns the number of wins by app name, for apps with wins.
func (p *plan) byApp() map[string]int64 {
	out := map[string]int64{}
	for app := wallet.Douyin; app <= wallet.FanqieAudio; app++ {
		if n := p.scheduled(app); n > 0 {
			out[app.String()] = n
		}
	}
	return out
}

// take returns the i-th win of an app, from 0. false: there is none. Each win can be taken once: a second time means that a
// script calls win() twice in one iteration.
func (p *plan) take(app wallet.App, i uint64) (v crowd.Visit, ok bool, err error) {
	if i >= uint64(len(p.wins[app])) {
		return crowd.Visit{}, false, nil
	}
	if p.taken[p.first[app]+int64(i)].Swap(true) {
		return crowd.Visit{}, false, fmt.Errorf("hongbao: win %d of %s is requested twice: call win() once in an iteration", i, app)
	}
	p.sent.Add(1)
	return p.wins[app][i], true, nil
}

// hasRepeatWinners reports whether anybody wins more than once.
func (p *plan) hasRepeatWinners() bool {
	seen := make(map[uint32]struct{}, p.total)
	for _, wins := range p.wins {
		for _, v := range wins {
			seen[v.Person] = struct{}{}
		}
	}
	return int64(len(seen)) < p.total
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
