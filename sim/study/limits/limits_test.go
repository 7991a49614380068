package limits

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/reference/limit"
	"hongbao/reference/wallet"
	"hongbao/reports"
	"hongbao/scenarios"
	"hongbao/scenarios/loader"
)

// small is the shipped comparison with a tenth of the load, for tests.
func small(t testing.TB) *scenarios.Scenario {
	s, err := loader.Load("../../../scenarios/limits.yaml")
	require.NoError(t, err)
	c := *s.Limits
	c.KeyRate = scenarios.Ratio{Num: 3_000, Den: 1}
	c.Cases = nil
	for _, one := range s.Limits.Cases {
		if one.Name != "low" {
			one.Limit.Num, one.Offered.Num = one.Limit.Num/10, one.Offered.Num/10
		}
		c.Cases = append(c.Cases, one)
	}
	s.Limits = &c
	return s
}

// The comparison has the expected result: our design is exact, never above the limit, cheap, and passes requests in an outage. The
// two designs of the source show their flaws.
func TestStudy(t *testing.T) {
	all, err := Studies(t.Context(), small(t), 7)
	require.NoError(t, err)
	require.Len(t, all, 2)
	for _, s := range all {
		for _, d := range s.Designs {
			t.Log(d.Name, d.Values)
		}
		for _, c := range s.Checks {
			require.Equal(t, reports.Pass, c.Result, "%s: %s", c.Name, c.First)
		}
		require.Equal(t, reports.Pass, s.Verdict)
	}
	again, err := Studies(t.Context(), small(t), 7)
	require.NoError(t, err)
	require.Equal(t, all, again, "a study is a function of scenario and seed")
}

// generous allows every request.
type generous struct{}

func (generous) Allow(context.Context, wallet.Instant) error { return nil }

// shut refuses every request.
type shut struct{}

func (shut) Allow(context.Context, wallet.Instant) error { return wallet.ErrLimited }

// asking calls the counter ten times for one request.
type asking struct{ p wallet.Permits }

func (a asking) Allow(ctx context.Context, now wallet.Instant) error {
	for range 10 {
		_, _, _ = a.p.Take(ctx, permitsName, 0, 1, 1)
	}
	return wallet.ErrLimited
}

// Each check fails if the property that it checks is broken.
func TestChecksBite(t *testing.T) {
	as := func(l limit.Limiter) func(*scenarios.Limits, int64, wallet.Permits) (limit.Limiter, error) {
		return func(*scenarios.Limits, int64, wallet.Permits) (limit.Limiter, error) { return l, nil }
	}
	for _, c := range []struct {
		why    string
		design int
		of     func(*scenarios.Limits, int64, wallet.Permits) (limit.Limiter, error)
		fails  string
	}{
		{"a limiter that limits nothing", 3, as(generous{}), "ours-never-over"},
		{"the same is not exact", 3, as(generous{}), "ours-exact"},
		{"a limiter that shuts", 3, as(shut{}), "ours-open-in-outage"},
		{"a limiter that calls the counter too often", 3, func(_ *scenarios.Limits, _ int64, p wallet.Permits) (limit.Limiter, error) { return asking{p}, nil }, "ours-few-calls"},
		{"a share that is exact", 0, leased, "share-is-inexact"},
		{"a counter that keeps up", 1, leased, "count-drowns"},
	} {
		all := designs()
		all[c.design].limiter = c.of
		s, err := study(t.Context(), small(t).Limits, 7, all)
		require.NoError(t, err, c.why)
		require.Equal(t, reports.Fail, s.Verdict, c.why)
		failed := []string{}
		for _, one := range s.Checks {
			if one.Result == reports.Fail {
				failed = append(failed, one.Name)
			}
		}
		require.Contains(t, failed, c.fails, c.why)
	}
}

// The checks of the pools fail without a flood, and with pools that are too small.
func TestPoolChecksBite(t *testing.T) {
	for why, spoil := range map[string]func(*scenarios.LimitPools){
		"no flood":                    func(p *scenarios.LimitPools) { p.Flood = p.Activity },
		"too little room of everyday": func(p *scenarios.LimitPools) { p.EverydayRoom = 5 },
	} {
		l := *small(t).Limits
		spoil(&l.Pools)
		s, err := poolStudy(t.Context(), &l.Pools, l.Takes)
		require.NoError(t, err, why)
		require.Equal(t, reports.Fail, s.Verdict, why)
	}
}

// An interrupted study returns the reason. Without a limits section it returns ErrNone.
func TestStudyEnds(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("enough")
	cancel(why)
	_, err := Studies(ctx, small(t), 1)
	require.ErrorIs(t, err, why)
	s := small(t)
	s.Limits = nil
	_, err = Studies(t.Context(), s, 1)
	require.ErrorIs(t, err, errNone)
}
