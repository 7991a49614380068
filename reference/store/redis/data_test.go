package redis_test

import (
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/stretchr/testify/require"

	"hongbao/reference/store/redis"
	"hongbao/reference/wallet"
)

// TestOldest: Oldest follows the time since which a posting is held.
func TestOldest(t *testing.T) {
	e := onMini(t)
	b := rolesOf(e.open(t)).backlog
	_, any, err := b.Oldest(t.Context())
	require.NoError(t, err)
	require.False(t, any, "nothing is held")
	first := wallet.InstantOf(*e.now.Load())
	require.NoError(t, b.Push(t.Context(), []wallet.Credit{benchToken(1).Credit()}))
	e.pass(time.Minute)
	require.NoError(t, b.Push(t.Context(), []wallet.Credit{benchToken(2).Credit(), benchToken(1).Credit()}))
	at, any, err := b.Oldest(t.Context())
	require.NoError(t, err)
	require.True(t, any)
	require.Equal(t, first, at, "of all shards")
	held, err := b.Take(t.Context(), 1, 1)
	require.NoError(t, err)
	require.NoError(t, b.Ack(t.Context(), 1, []uint64{held[0].ID}))
	at, _, err = b.Oldest(t.Context())
	require.NoError(t, err)
	require.Equal(t, first.Add(time.Minute), at)
}

// TestMarkedData: data of another prefix is separate from all other data, and all of it expires.
func TestMarkedData(t *testing.T) {
	mini := miniredis.RunT(t)
	plain := rolesOf(dial(t, redis.Config{Addrs: []string{mini.Addr()}}).client)
	shadow := rolesOf(dial(t, redis.Config{Addrs: []string{mini.Addr()}, Prefix: "marked:", Expire: time.Hour}).client)
	expires := func(what string) {
		t.Helper()
		require.NotEmpty(t, mini.Keys(), what)
		for _, key := range mini.Keys() {
			require.True(t, strings.HasPrefix(key, "marked:"), "%s writes %s", what, key)
			require.Equal(t, time.Hour, mini.TTL(key), "%s writes %s", what, key)
		}
	}
	for _, w := range writes {
		if w.name == "set switch" {
			continue // switch settings do not expire
		}
		require.NoError(t, w.call(t.Context(), shadow), w.name)
		expires(w.name)
		n, err := w.done(t.Context(), plain)
		require.NoError(t, err)
		require.Zero(t, n, "%s is seen without the prefix", w.name)
		mini.FlushAll()
	}
	require.NoError(t, shadow.tokens.Issue(t.Context(), benchToken(7)))
	require.NoError(t, shadow.tokens.Mark(t.Context(), []wallet.OrderNo{benchToken(7).Order}, wallet.TokenProcessing))
	expires("mark")
	held, err := shadow.backlog.Take(t.Context(), 3, 1)
	require.NoError(t, err)
	require.Len(t, held, 1)
	expires("take")
	require.NoError(t, plain.tokens.Tokens(t.Context(), func(wallet.Token) bool { t.Error("a load-test token is in the live list"); return true }))

	mini.FastForward(time.Hour / 2)
	again := benchToken(7)
	again.Order.Rain++
	require.NoError(t, shadow.tokens.Issue(t.Context(), again))
	mini.FastForward(time.Hour / 2)
	list, err := shadow.tokens.List(t.Context(), 7, wallet.Official)
	require.NoError(t, err)
	require.Len(t, list, 2)
	require.Equal(t, wallet.TokenProcessing, list[0].Status, "marks expire with their list")

	mini.FastForward(time.Hour)
	require.Empty(t, mini.Keys())
	require.NoError(t, plain.tokens.Issue(t.Context(), again))
	mini.FastForward(time.Hour)
	require.NotEmpty(t, mini.Keys(), "live data stays")
}

