package sim_test

import (
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
	"hongbao/reports"
	"hongbao/scenarios"
	"hongbao/scenarios/loader"
	"hongbao/sim"
	"hongbao/sim/drills"
)

// drill replays one scenario under the token strategy.
func drill(t *testing.T, s *scenarios.Scenario, seed uint64) reports.Run {
	return replay(t, s, wallet.StrategyToken, seed)
}

func replay(t *testing.T, s *scenarios.Scenario, strategy wallet.Strategy, seed uint64) reports.Run {
	run, err := sim.Run(t.Context(), sim.Options{Scenario: s, Strategy: strategy, Crypto: sim.CryptoModelled, Seed: seed}, sim.FullOf(s, 1, 1))
	require.NoError(t, err)
	return run
}

// Each switch has a drill. In it the switch keeps its promise and money stays right (D3).
func TestDrills(t *testing.T) {
	short := []string{"last-resort"} // a world has one thread, so one drill is enough for the race detector
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
			if testing.Short() && !slices.Contains(short, name) {
				t.Skip("make test runs all drills")
			}
			s, err := loader.Load(path)
			require.NoError(t, err)
			require.EqualValues(t, name, s.Drill.Switch)
			run := drill(t, s, 1)
			promised := false
			for _, c := range run.Checks {
				promised = promised || c.Name == drills.Check && c.Result == reports.Pass
				require.Equal(t, reports.Pass, c.Result, "%s: %s", c.Name, c.First)
			}
			require.True(t, promised)
		})
		drilled[wallet.Switch(name)] = true
	}
	require.Len(t, drilled, len(wallet.AllSwitches()))
}

// With any two switches on at the same time, money stays right. Each seed draws other pairs; the names of the subtests
// contain them.
func TestPairsOfSwitches(t *testing.T) {
	const pairs, seed = 12, uint64(2022)
	if testing.Short() {
		t.Skip("a world has one thread: make test runs the pairs")
	}
	draw, names := rand.New(rand.NewPCG(seed, 0)), wallet.AllSwitches()
	for range pairs {
		a := draw.IntN(len(names))
		b := (a + 1 + draw.IntN(len(names)-1)) % len(names)
		t.Run(string(names[a]+" and "+names[b]), func(t *testing.T) {
			t.Parallel()
			s, err := loader.Load("../scenarios/drills/base.yaml")
			require.NoError(t, err)
			start := s.Windows[0].Start
			s.Switches = []scenarios.SwitchPeriod{{Switch: names[a], On: start.Add(15 * time.Second), Off: start.Add(40 * time.Second)},
				{Switch: names[b], On: start.Add(25 * time.Second), Off: start.Add(50 * time.Second)}}
			s.Faults = []scenarios.Fault{{Kind: scenarios.FaultTimeout, Dependency: "ledger", From: start, To: start.Add(time.Minute),
				Ratio: scenarios.Ratio{Num: 1, Den: 100}, Applied: scenarios.Ratio{Num: 1, Den: 2}},
				{Kind: scenarios.FaultDown, Dependency: "tokens", From: start.Add(30 * time.Second), To: start.Add(33 * time.Second)}}
			for _, c := range drill(t, s, seed).Checks {
				require.NotEqual(t, reports.Fail, c.Result, "%s: %s", c.Name, c.First)
				require.True(t, c.Result == reports.Pass || c.Evaluations == 0, "%s is unknown", c.Name)
			}
		})
	}
}
