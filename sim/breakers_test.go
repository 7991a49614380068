package sim_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
	"hongbao/reports"
	"hongbao/scenarios"
	"hongbao/scenarios/loader"
)

// outage returns the drills' common ground with a system in trouble for twenty seconds, under breakers or, as a town that
// nobody operates is, without any.
func outage(t *testing.T, dependency string, kind scenarios.FaultKind, breakers bool) *scenarios.Scenario {
	s, err := loader.Load("../scenarios/drills/base.yaml")
	require.NoError(t, err)
	start := s.Windows[0].Start
	f := scenarios.Fault{Kind: kind, Dependency: dependency, From: start.Add(20 * time.Second), To: start.Add(40 * time.Second)}
	if kind == scenarios.FaultTimeout {
		f.Ratio, f.Applied = scenarios.Ratio{Num: 1, Den: 1}, scenarios.Ratio{Num: 1, Den: 2}
	}
	s.Faults = []scenarios.Fault{f}
	if breakers { // operators whose switch has nothing to do with it
		s.Switches = []scenarios.SwitchTurn{{Switch: wallet.SwitchTotalsBackup, On: start.Add(50 * time.Second), Off: start.Add(51 * time.Second)}}
	}
	return s
}

// TestBreakersSpare: behind a breaker a system that is down, or that takes every call and answers none, is asked less than
// half as often as without, people win no less, and money is right (D4).
func TestBreakersSpare(t *testing.T) {
	const down, hangs = scenarios.FaultDown, scenarios.FaultTimeout
	for _, c := range []struct {
		dependency string
		kind       scenarios.FaultKind
		strategy   wallet.Strategy
		clear      string // the operation that far fewer people are left in doubt of
		why        string
	}{
		{"tokens", down, wallet.StrategyToken, "", "grants hold their postings alone"},
		{"tokens", hangs, wallet.StrategyToken, "grant", "the same, and nobody waits three time-outs for it"},
		{"backlog", hangs, wallet.StrategyAsync, "grant", "the order of record is enough"},
		{"identity", hangs, wallet.StrategyToken, "page", "refused with nothing done"},
		{"orders", hangs, wallet.StrategyToken, "grant", "refused with nothing done"},
		{"ledger", hangs, wallet.StrategySync, "", "what is on record is posted later, and its outcome is not known until then"},
		{"items", hangs, wallet.StrategyToken, "grant reward", "rewards are refused with nothing done, and cash goes on"},
		{"stock", hangs, wallet.StrategyToken, "", "coupons wait on record, and the rest goes on"},
	} {
		t.Run(c.dependency+" "+string(c.kind), func(t *testing.T) {
			t.Parallel()
			if testing.Short() && c.dependency != "tokens" {
				t.Skip("make test has every system down")
			}
			with := replay(t, outage(t, c.dependency, c.kind, true), c.strategy, 1)
			without := replay(t, outage(t, c.dependency, c.kind, false), c.strategy, 1)
			name := "calls_timed_out_" + c.dependency
			if c.kind == down {
				name = "calls_turned_away_" + c.dependency
			}
			require.Positive(t, with.Metrics[name], "it was asked while it was in trouble")
			require.Less(t, 2*with.Metrics[name], without.Metrics[name], "calls that reach it")
			if c.clear != "" {
				require.Less(t, 2*inDoubt(with, c.clear), inDoubt(without, c.clear), "answers that leave people in doubt")
			}
			require.LessOrEqual(t, with.Comparison.Refused, without.Comparison.Refused, "wins that people lost")
			for _, check := range with.Checks {
				require.NotEqual(t, reports.Fail, check.Result, "%s: %s", check.Name, check.First)
				require.True(t, check.Result == reports.Pass || check.Evaluations == 0, "%s is unknown", check.Name)
			}
		})
	}
}

// inDoubt returns how many answers to an operation said that nobody knows what became of it.
func inDoubt(r reports.Run, operation string) (n int64) {
	for _, refusal := range r.Refusals {
		if refusal.Operation == operation && refusal.Reason == wallet.ErrUnknown.Reason {
			n += refusal.Count
		}
	}
	return n
}
