package sim_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
	"hongbao/reports"
	"hongbao/sim"
)

// Under each strategy every reason of the withdrawal control occurs, and the oracle finds no violation (B7).
func TestWithdrawControl(t *testing.T) {
	scenario, full := load(t, "regress/withdraw-control.yaml", 1)
	for _, strategy := range wallet.Strategies {
		t.Run(string(strategy), func(t *testing.T) {
			t.Parallel()
			r, err := sim.Run(t.Context(), sim.Options{Scenario: scenario, Strategy: strategy, Crypto: sim.CryptoModelled, Seed: 3}, full)
			require.NoError(t, err)
			require.Equal(t, reports.Pass, r.Verdict, "%+v", r.Checks)
			for _, reason := range []string{"ok", "not_released", "daily_limit", "declined", "unknown_outcome"} {
				require.Positive(t, r.Metrics["answers_"+reason+"_withdraw"], reason)
			}
		})
	}
	open, declines := *scenario, *scenario
	open.Withdraw.PerDay, open.Withdraw.Times = 0, 0
	declines.Withdraw.Declined.Num = 0
	for why, c := range map[string]struct {
		of     sim.Options
		absent string
	}{
		"without a limit no withdrawal is refused for it": {sim.Options{Scenario: &open}, "daily_limit"},
		"a bank that pays all declines nothing":           {sim.Options{Scenario: &declines}, "declined"},
	} {
		c.of.Strategy, c.of.Crypto, c.of.Seed = wallet.StrategyAsync, sim.CryptoModelled, 3
		r, err := sim.Run(t.Context(), c.of, full)
		require.NoError(t, err)
		require.Equal(t, reports.Pass, r.Verdict, why)
		require.Zero(t, r.Metrics["answers_"+c.absent+"_withdraw"], why)
	}
}
