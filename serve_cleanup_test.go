package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/sdk/client"
	pb "hongbao/reference/server/hongbaopb"
	"hongbao/reference/wallet"
)

// TestServeCleanUp: what marked load has left is thrown away and nothing of it is remembered, live data is untouched (K2).
func TestServeCleanUp(t *testing.T) {
	t.Parallel()
	for _, strategy := range wallet.Strategies {
		t.Run(string(strategy), func(t *testing.T) {
			t.Parallel()
			cleanUp(t, func(c *serveConfig) { c.Strategy = string(strategy) })
		})
	}
}

// TestServeCleanUpReal is the same on Redis and MySQL, where both wallets share the servers.
func TestServeCleanUpReal(t *testing.T) { cleanUp(t, onRealStores(t)) }

func cleanUp(t *testing.T, change func(*serveConfig)) {
	s := startService(t, change)
	marked := s.mark()
	require.Equal(t, "ok", s.as(t, "demo", "GrantService/Grant", win(7, 1, 88), &pb.GrantReply{}))
	atRest(t, s, 1, 88)
	live := func() client.Reconciliation {
		r, err := s.operator(t, "auditor").Reconcile(t.Context())
		require.NoError(t, err)
		return r
	}
	before := live()
	require.Equal(t, client.Reconciliation{Orders: 1, Entries: 1}, before)

	for round := range 2 { // the second is on a wallet that was cleaned up: the same numbers mean other grants
		fen := int64(5 + round)
		for rain := 1; rain <= 10; rain++ {
			require.Equal(t, "ok", marked.as(t, "demo", "GrantService/Grant", win(7, rain, fen), &pb.GrantReply{}))
		}
		markedAtRest(t, marked, 10, 10*fen)
		require.Equal(t, "ok", marked.by(t, 7, "WalletService/Withdraw", `{"request":1,"amount_fen":20}`, &pb.WithdrawReply{}))
		marked.clean(t)
		markedAtRest(t, marked, 0, 0)
		var page pb.WalletPageReply
		require.Equal(t, "ok", marked.by(t, 7, "WalletService/WalletPage", "{}", &page))
		require.Zero(t, page.BalanceFen, "no pocket, page or list remembers")
		require.Zero(t, page.IncomeFen)
		require.Empty(t, page.Withdrawals)
	}
	marked.clean(t) // there is nothing left to clean up
	require.Equal(t, before, live(), "the live books are what they were")
	s.stop()
	require.Empty(t, readBooks(t, &s.config, true).orders)
	require.Len(t, readBooks(t, &s.config, false).orders, 1)
}

// markedAtRest waits until nothing is held of the marked load, and wants its books to agree.
func markedAtRest(t *testing.T, marked *served, orders, fen int64) {
	t.Helper()
	var status client.Status
	eventually(t, "nothing is held", func() bool {
		var err error
		status, err = marked.operator(t, "viewer").Status(t.Context())
		require.NoError(t, err)
		return status.Backlog == 0 && status.OpenOrders == 0
	})
	require.Equal(t, wallet.ActivityID("spring-festival"), status.Activity)
	require.EqualValues(t, fen, status.Budgets[0].Reserved)
	r, err := marked.operator(t, "auditor").Reconcile(t.Context())
	require.NoError(t, err)
	require.Equal(t, client.Reconciliation{Orders: orders, Entries: orders}, r, "and the sum over all accounts is zero")
}

// TestServeCleanUpRefused: what must not be thrown away is not, and why is said by name and in the audit log.
func TestServeCleanUpRefused(t *testing.T) {
	t.Parallel()
	s := startService(t, func(c *serveConfig) { c.PostRest = time.Minute })
	marked := s.mark()
	const clean = "OperatorService/CleanUpLoadTest"
	reply := &pb.CleanUpLoadTestReply{}
	require.Equal(t, "marked_only", s.as(t, "operator", clean, "{}", reply), "live data")
	require.Equal(t, "wrong_role", marked.as(t, "auditor", clean, "{}", reply), "who reads the books does not burn them")
	for _, c := range []struct{ method, id, body string }{
		{"SetSwitch", "operator", `{"name":"distrust-tokens","on":true}`}, {"ListSwitches", "viewer", "{}"}, {"AuditLog", "auditor", "{}"},
	} {
		require.Equal(t, "live_only", marked.as(t, c.id, "OperatorService/"+c.method, c.body, reply), c.method)
	}

	rain := 0
	eventually(t, "a posting is held, once the posters have looked and rest", func() bool {
		rain++
		require.Equal(t, "ok", marked.as(t, "demo", "GrantService/Grant", win(7, rain, 5), &pb.GrantReply{}))
		return marked.as(t, "operator", clean, "{}", reply) == "load_test_backlog"
	})
	require.Equal(t, "ok", marked.as(t, "operator", clean, `{"force":true}`, reply))
	require.Positive(t, reply.Keys, "what was held")
	markedAtRest(t, marked, 0, 0)

	var log pb.AuditLogReply
	require.Equal(t, "ok", s.as(t, "auditor", "OperatorService/AuditLog", `{"limit":100}`, &log))
	outcomes := map[string]int{}
	for _, a := range log.Actions {
		if a.Method == "/hongbao.v1."+clean {
			outcomes[a.Outcome]++
		}
	}
	require.Equal(t, 1, outcomes["marked_only"])
	require.Equal(t, 1, outcomes["wrong_role"])
	require.Equal(t, 1, outcomes["load_test_backlog"])
	require.GreaterOrEqual(t, outcomes["ok"], 3, "what was begun, refused by the wallet or not")
}
