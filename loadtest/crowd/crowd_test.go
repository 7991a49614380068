package crowd

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
	"hongbao/sim/oracle"
)

// A correct wallet passes all ten checks with every strategy, over its API alone and also over its stores, and the report of
// the load agrees with the records.
func TestSoundWalletPassesAllChecks(t *testing.T) {
	for _, c := range []struct {
		strategy wallet.Strategy
		stores   bool
	}{
		{wallet.StrategyToken, false}, {wallet.StrategyToken, true}, {wallet.StrategyAsync, true}, {wallet.StrategySync, false},
	} {
		t.Run(string(c.strategy), func(t *testing.T) {
			t.Parallel()
			run, a := rig{strategy: c.strategy, stores: c.stores}.play(t)
			for _, check := range a.Checks {
				require.Equal(t, oracle.Pass, check.Result, "%s: %s", check.Name, check.First)
				require.NotZero(t, check.Evaluations, check.Name)
			}
			require.Len(t, a.Checks, 10)
			require.True(t, run.drained)
			require.Equal(t, c.stores, a.Stores)
			require.True(t, a.API)
			require.Equal(t, a.People, a.Read)
			require.Zero(t, a.MoneyDifference)

			kinds := run.report.Kinds
			for _, k := range kinds[:Bind+1] {
				require.NotZero(t, k.OK, "%s: %+v", k.Name, k)
				require.Zero(t, k.Failed, k.Name)
			}
			won := kinds[Grant].OK
			require.Equal(t, int64(run.scenario.Grants()), won)
			require.Equal(t, won, a.ShadowAfter.Orders)
			require.Equal(t, won, a.ShadowAfter.Entries)
			require.Equal(t, a.Sums.Acked, a.ShadowAfter.Reserved)
			require.True(t, a.LiveBefore.same(*a.LiveAfter), "production is untouched (K2)")
			require.Zero(t, a.LiveAfter.Orders)
			require.Equal(t, won+1, a.People, "including the person who asked for too much")
		})
	}
}

// Without an operator the checks that need it are unknown, and everything else is judged.
func TestWithoutOperator(t *testing.T) {
	t.Parallel()
	run, a := rig{options: func(o *Options) { o.Operator, o.Live = nil, nil }}.play(t)
	require.False(t, run.drained, "not known without an operator")
	for _, c := range a.Checks {
		switch c.Name {
		case "budget-accuracy", "zero-sum", "reconciled":
			require.Equal(t, oracle.Unknown, c.Result, c.Name)
		default:
			require.Equal(t, oracle.Pass, c.Result, "%s: %s", c.Name, c.First)
		}
	}
	require.Nil(t, a.ShadowAfter)
	require.Nil(t, a.LiveAfter)
}

// An audit of a part of the people leaves the grants of the others open, and reports how many it read.
func TestPartOfThePeople(t *testing.T) {
	t.Parallel()
	_, a := rig{people: 20}.play(t)
	require.EqualValues(t, 20, a.Read)
	require.Greater(t, a.People, a.Read)
	for _, c := range a.Checks {
		require.Equal(t, oracle.Pass, c.Result, "%s: %s", c.Name, c.First)
	}
}

// Two consecutive runs on one target: the remains of the first are not a violation of the second.
func TestSecondRunOnTheSameTarget(t *testing.T) {
	t.Parallel()
	first, _ := rig{}.play(t)
	second := rig{scenario: first.scenario}
	o := first.options
	o.Run++
	c, err := New(o)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	require.NoError(t, c.Prepare(t.Context(), nil))
	again := &running{Crowd: c}
	again.attack(t)
	_, drained, err := c.Drain(t.Context(), 10*time.Second)
	require.NoError(t, err)
	require.True(t, drained)
	a, err := c.Audit(t.Context(), AuditOptions{})
	require.NoError(t, err)
	for _, check := range a.Checks {
		require.Equal(t, oracle.Pass, check.Result, "%s: %s", check.Name, check.First)
	}
	require.Equal(t, 2*second.scenario.Grants(), a.ShadowAfter.Orders)
	require.Equal(t, second.scenario.Grants(), a.ShadowBefore.Orders)
}
