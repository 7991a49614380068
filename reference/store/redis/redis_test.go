package redis_test

import (
	"crypto/tls"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"hongbao/reference/store/redis"
	"hongbao/reference/store/storetest"
	"hongbao/reference/wallet"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestDialSaysWhatIsWrong wants every half-configured or unfit endpoint refused at once, with its name and without
// its password.
func TestDialSaysWhatIsWrong(t *testing.T) {
	mini := miniredis.RunT(t)
	locked := miniredis.RunT(t)
	locked.RequireAuth("sesame")
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	nobody := gone.Addr().String()
	require.NoError(t, gone.Close())
	replica := miniredis.RunT(t)
	for _, c := range []struct {
		name string
		c    redis.Config
		want error
		says string
	}{
		{"no address", redis.Config{}, wallet.ErrInvalid, "no address"},
		{"no port", redis.Config{Addrs: []string{"localhost"}}, wallet.ErrInvalid, `"localhost"`},
		{"several addresses of what", redis.Config{Addrs: []string{"a:1", "b:2"}}, wallet.ErrInvalid, "a:1,b:2"},
		{"cluster and sentinels", redis.Config{Addrs: []string{"a:1"}, Cluster: true, SentinelMaster: "m"}, wallet.ErrInvalid, "not both"},
		{"prefix that would move the hash tag", redis.Config{Addrs: []string{"a:1"}, Prefix: "{x}"}, wallet.ErrInvalid, `"{x}"`},
		{"prefix that would match others", redis.Config{Addrs: []string{"a:1"}, Prefix: "*"}, wallet.ErrInvalid, `"*"`},
		{"negative expiry", redis.Config{Addrs: []string{"a:1"}, Expire: -1}, wallet.ErrInvalid, "below zero"},
		{"expiry of no second", redis.Config{Addrs: []string{"a:1"}, Expire: time.Millisecond}, wallet.ErrInvalid, "1ms"},
		{"negative timeout", redis.Config{Addrs: []string{"a:1"}, Timeout: -1}, wallet.ErrInvalid, "below zero"},
		{"nobody there", redis.Config{Addrs: []string{nobody}}, wallet.ErrUnavailable, nobody},
		{"no cluster there", redis.Config{Addrs: []string{nobody}, Cluster: true}, wallet.ErrUnavailable, nobody},
		{"no sentinel there", redis.Config{Addrs: []string{nobody}, SentinelMaster: "festival"}, wallet.ErrUnavailable, "festival"},
		{"no password", redis.Config{Addrs: []string{locked.Addr()}}, wallet.ErrUnavailable, locked.Addr()},
		{"wrong password", redis.Config{Addrs: []string{locked.Addr()}, Password: "guessed"}, wallet.ErrUnavailable, locked.Addr()},
		{"TLS to a plain port", redis.Config{Addrs: []string{mini.Addr()}, TLS: &tls.Config{MinVersion: tls.VersionTLS12}, Timeout: time.Second}, wallet.ErrUnavailable, mini.Addr()},
		{"a replica", redis.Config{Addrs: []string{replica.Addr()}}, wallet.ErrUnavailable, "READONLY"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.name == "a replica" {
				replica.SetError("READONLY You can't write against a read only replica.")
			}
			client, err := redis.Dial(t.Context(), c.c)
			require.ErrorIs(t, err, c.want)
			require.Nil(t, client)
			require.ErrorContains(t, err, c.says)
			require.NotContains(t, err.Error(), "guessed")
		})
	}
	client, err := redis.Dial(t.Context(), redis.Config{Addrs: []string{locked.Addr()}, Password: "sesame"})
	require.NoError(t, err)
	require.NoError(t, client.Ping(t.Context()))
	require.NoError(t, client.Warm(t.Context(), 100))
	client.Close()
	require.Error(t, client.Ping(t.Context()))
}

