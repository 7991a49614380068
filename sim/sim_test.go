package sim_test

import (
	"context"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
	"hongbao/reports"
	"hongbao/scenarios"
	"hongbao/scenarios/loader"
	"hongbao/sim"
)

// load returns a scenario scaled to 1/den, and the ledger of the full scale.
func load(t testing.TB, file string, den int64) (*scenarios.Scenario, sim.Full) {
	t.Helper()
	whole, err := loader.Load(filepath.Join("../scenarios", file))
	require.NoError(t, err)
	scaled, err := scenarios.Scale(whole, 1, den)
	require.NoError(t, err)
	return scaled, sim.FullOf(whole, 1, den)
}

// small is the denominator of the scale of the regression scenarios. A run takes tenths of a second, and every path is still
// taken.
const small = 6

// run replays a regression scenario at 1/small and returns its record.
func run(t *testing.T, ctx context.Context, file string, change func(*sim.Options)) reports.Run {
	t.Helper()
	scenario, full := load(t, file, small)
	o := sim.Options{Scenario: scenario, Strategy: wallet.StrategyToken, Crypto: sim.CryptoModelled, Seed: 1}
	change(&o)
	r, err := sim.Run(ctx, o, full)
	require.NoError(t, err)
	require.Zero(t, r.WallSeconds) // the caller measures it; everything else is a function of the options
	return r
}

const everythingGoesWrong = "regress/unknown-outcomes.yaml"

// TestSameSeedSameRun repeats runs on one and on two processors: the records must be equal.
func TestSameSeedSameRun(t *testing.T) {
	for _, strategy := range wallet.Strategies {
		for _, crypto := range []sim.Crypto{sim.CryptoReal, sim.CryptoModelled} {
			t.Run(string(strategy)+" "+string(crypto), func(t *testing.T) {
				on := func(processors int) reports.Run {
					defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(processors))
					return run(t, t.Context(), everythingGoesWrong, func(o *sim.Options) {
						o.Strategy, o.Crypto = strategy, crypto
						o.Scenario.Crypto.RealShare = scenarios.Ratio{Num: 1, Den: 3} // else modelled runs would seal all tokens with the real cryptography
					})
				}
				one := on(1)
				require.NotEmpty(t, one.Digest)
				require.Equal(t, reports.Pass, one.Verdict)
				require.Equal(t, one, on(2))
				require.Equal(t, one, on(2))
			})
		}
	}
}

// TestCryptoChangesNothing compares runs that differ only in how tokens are sealed.
func TestCryptoChangesNothing(t *testing.T) {
	sealed := func(crypto sim.Crypto) reports.Run {
		return run(t, t.Context(), everythingGoesWrong, func(o *sim.Options) {
			o.Crypto, o.Scenario.Crypto.RealShare = crypto, scenarios.Ratio{Num: 0, Den: 1}
		})
	}
	require.Equal(t, sealed(sim.CryptoReal).Digest, sealed(sim.CryptoModelled).Digest)
}

func TestSeedsDiffer(t *testing.T) {
	digests := map[string]uint64{}
	for seed := range uint64(3) {
		d := run(t, t.Context(), everythingGoesWrong, func(o *sim.Options) { o.Seed = seed }).Digest
		require.NotContains(t, digests, d, "seed %d gives the run of another", seed)
		digests[d] = seed
	}
}

func TestStrategiesDiffer(t *testing.T) {
	digests := map[string]wallet.Strategy{}
	for _, s := range wallet.Strategies {
		d := run(t, t.Context(), everythingGoesWrong, func(o *sim.Options) { o.Strategy = s }).Digest
		require.NotContains(t, digests, d, "%s gives the run of another", s)
		digests[d] = s
	}
}

// TestInterrupted ends a run half-way: its verdict is unknown.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r := run(t, ctx, everythingGoesWrong, func(o *sim.Options) {
		o.Progress = func(p sim.Progress) {
			if p.Done > p.Total/2 {
				cancel()
			}
		}
	})
	require.True(t, r.Interrupted)
	require.Equal(t, reports.Unknown, r.Verdict)
	require.Positive(t, r.Offered.Unsent)
	require.Equal(t, r.Offered.Scheduled, r.Offered.Sent+r.Offered.Unsent)
	for _, c := range r.Checks {
		require.Equal(t, reports.Unknown, c.Result, c.Name)
	}
}

// TestRegressionsPass replays every regression scenario with a few seeds under every strategy.
func TestRegressionsPass(t *testing.T) {
	files, err := filepath.Glob("../scenarios/regress/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		name := filepath.Base(file)
		t.Run(strings.TrimSuffix(name, ".yaml"), func(t *testing.T) {
			t.Parallel()
			for _, strategy := range wallet.Strategies {
				for seed := range uint64(3) {
					r := run(t, t.Context(), filepath.Join("regress", name), func(o *sim.Options) { o.Strategy, o.Seed = strategy, seed })
					for _, c := range r.Checks {
						require.Equal(t, reports.Pass, c.Result, "%s under %s with seed %d: %s", c.Name, strategy, seed, c.First)
					}
					require.Equal(t, 1.0, r.Metrics["drained"], "%s with seed %d never settles", strategy, seed)
					require.Zero(t, r.Comparison.MoneyDifferenceFen)
				}
			}
		})
	}
}

// TestNothingToReplay refuses a scenario without a window.
func TestNothingToReplay(t *testing.T) {
	scenario, full := load(t, everythingGoesWrong, 1)
	scenario.Windows = nil
	_, err := sim.Run(t.Context(), sim.Options{Scenario: scenario, Strategy: wallet.StrategyToken, Crypto: sim.CryptoModelled}, full)
	require.ErrorContains(t, err, "no window")
}

// BenchmarkFestival replays the festival at 1/1000, the scale of the demo.
func BenchmarkFestival(b *testing.B) {
	scenario, full := load(b, "spring-festival-2022.yaml", 1000)
	for _, strategy := range wallet.Strategies {
		b.Run(string(strategy), func(b *testing.B) {
			var grants, steps int64
			var last reports.Run
			for b.Loop() {
				r, err := sim.Run(b.Context(), sim.Options{Scenario: scenario, Strategy: strategy, Crypto: sim.CryptoModelled, Seed: 7}, full)
				require.NoError(b, err)
				require.Equal(b, reports.Pass, r.Verdict)
				grants, steps, last = grants+r.Offered.Sent, steps+r.Steps, r
			}
			b.ReportMetric(float64(grants)/b.Elapsed().Seconds(), "grants/s")
			b.ReportMetric(float64(steps)/b.Elapsed().Seconds(), "steps/s")
			b.ReportMetric(last.Memory[len(last.Memory)-1].BytesPerGrant, "B/grant")
		})
	}
}
