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

// outage returns the base file of the drills with a fault of one dependency for twenty seconds. Without breakers there are no
// operators, because a cluster has breakers only if the scenario has switches.
func outage(t *testing.T, dependency string, kind scenarios.FaultKind, breakers bool) *scenarios.Scenario {
	s, err := loader.Load("../scenarios/drills/base.yaml")
	require.NoError(t, err)
	start := s.Windows[0].Start
	f := scenarios.Fault{Kind: kind, Dependency: dependency, From: start.Add(20 * time.Second), To: start.Add(40 * time.Second)}
	if kind == scenarios.FaultTimeout {
		f.Ratio, f.Applied = scenarios.Ratio{Num: 1, Den: 1}, scenarios.Ratio{Num: 1, Den: 2}
	}
	s.Faults = []scenarios.Fault{f}
	if breakers { // an unrelated switch, so that the cluster has operators and breakers
		s.Switches = []scenarios.SwitchPeriod{{Switch: wallet.SwitchTotalsBackup, On: start.Add(50 * time.Second), Off: start.Add(51 * time.Second)}}
	}
	return s
}

// TestBreakersSpare: with a breaker, a system that is down or that answers no call receives less than half as many calls as
// without a breaker. People win no less, and money is right (D4).
func TestBreakersSpare(t *testing.T) {
	const down, hangs = scenarios.FaultDown, scenarios.FaultTimeout
	for _, c := range []struct {
		dependency string
		kind       scenarios.FaultKind
		strategy   wallet.Strategy
		clear      string // the operation with far fewer unknown outcomes
		why        string
	}{
		{"tokens", down, wallet.StrategyToken, "", "grants only keep their postings"},
		{"tokens", hangs, wallet.StrategyToken, "grant", "the same, without a wait for three timeouts"},
		{"backlog", hangs, wallet.StrategyAsync, "grant", "the order of record is enough"},
		{"identity", hangs, wallet.StrategyToken, "page", "refused without effect"},
		{"orders", hangs, wallet.StrategyToken, "grant", "refused without effect"},
		{"ledger", hangs, wallet.StrategySync, "", "recorded orders are posted later, and their outcome is unknown until then"},
		{"items", hangs, wallet.StrategyToken, "grant reward", "rewards are refused without effect, and cash is granted"},
		{"stock", hangs, wallet.StrategyToken, "", "coupons stay recorded, and other rewards are granted"},
	} {
		t.Run(c.dependency+" "+string(c.kind), func(t *testing.T) {
			t.Parallel()
			if testing.Short() && c.dependency != "tokens" {
				t.Skip("make test runs this for every system")
			}
			with := replay(t, outage(t, c.dependency, c.kind, true), c.strategy, 1)
			without := replay(t, outage(t, c.dependency, c.kind, false), c.strategy, 1)
			name := "calls_timed_out_" + c.dependency
			if c.kind == down {
				name = "calls_turned_away_" + c.dependency
			}
			require.Positive(t, with.Metrics[name], "it received calls during the fault")
			require.Less(t, 2*with.Metrics[name], without.Metrics[name], "calls during the fault")
			if c.clear != "" {
				require.Less(t, 2*inDoubt(with, c.clear), inDoubt(without, c.clear), "unknown outcomes")
			}
			require.LessOrEqual(t, with.Comparison.Refused, without.Comparison.Refused, "refused wins")
			for _, check := range with.Checks {
				require.NotEqual(t, reports.Fail, check.Result, "%s: %s", check.Name, check.First)
				require.True(t, check.Result == reports.Pass || check.Evaluations == 0, "%s is unknown", check.Name)
			}
		})
	}
}

// inDoubt returns how many requests of an operation ended with an unknown outcome.
func inDoubt(r reports.Run, operation string) (n int64) {
	for _, refusal := range r.Refusals {
		if refusal.Operation == operation && refusal.Reason == wallet.ErrUnknown.Reason {
			n += refusal.Count
		}
	}
	return n
}
