package redis_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"hongbao/reference/store/redis"
	"hongbao/reference/store/storetest"
	"hongbao/reference/wallet"
)

// roles are all roles of an endpoint, on one client.
type roles struct {
	backlog *redis.Backlog
	tokens  *redis.Tokens
	orders  *redis.Orders
	budgets *redis.Budgets
	leases  *redis.Leases
	totals  *redis.Totals
	config  *redis.ConfigCentre
}

func rolesOf(c *redis.Client) roles {
	b := redis.NewBacklog(c, storetest.NewClock(), storetest.Shards, storetest.Lease)
	return roles{b, redis.NewTokens(b), redis.NewOrders(c), redis.NewBudgets(c), redis.NewLeases(c), redis.NewTotals(c), redis.NewConfigCentre(c)}
}

// writes are the calls whose reply may get lost, each with a check of the server's state.
var writes = []struct {
	name  string
	on    string // a word of the command at which the fault strikes
	call  func(ctx context.Context, r roles) error
	done  func(ctx context.Context, r roles) (int64, error)
	once  int64 // result of done after one call
	twice int64 // and after a repeat
}{
	{"issue", "HSETNX",
		func(ctx context.Context, r roles) error { return r.tokens.Issue(ctx, benchToken(7)) },
		func(ctx context.Context, r roles) (int64, error) {
			l, err := r.tokens.List(ctx, 7, wallet.Official)
			if err != nil {
				return 0, err
			}
			n, err := r.backlog.Depth(ctx)
			return int64(len(l))*100 + n, err
		}, 101, 101},
	{"push", "XADD",
		func(ctx context.Context, r roles) error {
			return r.backlog.Push(ctx, []wallet.Credit{benchToken(7).Credit()})
		},
		func(ctx context.Context, r roles) (int64, error) { return r.backlog.Depth(ctx) },
		1, 2}, // a credit pushed twice is held twice: the ledger's order number settles that
	{"report", "EVAL",
		func(ctx context.Context, r roles) error { return r.totals.Report(ctx, wallet.Official, "a", 500) },
		func(ctx context.Context, r roles) (int64, error) {
			m, err := r.totals.Total(ctx, wallet.Official)
			return int64(m), err
		}, 500, 500},
	{"hold", "EVAL",
		func(ctx context.Context, r roles) error {
			_, err := r.leases.Hold(ctx, "shard", "me", time.Hour)
			return err
		},
		func(ctx context.Context, r roles) (int64, error) {
			free, err := r.leases.Hold(ctx, "shard", "other", time.Millisecond)
			if free {
				return 0, r.leases.Release(ctx, "shard", "other")
			}
			return 1, err
		}, 1, 1},
	{"reserve", "EVAL",
		func(ctx context.Context, r roles) error {
			return r.budgets.Reserve(ctx, benchToken(7).Order, 188, 1000)
		},
		func(ctx context.Context, r roles) (int64, error) {
			m, err := r.budgets.Spent(ctx, wallet.Official)
			return int64(m), err
		}, 188, 188},
	{"create", "EVAL",
		func(ctx context.Context, r roles) error {
			_, _, err := r.orders.Create(ctx, wallet.Order{No: benchToken(7).Order, Amount: 188, Created: 1})
			return err
		},
		func(ctx context.Context, r roles) (int64, error) { return r.orders.OpenCount(ctx) },
		1, 1},
	{"set switch", "HSET",
		func(ctx context.Context, r roles) error {
			return r.config.Set(ctx, wallet.SwitchDistrustTokens, true)
		},
		func(ctx context.Context, r roles) (int64, error) {
			on, _, err := r.config.Read(ctx)
			return int64(len(on)), err
		}, 1, 1},
}

