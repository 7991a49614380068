package coupons

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
	"hongbao/reports"
	"hongbao/scenarios"
	"hongbao/scenarios/loader"
)

func fireworks(t *testing.T, num, den int64) *scenarios.Scenario {
	s, err := loader.Load("../../../scenarios/fireworks-coupons.yaml")
	require.NoError(t, err)
	s, err = scenarios.Scale(s, num, den)
	require.NoError(t, err)
	return s
}

// TestFireworks runs the shipped comparison at full size.
func TestFireworks(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: other tests run a third of the size")
	}
	got, err := Study(t.Context(), fireworks(t, 1, 1), 1)
	require.NoError(t, err)
	t.Logf("\n%s", table(got))
	for _, c := range got.Checks {
		require.Equal(t, reports.Pass, c.Result, "%s: %s", c.Name, c.First)
		require.Positive(t, c.Evaluations, c.Name)
	}
	require.Equal(t, reports.Pass, got.Verdict)
	for _, d := range got.Designs {
		require.Len(t, d.Values, len(got.Columns), d.Name)
	}
}

// table prints a study for the test's log.
func table(s reports.Study) (out string) {
	for i, c := range s.Columns {
		out += fmt.Sprintf("%-26s", c.Name)
		for _, d := range s.Designs {
			out += fmt.Sprintf("%14.5g", d.Values[i])
		}
		out += "\n"
	}
	for _, c := range s.Checks {
		out += fmt.Sprintf("%-22s %s %d/%d %s\n", c.Name, c.Result, c.Violations, c.Evaluations, c.First)
	}
	return out
}

// TestSameSeedSameStudy: a study is a pure function of scenario and seed.
func TestSameSeedSameStudy(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: one thread of virtual time, run without it")
	}
	s := fireworks(t, 1, 20)
	first, err := Study(t.Context(), s, 7)
	require.NoError(t, err)
	again, err := Study(t.Context(), s, 7)
	require.NoError(t, err)
	require.Equal(t, first, again)
	other, err := Study(t.Context(), s, 8)
	require.NoError(t, err)
	require.NotEqual(t, first.Designs, other.Designs, "the seed matters")
}

func TestStudyEnds(t *testing.T) {
	s := fireworks(t, 1, 100)
	why := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(why)
	_, err := Study(ctx, s, 1)
	require.ErrorIs(t, err, why)
	s.Coupons = nil
	_, err = Study(t.Context(), s, 1)
	require.ErrorIs(t, err, errNone)
}

// faulty is a design with a bug.
type faulty struct {
	wallet.Stocks
	take   func(ctx context.Context, no wallet.OrderNo, t wallet.RewardID, total int64) error
	issued func(t wallet.Template) int64
}

func (b faulty) Take(ctx context.Context, no wallet.OrderNo, t wallet.RewardID, total int64) error {
	if b.take == nil {
		return b.Stocks.Take(ctx, no, t, total)
	}
	return b.take(ctx, no, t, total)
}

func (b faulty) Issued(ctx context.Context, t wallet.Template) (int64, error) {
	if b.issued == nil {
		return b.Stocks.Issued(ctx, t)
	}
	return b.issued(t), nil
}

// lenient is a lease store that does not orphan the leases of crashed instances.
type lenient struct{ wallet.StockLeases }

func (b lenient) Of(t wallet.RewardID) (wallet.Quotas, error) {
	q, err := b.StockLeases.Of(t)
	return lenientQuotas{q}, err
}

type lenientQuotas struct{ wallet.Quotas }

func (lenientQuotas) Orphan(context.Context, string) error { return nil }

// plantBug returns a design with a bug in its stocks.
func plantBug(d design, bug func(f *festival, redis redisLink, s wallet.Stocks) wallet.Stocks) design {
	right := d.stocks
	d.stocks = func(f *festival, redis redisLink, leases leasesLink, holder string) (wallet.Stocks, error) {
		s, err := right(f, redis, leases, holder)
		return bug(f, redis, s), err
	}
	return d
}

// TestChecksBite plants a bug, or removes a flaw of the source's design. The check about it must fail.
func TestChecksBite(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: one thread of virtual time, run without it")
	}
	by := map[string]design{}
	for _, d := range designs() {
		by[d.name] = d
	}
	named := func(d design, name string) design { d.name = name; return d }
	ours := by["lease"]
	stuck := ours
	stuck.plant = func(b wallet.StockLeases) wallet.StockLeases { return lenient{b} }
	bare := by["single-key-reserve"]
	bare.reserve = false
	tries := int32(1)
	studies := map[string]reports.Study{} // by bug; several checks may be about one bug
	for _, c := range []struct {
		bug   string
		check string
		d     design
	}{
		{"none", "", ours},
		{"a tenth more than the stock", "ours-never-over", plantBug(ours, func(_ *festival, _ redisLink, s wallet.Stocks) wallet.Stocks {
			return faulty{Stocks: s, take: func(ctx context.Context, no wallet.OrderNo, t wallet.RewardID, total int64) error {
				return s.Take(ctx, no, t, total+total/10)
			}}
		})},
		{"crashed instances keep their leases", "ours-nothing-left", stuck},
		{"each try has another order number", "ours-one-an-order", plantBug(ours, func(_ *festival, _ redisLink, s wallet.Stocks) wallet.Stocks {
			return faulty{Stocks: s, take: func(ctx context.Context, no wallet.OrderNo, t wallet.RewardID, total int64) error {
				tries++
				no.Rain = tries
				return s.Take(ctx, no, t, total)
			}}
		})},
		{"each take reads a key", "ours-few-redis-calls", plantBug(ours, readsFirst)},
		{"each take reads a key", "ours-no-hot-key", plantBug(ours, readsFirst)},
		{"the stock is never read", "ours-threshold", plantBug(ours, func(_ *festival, _ redisLink, s wallet.Stocks) wallet.Stocks {
			return faulty{Stocks: s, issued: func(wallet.Template) int64 { return 0 }}
		})},
		{"the stock is read as empty", "ours-threshold", plantBug(ours, func(_ *festival, _ redisLink, s wallet.Stocks) wallet.Stocks {
			return faulty{Stocks: s, issued: func(wallet.Template) int64 { return wallet.MaxStock }}
		})},
		{"the source's key is split", "source-hot-key", named(by["split-key"], "single-key")},
		{"the source's key is idempotent by order", "source-counts-twice", named(by["single-key-orders"], "single-key")},
		{"no reserve", "reserve-hides-it", bare},
	} {
		t.Run(c.bug+", "+c.check, func(t *testing.T) {
			got, again := studies[c.bug]
			if !again {
				var err error
				got, err = study(t.Context(), fireworks(t, 1, 3), 3, []design{c.d})
				require.NoError(t, err)
				studies[c.bug] = got
			}
			for _, check := range got.Checks {
				if c.check == "" {
					require.NotEqual(t, reports.Fail, check.Result, "%s: %s", check.Name, check.First)
				}
				if check.Name == c.check {
					require.Equal(t, reports.Fail, check.Result, "%s\n%s", check.Name, table(got))
					require.NotEmpty(t, check.First)
					return
				}
			}
			require.Empty(t, c.check, "no such check")
		})
	}
}

func readsFirst(_ *festival, redis redisLink, s wallet.Stocks) wallet.Stocks {
	return faulty{Stocks: s, take: func(ctx context.Context, no wallet.OrderNo, t wallet.RewardID, total int64) error {
		_, _ = redis.Count(ctx, wallet.StockKey{Template: wallet.Template{Reward: t, Stage: no.Stage}})
		return s.Take(ctx, no, t, total)
	}}
}
