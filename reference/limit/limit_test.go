package limit_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"hongbao/reference/limit"
	"hongbao/reference/store/mem"
	"hongbao/reference/wallet"
)

const start = wallet.Instant(1_643_630_400_000_000) // a whole second

// passed counts how many of n requests pass at a moment.
func passed(t testing.TB, l limit.Limiter, now wallet.Instant, n int) (ok int) {
	for range n {
		err := l.Allow(t.Context(), now)
		if err == nil {
			ok++
			continue
		}
		require.ErrorIs(t, err, wallet.ErrLimited)
	}
	return ok
}

// TestShare: an instance's share is its part, with a burst of one second, independent of the other instances.
func TestShare(t *testing.T) {
	s, err := limit.NewShare(100, 4)
	require.NoError(t, err)
	require.Equal(t, 25, passed(t, s, start, 100))
	require.Equal(t, 5, passed(t, s, start.Add(200*time.Millisecond), 100))
	for _, c := range []struct {
		perSecond float64
		instances int
	}{{0, 1}, {-1, 1}, {1, 0}} {
		_, err := limit.NewShare(c.perSecond, c.instances)
		require.ErrorIs(t, err, wallet.ErrInvalid)
	}
}

// TestCommonCounts: with uneven traffic, limiters with a shared counter together let exactly the limit pass.
func TestCommonCounts(t *testing.T) {
	count := mem.NewPermits()
	for name, of := range map[string]func() (limit.Limiter, error){
		"counted": func() (limit.Limiter, error) { return limit.NewCounted(count, "counted", 100) },
		"leased":  func() (limit.Limiter, error) { return limit.NewLeased(count, "leased", 100, 4) },
	} {
		busy, err := of()
		require.NoError(t, err)
		idle, err := of()
		require.NoError(t, err)
		require.Equal(t, 1, passed(t, idle, start, 1), name)
		require.InDelta(t, 99, passed(t, busy, start, 300), 3, name)
		require.Equal(t, 100, passed(t, busy, start.Add(time.Second), 300), "%s: the next second has its own permits", name)
	}
}

// TestLeasedNeverOver: for any sequence of requests, no window lets more than the limit pass. If only one instance has
// traffic, it can use the whole limit.
func TestLeasedNeverOver(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		perSecond, instances := rapid.Int64Range(1, 500).Draw(rt, "limit"), rapid.IntRange(1, 8).Draw(rt, "instances")
		count := mem.NewPermits()
		all := make([]limit.Limiter, instances)
		for i := range all {
			all[i], _ = limit.NewLeased(count, "l", perSecond, instances)
		}
		got := map[int64]int64{}
		now := start
		for range rapid.IntRange(1, 50).Draw(rt, "bursts") {
			now = now.Add(time.Duration(rapid.IntRange(0, 700).Draw(rt, "later")) * time.Millisecond)
			l := all[rapid.IntRange(0, instances-1).Draw(rt, "who")]
			for range rapid.IntRange(1, 200).Draw(rt, "n") {
				if l.Allow(t.Context(), now) == nil {
					got[int64(now)/1e6]++
				}
			}
		}
		for _, n := range got {
			require.LessOrEqual(rt, n, perSecond)
		}
		alone := now.Add(2 * time.Second)
		require.EqualValues(rt, perSecond, passed(t, all[0], alone, int(perSecond)+10), "one instance uses the whole limit")
	})
}

// TestLeasedAtOnce: concurrent requests use no permit twice.
func TestLeasedAtOnce(t *testing.T) {
	l, err := limit.NewLeased(mem.NewPermits(), "l", 500, 2)
	require.NoError(t, err)
	var ok atomic.Int64
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() { ok.Add(int64(passed(t, l, start, 200))) })
	}
	all.Wait()
	require.LessOrEqual(t, ok.Load(), int64(500))
	require.Greater(t, ok.Load(), int64(400), "concurrent requests may each take a lease, and no lease is lost")
}

// failingPermits is a count that fails while down is set.
type failingPermits struct {
	wallet.Permits
	down  bool
	calls int
}

func (s *failingPermits) Take(ctx context.Context, name string, w, want, limit int64) (int64, int64, error) {
	s.calls++
	if s.down {
		return 0, 0, wallet.ErrUnavailable
	}
	return s.Permits.Take(ctx, name, w, want, limit)
}

// TestFallback: while the count fails, an instance limits by its share and calls the count once a second. It reports the
// failure and the recovery.
func TestFallback(t *testing.T) {
	count := &failingPermits{Permits: mem.NewPermits()}
	exact, err := limit.NewCounted(count, "f", 100)
	require.NoError(t, err)
	share, err := limit.NewShare(100, 4)
	require.NoError(t, err)
	var reported []error
	local := false
	f := &limit.Fallback{Exact: exact, Share: share, Local: func() bool { return local }, Tripped: func(err error) { reported = append(reported, err) }}
	require.Equal(t, 100, passed(t, f, start, 150))
	count.down, count.calls = true, 0
	require.Equal(t, 25, passed(t, f, start.Add(time.Second), 150))
	require.Equal(t, 1, count.calls, "a failed count is not called again in its window")
	require.Len(t, reported, 1)
	require.ErrorIs(t, reported[0], wallet.ErrUnavailable)
	count.down = false
	require.Equal(t, 100, passed(t, f, start.Add(2*time.Second), 150))
	require.Len(t, reported, 2)
	require.NoError(t, reported[1])
	count.down, local = true, true // as if the failure itself tripped the switch
	count.calls = 0
	require.Equal(t, 25, passed(t, f, start.Add(3*time.Second), 150))
	require.Zero(t, count.calls, "an operator wants the share")
	local = false
	require.Equal(t, 0, passed(t, f, start.Add(3*time.Second), 150), "the share is used up")
	require.Equal(t, 1, count.calls)
	count.down, local = false, true
	require.Equal(t, 100, passed(t, f, start.Add(4*time.Second), 1)*100, "it is called again and has recovered")
	require.Len(t, reported, 4)
	local, count.calls = true, 0
	require.Equal(t, 25, passed(t, f, start.Add(5*time.Second), 150), "an operator wants the share")
	require.Zero(t, count.calls)
}