// TestSentinel dials through the Sentinels and writes to the primary they name.
func TestSentinel(t *testing.T) {
	at := os.Getenv("HONGBAO_SENTINEL") // host:port/primary
	if at == "" {
		t.Skip("HONGBAO_SENTINEL is not set: run make real")
	}
	addr, name, _ := strings.Cut(at, "/")
	e := dial(t, redis.Config{Addrs: []string{addr}, SentinelMaster: name})
	t.Cleanup(func() { require.NoError(t, e.client.Wipe(t.Context(), e.begin)) })
	r := rolesOf(e.open(t))
	require.NoError(t, r.tokens.Issue(t.Context(), benchToken(7)))
	list, err := r.tokens.List(t.Context(), 7, wallet.Official)
	require.NoError(t, err)
	require.Equal(t, []wallet.Token{benchToken(7)}, list)
	require.NoError(t, r.tokens.Tokens(t.Context(), func(got wallet.Token) bool { return got == benchToken(7) }))
}

// TestTransactionsStayTogether sends transactions and single commands down one client at the same time. A command that
// got into another caller's transaction would be answered with QUEUED, which is none of the answers expected here, and
// a token whose credit came from another transaction would change the depth.
func TestTransactionsStayTogether(t *testing.T) {
	onEach(t, func(t *testing.T, e endpoint) {
		const callers, each = 16, 100
		r := rolesOf(e.open(t))
		var all sync.WaitGroup
		for caller := range callers {
			all.Go(func() {
				for i := range each {
					if err := r.tokens.Issue(t.Context(), benchToken(int64(caller*each+i+1))); err != nil {
						t.Errorf("issue: %v", err)
						return
					}
				}
			})
			all.Go(func() {
				for range each {
					if _, err := r.backlog.Depth(t.Context()); err != nil {
						t.Errorf("depth: %v", err)
						return
					}
					if _, err := r.leases.Hold(t.Context(), "shard", "me", time.Hour); err != nil {
						t.Errorf("hold: %v", err)
						return
					}
				}
			})
		}
		all.Wait()
		n, err := r.backlog.Depth(t.Context())
		require.NoError(t, err)
		require.EqualValues(t, callers*each, n)
		listed := 0
		require.NoError(t, r.tokens.Tokens(t.Context(), func(wallet.Token) bool { listed++; return true }))
		require.Equal(t, callers*each, listed)
	})
}

// TestLists holds the bound of a list, and what Mark does to many of them at once.
func TestLists(t *testing.T) {
	onEach(t, func(t *testing.T, e endpoint) {
		r := rolesOf(e.open(t))
		var nos []wallet.OrderNo
		for i := range wallet.MaxTokenList {
			a := benchToken(7)
			a.Order.Rain = int32(i)
			require.NoError(t, r.tokens.Issue(t.Context(), a))
			nos = append(nos, a.Order)
		}
		over := benchToken(7)
		over.Order.Rain = wallet.MaxTokenList
		require.ErrorIs(t, r.tokens.Issue(t.Context(), over), wallet.ErrOverloaded)
		n, err := r.backlog.Depth(t.Context())
		require.NoError(t, err)
		require.EqualValues(t, wallet.MaxTokenList, n, "nothing was done")
		again := benchToken(7)
		again.Order.Rain = 5
		require.NoError(t, r.tokens.Issue(t.Context(), again), "what is listed already is no addition")
		over.Order.Stage = wallet.ExternalDrill
		require.NoError(t, r.tokens.Issue(t.Context(), over), "another stage has its own list")

		require.NoError(t, r.tokens.Mark(t.Context(), append(nos, over.Order), wallet.TokenSuccess), "more than one round trip's worth")
		list, err := r.tokens.List(t.Context(), 7, wallet.Official)
		require.NoError(t, err)
		require.Empty(t, list)
	})
}