// TestAckLeavesNothing: acknowledged entries leave no entry and no lease, only the position that was reached.
func TestAckLeavesNothing(t *testing.T) {
	e := onMini(t)
	b := rolesOf(e.open(t)).backlog
	require.NoError(t, b.Push(t.Context(), []wallet.Credit{benchToken(1).Credit(), benchToken(5).Credit()}))
	held, err := b.Take(t.Context(), 1, 2)
	require.NoError(t, err)
	require.NoError(t, b.Ack(t.Context(), 1, []uint64{held[0].ID, held[1].ID}))
	for _, key := range e.mini.Keys() {
		if strings.Contains(key, ":leased:") {
			left, err := e.mini.ZMembers(key)
			require.NoError(t, err)
			require.Len(t, left, 1)
			require.True(t, strings.HasPrefix(left[0], "last:"), left[0])
		}
	}
}

// TestBudgetToTheFen: sums are compared as integers: as floats, 2^53 and the next integer are equal.
func TestBudgetToTheFen(t *testing.T) {
	onEach(t, func(t *testing.T, e endpoint) {
		const budget = 1<<53 + 1
		s := rolesOf(e.open(t)).budgets
		require.NoError(t, s.Reserve(t.Context(), benchToken(1).Order, budget, budget))
		require.ErrorIs(t, s.Reserve(t.Context(), benchToken(2).Order, 1, budget), wallet.ErrOverBudget, "one fen too much")
		m, err := s.Spent(t.Context(), wallet.Official)
		require.NoError(t, err)
		require.EqualValues(t, budget, m)
	})
}

// TestFlushedServer: handles from before a loss are invalid: they must not acknowledge postings that were pushed after
// it (T8).
func TestFlushedServer(t *testing.T) {
	e := onMini(t)
	b := rolesOf(e.open(t)).backlog
	credits := []wallet.Credit{benchToken(1).Credit(), benchToken(5).Credit()}
	require.NoError(t, b.Push(t.Context(), credits))
	before, err := b.Take(t.Context(), 1, 2)
	require.NoError(t, err)
	require.Len(t, before, 2)

	e.mini.FlushAll()
	e.pass(time.Millisecond)
	require.NoError(t, b.Push(t.Context(), credits))
	require.NoError(t, b.Ack(t.Context(), 1, []uint64{before[0].ID, before[1].ID}))
	after, err := b.Take(t.Context(), 1, 2)
	require.NoError(t, err)
	require.Len(t, after, 2)
}

// TestLeasesLostAlone: leased entries are handed out again when the leases are lost and the stream is not.
func TestLeasesLostAlone(t *testing.T) {
	e := onMini(t)
	b := rolesOf(e.open(t)).backlog
	require.NoError(t, b.Push(t.Context(), []wallet.Credit{benchToken(1).Credit(), benchToken(5).Credit()}))
	before, err := b.Take(t.Context(), 1, 2)
	require.NoError(t, err)
	for _, key := range e.mini.Keys() {
		if strings.Contains(key, ":leased:") {
			e.mini.Del(key)
		}
	}
	after, err := b.Take(t.Context(), 1, 2)
	require.NoError(t, err)
	require.Equal(t, before, after)
}

// TestTiedOrders walks open orders, many of which were created in the same microsecond.
func TestTiedOrders(t *testing.T) {
	s := rolesOf(onMini(t).open(t)).orders
	var want []wallet.OrderNo
	for i := range int64(20) {
		o := wallet.Order{No: benchToken(i + 1).Order, Amount: 1, Created: wallet.Instant(100 + i/4)}
		_, _, err := s.Create(t.Context(), o)
		require.NoError(t, err)
		want = append(want, o.No)
	}
	for _, limit := range []int{4, 5, 7, 100} {
		var got []wallet.OrderNo
		for place, first := wallet.ScanCursor(0), true; first || place != 0; first = false {
			page, next, err := s.Open(t.Context(), wallet.Never, place, limit)
			require.NoError(t, err)
			require.LessOrEqual(t, len(page), limit)
			for _, o := range page {
				got = append(got, o.No)
			}
			place = next
		}
		require.Equal(t, want, got, "limit %d", limit)
	}
	page, next, err := s.Open(t.Context(), wallet.Never, 0, 3) // four orders have the same time
	require.NoError(t, err)
	require.Len(t, page, 3)
	require.EqualValues(t, 101, next, "the walk continues")
}