// TestLostAnswers: every write whose reply is lost is unknown, is done at most once by then, and is settled by a
// repeat.
func TestLostAnswers(t *testing.T) {
	for _, w := range writes {
		for _, f := range []fault{loseReply, cutBefore, stallReply} {
			t.Run(w.name+"/"+f.String(), func(t *testing.T) {
				mini := miniredis.RunT(t)
				direct := rolesOf(dial(t, redis.Config{Addrs: []string{mini.Addr()}}).client)
				p := newProxy(t, mini.Addr())
				r := rolesOf(dial(t, redis.Config{Addrs: []string{p.at()}}).client)

				p.arm(f, w.on)
				err := w.call(within(t, f), r)
				require.ErrorIs(t, err, wallet.ErrUnknown)
				require.Equal(t, wallet.CodeUnknown, wallet.CodeOf(err))
				want := w.once
				if f == cutBefore {
					want = 0
				}
				settles(t, want, func() (int64, error) { return w.done(t.Context(), direct) })

				want = w.twice
				if f == cutBefore {
					want = w.once
				}
				require.NoError(t, wallet.Repeat(func() error { return w.call(t.Context(), r) }), "the client reconnects by itself")
				settles(t, want, func() (int64, error) { return w.done(t.Context(), direct) })
			})
		}
	}
}