// TestRefused: a limiter with an invalid configuration is refused.
func TestRefused(t *testing.T) {
	for why, err := range map[string]error{
		"no count":    second(limit.NewCounted(nil, "n", 1)),
		"no name":     second(limit.NewCounted(mem.NewPermits(), "", 1)),
		"no instance": second(limit.NewLeased(mem.NewPermits(), "n", 1, 0)),
		"below zero":  second(limit.NewLeased(mem.NewPermits(), "n", -1, 1)),
	} {
		require.ErrorIs(t, err, wallet.ErrInvalid, why)
	}
}

func second[T any](_ T, err error) error { return err }

// TestGate: a gate has Max places, and a request for more than are free takes none.
func TestGate(t *testing.T) {
	g := limit.Gate{Max: 3}
	require.True(t, g.Enter(2))
	require.False(t, g.Enter(2))
	require.True(t, g.Enter(1), "the refused request took no place")
	require.False(t, g.Enter(1))
	g.Leave(3)
	require.True(t, g.Enter(3))
	require.False(t, (&limit.Gate{}).Enter(1))
}

// clock always returns start.
type clock struct{}

func (clock) Now() wallet.Instant { return start }

// backend counts the calls that reach it.
type backend struct {
	wallet.Service
	wallet.Downstream
	calls int
}

func (b *backend) Grant(context.Context, wallet.GrantRequest) (wallet.GrantReply, error) {
	b.calls++
	return wallet.GrantReply{}, nil
}

func (b *backend) Page(context.Context, wallet.PageRequest) (wallet.Page, error) {
	b.calls++
	return wallet.Page{}, nil
}

func (b *backend) Withdraw(context.Context, wallet.WithdrawRequest) (wallet.WithdrawReply, error) {
	b.calls++
	return wallet.WithdrawReply{}, nil
}

func (b *backend) Issue(context.Context, []wallet.Item) ([]wallet.ItemResult, error) {
	b.calls++
	return nil, nil
}

func (b *backend) Query(context.Context, wallet.Item) (wallet.Receipt, error) {
	b.calls++
	return wallet.Receipt{}, nil
}

func (b *backend) Use(context.Context, wallet.Item) (wallet.Receipt, error) {
	b.calls++
	return wallet.Receipt{}, nil
}

func (b *backend) Refund(context.Context, wallet.Item) (wallet.Receipt, error) {
	b.calls++
	return wallet.Receipt{}, nil
}

// TestDoors: each limiter lets its share pass, and a refused request is not forwarded (L1).
func TestDoors(t *testing.T) {
	one := func() limit.Limiter {
		s, err := limit.NewShare(1, 1)
		require.NoError(t, err)
		return s
	}
	in, out := &backend{}, &backend{}
	unlimited := limit.IngressLimiter{Service: in, Clock: clock{}}
	limited := limit.IngressLimiter{Service: in, Clock: clock{}, Grants: one(), Pages: one(), Withdrawals: one()}
	for why, call := range map[string]func(d limit.IngressLimiter) error{
		"grant":    func(d limit.IngressLimiter) error { return second(d.Grant(t.Context(), wallet.GrantRequest{})) },
		"page":     func(d limit.IngressLimiter) error { return second(d.Page(t.Context(), wallet.PageRequest{})) },
		"withdraw": func(d limit.IngressLimiter) error { return second(d.Withdraw(t.Context(), wallet.WithdrawRequest{})) },
	} {
		in.calls = 0
		require.NoError(t, call(limited), why)
		require.ErrorIs(t, call(limited), wallet.ErrLimited, why)
		require.Equal(t, 1, in.calls, why)
		require.NoError(t, errors.Join(call(unlimited), call(unlimited)), "%s: without a limiter", why)
	}
	for why, call := range map[string]func(d wallet.Downstream) error{
		"issue":  func(d wallet.Downstream) error { return second(d.Issue(t.Context(), nil)) },
		"query":  func(d wallet.Downstream) error { return second(d.Query(t.Context(), wallet.Item{})) },
		"use":    func(d wallet.Downstream) error { return second(d.Use(t.Context(), wallet.Item{})) },
		"refund": func(d wallet.Downstream) error { return second(d.Refund(t.Context(), wallet.Item{})) },
	} {
		out.calls = 0
		d := limit.LimitDownstreamRate(out, clock{}, one())
		require.NoError(t, call(d), why)
		require.ErrorIs(t, call(d), wallet.ErrLimited, why)
		require.Equal(t, 1, out.calls, why)
	}
}
