package scenarios_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"hongbao/reference/wallet"
	"hongbao/scenarios"
	"hongbao/scenarios/loader"
)

// At 1/1000 the ledger posts exactly a thousandth with one instance and four posters, and a batch takes the same time.
func TestScaleAThousandth(t *testing.T) {
	s, err := loader.Load("spring-festival-2022.yaml")
	require.NoError(t, err)
	before := *s
	z, err := scenarios.Scale(s, 1, 1_000)
	require.NoError(t, err)
	require.Equal(t, int64(717_800), z.Grants())
	require.Equal(t, int64(400_000), z.People.Count)
	require.Equal(t, scenarios.Capacity{NodeInstances: 8, LedgerInstances: 1, LedgerInstanceTPS: scenarios.Ratio{300, 1}, PostingBatch: 30, PosterShards: 4,
		LedgerQueue: s.Capacity.LedgerQueue}, z.Capacity)
	require.Equal(t, wallet.Money(100_000_000), z.Activity.Children[2].Budget)
	require.Equal(t, s.Activity.Children[2].SingleCap, z.Activity.Children[2].SingleCap, "amounts are not scaled")
	require.Equal(t, s.Latency, z.Latency)
	require.Equal(t, s.Windows[5].End(), z.Windows[5].End(), "times are not scaled")
	require.Equal(t, before, *s, "the scenario given is not changed")
	require.Equal(t, scenarios.Ratio{1_800_000, 1}, s.Windows[14].Rate[1].Rate)
}

// At every scale: the ledger's rate is exact, grants are num/den rounded down, a window invites enough people, and no required
// number is zero.
func TestScaleKeepsProportions(t *testing.T) {
	for _, path := range []string{"spring-festival-2022.yaml", "rain-peak.yaml", "regress/budget-stop.yaml"} {
		s, err := loader.Load(path)
		require.NoError(t, err)
		rapid.Check(t, func(t *rapid.T) {
			num, den := rapid.Int64Range(1, 20).Draw(t, "num"), rapid.Int64Range(20, 1_000).Draw(t, "den")
			z, err := scenarios.Scale(s, num, den)
			require.NoError(t, err)
			was, is := s.Capacity.LedgerTPS(), z.Capacity.LedgerTPS()
			require.Equal(t, was.Num*num*is.Den, is.Num*was.Den*den)
			for i, w := range z.Windows {
				full, err := s.Windows[i].Curve()
				require.NoError(t, err)
				require.InDelta(t, full.Grants()*num/den, w.Grants(), 1)
				require.LessOrEqual(t, w.Grants(), z.Invited(w))
			}
			for i, c := range z.Activity.Children {
				require.GreaterOrEqual(t, c.Budget, c.SingleCap)
				require.True(t, int64(c.Budget)*den >= int64(s.Activity.Children[i].Budget)*num)
			}
			c := z.Capacity
			require.True(t, c.NodeInstances >= 1 && c.LedgerInstances >= 1 && c.PosterShards >= 1)
			require.True(t, c.PostingBatch >= min(scenarios.MinPostingBatch, s.Capacity.PostingBatch) && c.PostingBatch <= s.Capacity.PostingBatch)
		})
	}
}

// Scale refuses impossible scales.
func TestScaleRefuses(t *testing.T) {
	s, err := loader.Load("rain-peak.yaml")
	require.NoError(t, err)
	for _, c := range []struct {
		why      string
		num, den int64
	}{
		{"no ratio", 1, 0},
		{"a negative ratio", -1, 1000},
		{"zero", 0, 1},
		{"less than one person", 1, 60_000_001},
		{"a grant every nanosecond", 1_000, 1},
		{"a ratio that does not fit a rate", 4_611_686_018_427_387_847, 4_611_686_018_427_387_903},
	} {
		t.Run(c.why, func(t *testing.T) {
			_, err := scenarios.Scale(s, c.num, c.den)
			require.ErrorIs(t, err, scenarios.ErrScale)
		})
	}
	one, err := scenarios.Scale(s, 1, 60_000_000)
	require.NoError(t, err, "one person is left")
	require.Equal(t, int64(1), one.People.Count)
	require.Zero(t, one.Grants(), "a window may have no grant left")
}
