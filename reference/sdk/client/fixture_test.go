package client

import (
	"context"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"hongbao/reference/node"
	"hongbao/reference/runningtotal"
	"hongbao/reference/sdk"
	"hongbao/reference/server"
	"hongbao/reference/server/auth"
	"hongbao/reference/store/mem"
	"hongbao/reference/store/storetest"
	"hongbao/reference/token"
	"hongbao/reference/wallet"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fixture is the service over stores in memory, called through the real server.
type fixture struct {
	*Client
	node   *node.Node
	tokens *mem.Tokens
	clock  *storetest.Clock
	keys   auth.Keys
	url    string
}

func newFixture(t testing.TB) *fixture {
	f := &fixture{clock: storetest.NewClock(), keys: auth.Generate()}
	ring, err := token.NewKeyring(rand.NewChaCha8([32]byte{1}))
	require.NoError(t, err)
	sealer, err := token.NewReal(ring, token.DefaultPolicy())
	require.NoError(t, err)
	orders, backlog := mem.NewOrders(), mem.NewBacklog(f.clock, storetest.Shards, storetest.Lease)
	f.tokens = mem.NewTokens(backlog)
	child := wallet.Child{ID: "official", Stage: wallet.Official, From: f.clock.Now().Add(-time.Hour), To: f.clock.Now().Add(time.Hour),
		Budget: 1 << 50, SingleCap: 1000, Rewards: []wallet.RewardType{{Type: wallet.Cash, Rewards: []wallet.Reward{{
			ID: "cash", Scenes: []wallet.Scene{{ID: "rain", BillText: "Rain"}}}}}}}
	f.node, err = node.New(node.Config{Strategy: wallet.StrategyToken, Activity: wallet.Activity{Parent: "spring", Children: []wallet.Child{child}},
		Instances: 1, Batch: 100, Release: wallet.Release{Num: 1, Den: 1}},
		node.Ports{Clock: f.clock, Identities: mem.NewIdentities(), Orders: orders, OpenOrders: orders, Budgets: mem.NewBudgets(),
			Tokens: f.tokens, Backlog: backlog, Ledger: mem.NewLedger(f.clock, 1), Withdrawals: mem.NewWithdrawals(), Bank: mem.NewBank(),
			Sealer: sealer, Alarm: func(wallet.AlarmKind, string) {}})
	require.NoError(t, err)
	totals := mem.NewTotals()
	require.NoError(t, totals.Report(t.Context(), wallet.Official, "w", 4242))
	reader, err := runningtotal.NewReader(totals, wallet.Official)
	require.NoError(t, err)
	require.NoError(t, reader.Refresh(t.Context()))
	query, err := sdk.New(sdk.Ports{Pages: f.node, Totals: reader})
	require.NoError(t, err)
	f.Client, f.url = serve(t, f.keys, server.Ports{Service: f.node, Query: query, Clock: f.clock}, Config{})
	return f
}

// serve starts a server over the ports, and returns a client with both kinds of credentials.
func serve(t testing.TB, keys auth.Keys, ports server.Ports, c Config) (*Client, string) {
	s, err := server.New(server.Config{Addr: "127.0.0.1:0", Keys: keys}, ports)
	require.NoError(t, err)
	s.SetReady(true)
	h := httptest.NewServer(s.Handler())
	t.Cleanup(h.Close)
	demo, ok := keys.Caller("demo")
	require.True(t, ok)
	c.BaseURL, c.Key, c.Now = h.URL, demo.Key, func() time.Time { return ports.Clock.Now().Time() }
	c.Session = func(who wallet.Caller) string {
		return auth.Session(keys.SessionKey, who.App, who.User, ports.Clock.Now().Add(time.Hour).Time())
	}
	client := newClient(t, c)
	t.Cleanup(client.CloseIdle) // runs before h.Close, which waits for the connections
	return client, h.URL
}

// newClient returns a client that does not wait between tries.
func newClient(t testing.TB, c Config) *Client {
	if c.Wait == nil {
		c.Wait = func(context.Context, time.Duration) error { return nil }
	}
	client, err := New(c)
	require.NoError(t, err)
	t.Cleanup(client.CloseIdle)
	return client
}

// clientOf returns a client of a handler.
func clientOf(t *testing.T, h http.HandlerFunc, c Config) *Client {
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	c.BaseURL, c.Key = s.URL, auth.Key{ID: "demo", Secret: make(auth.Secret, 32)}
	return newClient(t, c)
}

func person(user wallet.UserID) wallet.Caller { return wallet.Caller{App: wallet.Douyin, User: user} }

func (f *fixture) win(user wallet.UserID, rain int32, fen wallet.Money) wallet.GrantRequest {
	return wallet.GrantRequest{Caller: person(user), Activity: "spring", Scene: "rain", Rain: rain, Award: wallet.Cash, Amount: fen, Opened: f.clock.Now()}
}

func (f *fixture) post(t *testing.T) {
	for shard := range storetest.Shards {
		_, err := f.node.PostBatch(t.Context(), shard)
		require.NoError(t, err)
	}
}
