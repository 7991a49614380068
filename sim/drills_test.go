package sim_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
	"hongbao/reports"
	"hongbao/scenarios"
	"hongbao/sim"
	"hongbao/sim/drills"
)

// drill replays one scenario under the token strategy.
func drill(t *testing.T, s *scenarios.Scenario, seed uint64) reports.Run {
	run, err := sim.Run(t.Context(), sim.Options{Scenario: s, Strategy: wallet.StrategyToken, Crypto: sim.CryptoModelled, Seed: seed}, sim.FullOf(s, 1, 1))
	require.NoError(t, err)
	return run
}

// Each switch has a drill, in which it keeps its promise and money stays right (D3).
func TestDrills(t *testing.T) {
	all, err := filepath.Glob("../scenarios/drills/*.yaml")
	require.NoError(t, err)
	drilled := map[wallet.Switch]bool{}
	for _, path := range all {
		name := strings.TrimSuffix(filepath.Base(path), ".yaml")
		if name == "base" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := scenarios.Load(path)
			require.NoError(t, err)
			require.EqualValues(t, name, s.Drill.Switch)
			run := drill(t, s, 1)
			kept := false
			for _, c := range run.Checks {
				kept = kept || c.Name == drills.Check && c.Result == reports.Pass
				require.Equal(t, reports.Pass, c.Result, "%s: %s", c.Name, c.First)
			}
			require.True(t, kept)
		})
		drilled[wallet.Switch(name)] = true
	}
	require.Len(t, drilled, len(wallet.AllSwitches()))
}
