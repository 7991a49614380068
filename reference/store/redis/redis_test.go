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

// TestMain checks for leaked goroutines. A Cluster client that saw the topology change keeps one asleep for five
// seconds, until it closes the connections it no longer needs.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/redis/rueidis.(*clusterClient)._refresh.func2"))
}

// TestDialSaysWhatIsWrong: every incomplete or unsuitable endpoint is refused at once, with its name and without its
// password.
func TestDialSaysWhatIsWrong(t *testing.T) {
	mini := miniredis.RunT(t)
	locked := miniredis.RunT(t)
	locked.RequireAuth("sesame")
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	unused := closed.Addr().String()
	require.NoError(t, closed.Close())
	replica := miniredis.RunT(t)
	for _, c := range []struct {
		name string
		c    redis.Config
		want error
		says string
	}{
		{"no address", redis.Config{}, wallet.ErrInvalid, "no address"},
		{"no port", redis.Config{Addrs: []string{"localhost"}}, wallet.ErrInvalid, `"localhost"`},
		{"several addresses of unknown kind", redis.Config{Addrs: []string{"a:1", "b:2"}}, wallet.ErrInvalid, "a:1,b:2"},
		{"cluster and sentinels", redis.Config{Addrs: []string{"a:1"}, Cluster: true, SentinelMaster: "m"}, wallet.ErrInvalid, "not both"},
		{"prefix that would move the hash tag", redis.Config{Addrs: []string{"a:1"}, Prefix: "{x}"}, wallet.ErrInvalid, `"{x}"`},
		{"prefix that would match others", redis.Config{Addrs: []string{"a:1"}, Prefix: "*"}, wallet.ErrInvalid, `"*"`},
		{"negative expiry", redis.Config{Addrs: []string{"a:1"}, Expire: -1}, wallet.ErrInvalid, "below zero"},
		{"expiry below a second", redis.Config{Addrs: []string{"a:1"}, Expire: time.Millisecond}, wallet.ErrInvalid, "1ms"},
		{"negative timeout", redis.Config{Addrs: []string{"a:1"}, Timeout: -1}, wallet.ErrInvalid, "below zero"},
		{"no server there", redis.Config{Addrs: []string{unused}}, wallet.ErrUnavailable, unused},
		{"no cluster there", redis.Config{Addrs: []string{unused}, Cluster: true}, wallet.ErrUnavailable, unused},
		{"no sentinel there", redis.Config{Addrs: []string{unused}, SentinelMaster: "festival"}, wallet.ErrUnavailable, "festival"},
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

// TestSentinel dials through the Sentinels and writes to the primary that they report.
func TestSentinel(t *testing.T) {
	at := os.Getenv("HONGBAO_SENTINEL") // host:port/primary
	if at == "" {
		t.Skip("HONGBAO_SENTINEL is not set: run make real")
	}
	addr, name, _ := strings.Cut(at, "/")
	r := rolesOf(dialReal(t, redis.Config{Addrs: []string{addr}, SentinelMaster: name}).open(t))
	require.NoError(t, r.tokens.Issue(t.Context(), benchToken(7)))
	list, err := r.tokens.List(t.Context(), 7, wallet.Official)
	require.NoError(t, err)
	require.Equal(t, []wallet.Token{benchToken(7)}, list)
	require.NoError(t, r.tokens.Tokens(t.Context(), func(got wallet.Token) bool { return got == benchToken(7) }))
}

// TestTransactionsStayTogether sends transactions and single commands through one client concurrently. A command
// inside another caller's transaction would get the reply QUEUED, which is not expected here, and a token whose credit
// came from another transaction would change the depth.
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

// TestLists checks the bound of a list, and Mark on many tokens at once.
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
		require.NoError(t, r.tokens.Issue(t.Context(), again), "a listed token is not counted again")
		over.Order.Stage = wallet.ExternalDrill
		require.NoError(t, r.tokens.Issue(t.Context(), over), "another stage has its own list")

		require.NoError(t, r.tokens.Mark(t.Context(), append(nos, over.Order), wallet.TokenSuccess), "more than one round trip's worth")
		list, err := r.tokens.List(t.Context(), 7, wallet.Official)
		require.NoError(t, err)
		require.Empty(t, list)
	})
}

// TestMalformedTokens: malformed tokens are refused before anything is sent.
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
	_, _, err := r.orders.Create(t.Context(), wallet.Order{No: benchToken(7).Order, State: 4})
	require.ErrorIs(t, err, wallet.ErrInvalid)
	_, _, err = r.orders.Create(t.Context(), wallet.Order{})
	require.ErrorIs(t, err, wallet.ErrInvalid)
	require.ErrorIs(t, r.orders.Finish(t.Context(), nil, wallet.OrderOpen), wallet.ErrInvalid)
	require.ErrorIs(t, r.budgets.Reserve(t.Context(), wallet.OrderNo{}, 1, 1), wallet.ErrInvalid)
	require.Empty(t, s.commands())
}
