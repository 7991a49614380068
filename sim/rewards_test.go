package sim_test

import (
	"os"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
	"hongbao/reports"
	"hongbao/scenarios/loader"
	"hongbao/sim"
)

// TestRewardSeeds replays a scenario with many seeds: HONGBAO_SEEDS=60 HONGBAO_FILE=regress/rewards.yaml, and
// HONGBAO_STRATEGY=token for only one strategy.
func TestRewardSeeds(t *testing.T) {
	n, _ := strconv.Atoi(os.Getenv("HONGBAO_SEEDS"))
	if n == 0 {
		t.Skip("HONGBAO_SEEDS is the number of seeds")
	}
	s, err := loader.Load("../scenarios/" + os.Getenv("HONGBAO_FILE"))
	require.NoError(t, err)
	for seed := 1; seed <= n; seed++ {
		for _, strategy := range wallet.Strategies {
			if only := os.Getenv("HONGBAO_STRATEGY"); only != "" && only != string(strategy) {
				continue
			}
			run, err := sim.Run(t.Context(), sim.Options{Scenario: s, Strategy: strategy, Crypto: sim.CryptoModelled, Seed: uint64(seed)}, sim.FullOf(s, 1, 1))
			require.NoError(t, err)
			for _, c := range run.Checks {
				assert.Equal(t, reports.Pass, c.Result, "seed %d %s %s: %s", seed, strategy, c.Name, c.First)
			}
		}
	}
}

// TestRewardPeak replays B9's total at 1/1000: 3.6 M rewards a second, half of them cash. All of them are sent.
func TestRewardPeak(t *testing.T) {
	scenario, full := load(t, "reward-peak.yaml", 1000)
	r, err := sim.Run(t.Context(), sim.Options{Scenario: scenario, Strategy: wallet.StrategyToken, Crypto: sim.CryptoModelled, Seed: 1}, full)
	require.NoError(t, err)
	require.Equal(t, reports.Pass, r.Verdict, "%+v", r.Checks)
	require.EqualValues(t, 108_000, r.Offered.Sent)
	require.EqualValues(t, 3_600, r.Comparison.OfferedPeakTPS)
	require.InDelta(t, 54_000, r.Metrics["reconciled_orders"], 1_000)
	require.InDelta(t, 54_000, r.Metrics["rewards_settled"]+r.Metrics["rewards_used"]+r.Metrics["rewards_void"]+r.Metrics["rewards_refunded"], 1_000)
}
