package redis_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/stretchr/testify/require"

	"hongbao/reference/store/redis"
	"hongbao/reference/store/storetest"
	"hongbao/reference/wallet"
)

func TestStock(t *testing.T) {
	onEach(t, func(t *testing.T, e endpoint) {
		storetest.Stock(t, func(t *testing.T) storetest.StockStore { return redis.NewStock(e.open(t)) })
	})
}

// stockWrite is a call whose reply may get lost, and the server's count after one call and after a repeat.
type stockWrite struct {
	name        string
	call        func(ctx context.Context, s *redis.Stock) error
	done        func(ctx context.Context, s *redis.Stock) (int64, error)
	once, twice int64
}

func stockWrites() []stockWrite {
	key := wallet.StockKey{Template: wallet.Template{Reward: "milk-tea", Stage: wallet.Official}}
	next := key
	next.Part = 1
	no := wallet.OrderNo{ActID: 7, Scene: "fireworks-tea", Rain: 1, Award: wallet.HeyteaCoupon, Stage: wallet.Official}
	issued := func(k wallet.StockKey) func(context.Context, *redis.Stock) (int64, error) {
		return func(ctx context.Context, s *redis.Stock) (int64, error) { return s.Issued(ctx, k) }
	}
	return []stockWrite{
		{"add", func(ctx context.Context, s *redis.Stock) error { _, err := s.Add(ctx, key, 1); return err },
			func(ctx context.Context, s *redis.Stock) (int64, error) { return s.Count(ctx, key) }, 1, 2}, // C4
		{"take", func(ctx context.Context, s *redis.Stock) error { _, err := s.Take(ctx, key, no, 9, false); return err }, issued(key), 1, 1},
		{"borrow", func(ctx context.Context, s *redis.Stock) error { _, err := s.MoveIn(ctx, next, 0, 3); return err },
			func(ctx context.Context, s *redis.Stock) (int64, error) { // a repeat that adds nothing proves that the loan was recorded
				if again, err := s.MoveIn(ctx, next, 0, 3); again != 0 || err != nil {
					return 0, err
				}
				return 1, nil
			}, 1, 1},
		{"report", func(ctx context.Context, s *redis.Stock) error { return s.Report(ctx, key.Template, 5) },
			func(ctx context.Context, s *redis.Stock) (int64, error) { return s.Reported(ctx, key.Template) }, 5, 5},
	}
}

// TestStockLostAnswers: a write whose reply is lost is unknown and was done once, and a repeat counts again only in
// the source's plain counter.
func TestStockLostAnswers(t *testing.T) {
	for _, w := range stockWrites() {
		t.Run(w.name, func(t *testing.T) {
			mini := miniredis.RunT(t)
			direct := redis.NewStock(dial(t, redis.Config{Addrs: []string{mini.Addr()}}).client)
			p := newProxy(t, mini.Addr())
			s := redis.NewStock(dial(t, redis.Config{Addrs: []string{p.at()}}).client)
			p.arm(loseReply, "milk-tea")
			require.ErrorIs(t, w.call(t.Context(), s), wallet.ErrUnknown)
			n, err := w.done(t.Context(), direct)
			require.NoError(t, err)
			require.Equal(t, w.once, n)
			require.Eventually(t, func() bool { return w.call(t.Context(), s) == nil }, patience, time.Millisecond, "the client reconnects")
			n, err = w.done(t.Context(), direct)
			require.NoError(t, err)
			require.Equal(t, w.twice, n)
		})
	}
}

// TestStockMarked: all data that load-test traffic writes has its prefix and expires (K2).
func TestStockMarked(t *testing.T) {
	mini := miniredis.RunT(t)
	s := redis.NewStock(dial(t, redis.Config{Addrs: []string{mini.Addr()}, Prefix: "marked:", Expire: time.Hour}).client)
	for _, w := range stockWrites() {
		require.NoError(t, w.call(t.Context(), s), w.name)
		require.NotEmpty(t, mini.Keys())
		for _, key := range mini.Keys() {
			require.True(t, strings.HasPrefix(key, "marked:"), "%s writes %s", w.name, key)
			require.Equal(t, time.Hour, mini.TTL(key), "%s writes %s", w.name, key)
		}
	}
}