// TestMalformedTokens wants them refused before anything is sent.
func TestMalformedTokens(t *testing.T) {
	s, client := newFake(t, nil)
	r := rolesOf(client)
	for _, spoil := range []func(*wallet.Token){
		func(a *wallet.Token) { a.App = 0 },
		func(a *wallet.Token) { a.App = 9 },
		func(a *wallet.Token) { a.Status = 1 },
		func(a *wallet.Token) { a.Order.ActID = 0 },
		func(a *wallet.Token) { a.Order.Scene = "a b" },
		func(a *wallet.Token) { a.Activity = wallet.ActivityID(strings.Repeat("a", wallet.MaxActivityID+1)) },
	} {
		a := benchToken(7)
		spoil(&a)
		require.ErrorIs(t, r.tokens.Issue(t.Context(), a), wallet.ErrInvalid)
	}
	require.ErrorIs(t, r.tokens.Mark(t.Context(), []wallet.OrderNo{benchToken(7).Order}, 3), wallet.ErrInvalid)
	for _, shard := range []int{-1, storetest.Shards} {
		_, err := r.backlog.Take(t.Context(), shard, 1)
		require.ErrorIs(t, err, wallet.ErrInvalid)
		require.ErrorIs(t, r.backlog.Ack(t.Context(), shard, []uint64{1}), wallet.ErrInvalid)
	}
	_, _, err := r.orders.Create(t.Context(), wallet.Order{No: benchToken(7).Order, State: 3})
	require.ErrorIs(t, err, wallet.ErrInvalid)
	_, _, err = r.orders.Create(t.Context(), wallet.Order{})
	require.ErrorIs(t, err, wallet.ErrInvalid)
	require.ErrorIs(t, r.orders.Finish(t.Context(), nil, wallet.OrderOpen), wallet.ErrInvalid)
	require.ErrorIs(t, r.budgets.Reserve(t.Context(), wallet.OrderNo{}, 1, 1), wallet.ErrInvalid)
	require.Empty(t, s.commands())
}

// TestOldest follows the moment since which something is held.
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

// TestMarkedData wants data of another prefix apart from everything, and all of it gone after its time.
func TestMarkedData(t *testing.T) {
	mini := miniredis.RunT(t)
	plain := rolesOf(dial(t, redis.Config{Addrs: []string{mini.Addr()}}).client)
	marked := rolesOf(dial(t, redis.Config{Addrs: []string{mini.Addr()}, Prefix: "marked:", Expire: time.Hour}).client)
	for _, w := range writes {
		if w.name == "set switch" || w.name == "hold" {
			continue // how things are switched is no data, and a lease has its own end
		}
		require.NoError(t, w.call(t.Context(), marked), w.name)
		n, err := w.done(t.Context(), plain)
		require.NoError(t, err)
		require.Zero(t, n, "%s is seen without the prefix", w.name)
	}
	require.NoError(t, marked.tokens.Mark(t.Context(), []wallet.OrderNo{benchToken(7).Order}, wallet.TokenProcessing))
	_, err := marked.backlog.Take(t.Context(), 3, 1)
	require.NoError(t, err)
	require.NoError(t, plain.tokens.Tokens(t.Context(), func(wallet.Token) bool { t.Error("a marked token is in the book"); return true }))

	require.NoError(t, plain.tokens.Issue(t.Context(), benchToken(7)))
	kept := len(mini.Keys())
	for _, key := range mini.Keys() {
		if strings.HasPrefix(key, "marked:") {
			require.Equal(t, time.Hour, mini.TTL(key), key)
			kept--
		}
	}
	mini.FastForward(time.Hour)
	require.Len(t, mini.Keys(), kept, "what is not marked stays: %v", mini.Keys())
	list, err := plain.tokens.List(t.Context(), 7, wallet.Official)
	require.NoError(t, err)
	require.Len(t, list, 1)
}

// TestFlushedServer wants handles of before a loss dead: they must not acknowledge what was pushed after it (T8).
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

// TestLeasesLostAlone wants what was leased handed out again when the leases are lost and the stream is not.
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

// TestTiedOrders walks open orders many of which were created in the same microsecond.
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
		for place, first := wallet.OpenPlace(0), true; first || place != 0; first = false {
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
	page, next, err := s.Open(t.Context(), wallet.Never, 0, 3) // four are tied
	require.NoError(t, err)
	require.Len(t, page, 3)
	require.EqualValues(t, 101, next, "the walk goes on")
}
