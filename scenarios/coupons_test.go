package scenarios_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
	"hongbao/scenarios"
	"hongbao/scenarios/loader"
)

func TestCoupons(t *testing.T) {
	s, err := loader.Load("fireworks-coupons.yaml")
	require.NoError(t, err)
	c := s.Coupons
	require.Equal(t, 30, c.Instances)
	require.Equal(t, scenarios.Ratio{30_000, 1}, c.KeyRate, "R2")
	require.Equal(t, scenarios.Ratio{1, 20}, c.Reserve, "C4")
	require.Equal(t, 32*time.Second, c.Length())
	require.Len(t, c.Templates, 4)
	tea := c.Templates[0]
	require.Equal(t, scenarios.CouponTemplate{Scene: "fireworks-tea", Reward: "milk-tea", Award: wallet.HeyteaCoupon, Stock: 70_000,
		Threshold: scenarios.Ratio{1, 10}, Fallback: "shop-voucher", Rate: tea.Rate}, tea)
	require.Empty(t, c.Templates[1].Rate, "only a fallback")
	require.Equal(t, scenarios.Ratio{0, 1}, c.Templates[1].Threshold, "all coupons are granted")
	require.Len(t, c.Faults, 3)
	for i, want := range []string{"timeout of 1/50", "crash of an instance every 1s", "failover after 8.4s that loses the last 200ms"} {
		require.Contains(t, c.Faults[i].String(), want)
	}

	small, err := scenarios.Scale(s, 1, 7)
	require.NoError(t, err)
	require.Equal(t, 5, small.Coupons.Instances)
	require.Equal(t, scenarios.Ratio{30_000, 7}, small.Coupons.KeyRate)
	require.EqualValues(t, 10_000, small.Coupons.Templates[0].Stock)
	require.Equal(t, tea.Rate[1].Rate.Num, small.Coupons.Templates[0].Rate[1].Rate.Num)
	require.Equal(t, c.Length(), small.Coupons.Length())
	require.EqualValues(t, 70_000, s.Coupons.Templates[0].Stock, "the original is not changed")

	base, err := loader.Load("loader/testdata/base.yaml")
	require.NoError(t, err)
	require.Nil(t, base.Coupons)
}

// TestCouponsFaults: the loader finds each fault of the section and reports its line.
func TestCouponsFaults(t *testing.T) {
	src, err := os.ReadFile("fireworks-coupons.yaml")
	require.NoError(t, err)
	for _, c := range []struct{ why, old, new, want string }{
		{"no instances", "instances: 30", "instances: 0", "0 is not between 1 and 2000"},
		{"too many keys", "split_keys: 16", "split_keys: 257", "257 is not between 1 and 256"},
		{"nothing is leased", "block: 500", "block: 0", "0 is not between 1"},
		{"an interval of nothing", "interval: 500ms", "interval: 0s", "0s is below 1ms"},
		{"a key that answers nothing", "key_rate: 30k/s", "key_rate: 0/s", "the rate is zero"},
		{"quantiles that fall", "p50: 600us, p90: 1ms, p99: 4ms, max: 30ms}\n  book", "p50: 6s, p90: 1ms, p99: 4ms, max: 30ms}\n  book", "is below"},
		{"a scene that is not there", "- scene: fireworks-movie", "- scene: fireworks-circus", `there is no scene "fireworks-circus"`},
		{"a scene of cash", "- scene: fireworks-movie", "- scene: fireworks-cash", "grants no coupons"},
		{"a template twice", "- scene: fireworks-movie", "- scene: fireworks-tea", `template "milk-tea" appears twice`},
		{"an id that cannot be part of a key", "reward: milk-tea", "reward: Milk Tea", `"Milk Tea" cannot be a template`},
		{"no stock", "stock: 70k", "stock: 0", "a stock of 0 is not between"},
		{"a fallback that is not a template", "fallback: fireworks-shop", "fallback: fireworks-cash", "cannot be the fallback"},
		{"its own fallback", "fallback: fireworks-shop", "fallback: fireworks-tea", "cannot be the fallback"},
		{"a fallback without a threshold", "      threshold: 10% # C2\n      fallback", "      fallback", "never granted"},
		{"demand that begins late", "rate: [0/s at 0s, 45k/s", "rate: [0/s at 1ms, 45k/s", "does not begin at 0s"},
		{"points out of order", "45k/s at 1500ms", "45k/s at 400ms", "not after the previous one"},
		{"too much demand", "45k/s at 1500ms", "90M/s at 1500ms", "requests are more than"},
		{"too long", "rest: 12s", "rest: 2h", "is longer than"},
		{"an unknown fault", "kind: failover", "kind: flood", "is not a known name"},
		{"a key of another kind", "{kind: failover, after", "{kind: failover, ratio: 1/2, after", "a fault of kind failover has no ratio"},
		{"a key that is missing", ", lost: 200ms", "", `key "lost" is missing`},
		{"crashes without end", "every: 1s, away", "every: 1us, away", "every must be at least"},
		{"a loss from before the start", "lost: 200ms", "lost: 20s", "before the start"},
	} {
		t.Run(c.why, func(t *testing.T) {
			require.Equal(t, 1, strings.Count(string(src), c.old), "%q must appear once", c.old)
			_, err := loader.Parse("a.yaml", []byte(strings.Replace(string(src), c.old, c.new, 1)))
			require.ErrorContains(t, err, c.want)
			require.Regexp(t, `^a\.yaml:\d+:\d+: `, err.Error(), "a fault has a position")
		})
	}
}