// within returns the context of a call that the fault strikes: one with a short timeout if no reply ever comes.
func within(t *testing.T, f fault) context.Context {
	if f != stallReply {
		return t.Context()
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	t.Cleanup(cancel)
	return ctx
}

// settles waits until the server has executed what reached it, and requires that the count is as wanted.
func settles(t *testing.T, want int64, done func() (int64, error)) {
	t.Helper()
	var got int64
	require.Eventually(t, func() bool {
		n, err := done()
		require.NoError(t, err)
		got = n
		return n >= want
	}, patience, time.Millisecond)
	require.Equal(t, want, got)
}

// TestLostReads: a read whose reply is lost is unavailable: nothing can have changed.
func TestLostReads(t *testing.T) {
	for _, read := range []struct {
		name string
		on   string
		call func(ctx context.Context, r roles) error
	}{
		{"list", "ZRANGEBYSCORE", func(ctx context.Context, r roles) error { _, err := r.tokens.List(ctx, 7, wallet.Official); return err }},
		{"listed tokens", "HMGET", func(ctx context.Context, r roles) error {
			if err := r.tokens.Issue(ctx, benchToken(7)); err != nil {
				return err
			}
			_, err := r.tokens.List(ctx, 7, wallet.Official)
			return err
		}},
		{"depth", "XLEN", func(ctx context.Context, r roles) error { _, err := r.backlog.Depth(ctx); return err }},
		{"oldest", "XRANGE", func(ctx context.Context, r roles) error { _, _, err := r.backlog.Oldest(ctx); return err }},
		{"token reader", "SCAN", func(ctx context.Context, r roles) error {
			return r.tokens.Tokens(ctx, func(wallet.Token) bool { return true })
		}},
		{"get orders", "HGET", func(ctx context.Context, r roles) error {
			_, err := r.orders.Get(ctx, []wallet.OrderNo{benchToken(7).Order})
			return err
		}},
		{"open orders", "ZRANGEBYSCORE", func(ctx context.Context, r roles) error { _, _, err := r.orders.Open(ctx, 1, 0, 1); return err }},
		{"spent", "GET", func(ctx context.Context, r roles) error { _, err := r.budgets.Spent(ctx, wallet.Official); return err }},
		{"total", "HMGET", func(ctx context.Context, r roles) error { _, err := r.totals.Total(ctx, wallet.Official); return err }},
		{"config", "HKEYS", func(ctx context.Context, r roles) error { _, _, err := r.config.Read(ctx); return err }},
	} {
		for _, f := range []fault{loseReply, cutBefore, stallReply} {
			t.Run(read.name+"/"+f.String(), func(t *testing.T) {
				p := newProxy(t, miniredis.RunT(t).Addr())
				r := rolesOf(dial(t, redis.Config{Addrs: []string{p.at()}}).client)
				p.arm(f, read.on)
				err := read.call(within(t, f), r)
				require.ErrorIs(t, err, wallet.ErrUnavailable)
				require.Equal(t, wallet.CodeUnavailable, wallet.CodeOf(err))
			})
		}
	}
}

// TestNothingSent: a write that was never sent is unavailable and not unknown: its caller need not repeat it.
func TestNothingSent(t *testing.T) {
	for _, w := range writes {
		t.Run(w.name, func(t *testing.T) {
			mini := miniredis.RunT(t)
			direct := rolesOf(dial(t, redis.Config{Addrs: []string{mini.Addr()}}).client)
			p := newProxy(t, mini.Addr())
			r := rolesOf(dial(t, redis.Config{Addrs: []string{p.at()}}).client)

			over, cancel := context.WithCancel(t.Context())
			cancel()
			err := w.call(over, r)
			require.ErrorIs(t, err, wallet.ErrUnavailable, "the caller's context had ended before")
			require.NotErrorIs(t, err, wallet.ErrUnknown)

			p.stop()
			require.Eventually(t, func() bool { // the broken connection is noticed first
				err = w.call(t.Context(), r)
				require.Error(t, err)
				return wallet.CodeOf(err) == wallet.CodeUnavailable
			}, patience, time.Millisecond, "nothing listens at the address")
			require.NotErrorIs(t, err, wallet.ErrUnknown)
			settles(t, 0, func() (int64, error) { return w.done(t.Context(), direct) })
		})
	}
}

// TestStalledServerIsHungUpOn: calls succeed again by themselves after a connection shared by several callers has
// stalled: no caller may close it for the others, but it must not stay in use either.
func TestStalledServerIsHungUpOn(t *testing.T) {
	// It takes one second plus the timeout. Eight seconds leave room for busy cores, and are less than the driver's
	// default of ten.
	const hungUp = 8 * time.Second
	p := newProxy(t, miniredis.RunT(t).Addr())
	client, err := redis.Dial(t.Context(), redis.Config{Addrs: []string{p.at()}, Timeout: 100 * time.Millisecond})
	require.NoError(t, err)
	t.Cleanup(client.Close)
	r := rolesOf(client)
	burst := func() {
		var all sync.WaitGroup
		for i := range int64(64) {
			all.Go(func() {
				if err := r.tokens.Issue(t.Context(), benchToken(i+1)); err != nil {
					assert.ErrorIs(t, err, wallet.ErrUnknown)
				}
			})
		}
		all.Wait()
	}
	burst() // so many concurrent calls share a connection, which none of them may close then
	p.arm(stallReply, "HSETNX")
	burst()
	require.Eventually(t, func() bool { return r.tokens.Issue(t.Context(), benchToken(3)) == nil }, hungUp, 10*time.Millisecond)
}

// TestLostTake: entries that were leased but not delivered are handed out again when the lease ends, and a lost
// acknowledgement is settled by a repeat.
func TestLostTake(t *testing.T) {
	p := newProxy(t, miniredis.RunT(t).Addr())
	clock := storetest.NewClock()
	b := redis.NewBacklog(dial(t, redis.Config{Addrs: []string{p.at()}}).client, clock, 1, storetest.Lease)
	require.NoError(t, b.Push(t.Context(), []wallet.Credit{benchToken(1).Credit(), benchToken(2).Credit()}))

	p.arm(loseReply, "EVAL")
	_, err := b.Take(t.Context(), 0, 2)
	require.ErrorIs(t, err, wallet.ErrUnknown)
	held, err := b.Take(t.Context(), 0, 2)
	require.NoError(t, err)
	require.Empty(t, held, "the lease runs, although no taker has the entries")
	clock.Advance(storetest.Lease)
	held, err = b.Take(t.Context(), 0, 2)
	require.NoError(t, err)
	require.Len(t, held, 2)

	ids := []uint64{held[0].ID, held[1].ID}
	p.arm(loseReply, "XTRIM")
	require.ErrorIs(t, b.Ack(t.Context(), 0, ids), wallet.ErrUnknown)
	require.NoError(t, b.Ack(t.Context(), 0, ids))
	settles(t, 0, func() (int64, error) { return b.Depth(t.Context()) })
}
