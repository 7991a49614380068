package open_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/internal/servetest"
	"hongbao/reference/sdk/client"
	pb "hongbao/reference/server/hongbaopb"
	"hongbao/reference/service/open"
	"hongbao/reference/wallet"
)

// TestServeCleanUp: a clean-up deletes all data of a load test, and does not change live data (K2).
func TestServeCleanUp(t *testing.T) {
	t.Parallel()
	for _, strategy := range wallet.Strategies {
		t.Run(string(strategy), func(t *testing.T) {
			t.Parallel()
			cleanUp(t, func(c *open.Config) { c.Strategy = string(strategy) })
		})
	}
}

// TestServeCleanUpReal is the same on Redis and MySQL, where both wallets share the servers.
func TestServeCleanUpReal(t *testing.T) { cleanUp(t, servetest.OnRealStores(t)) }

func cleanUp(t *testing.T, change func(*open.Config)) {
	s := servetest.Start(t, change)
	shadow := s.WithLoadTestMark()
	require.Equal(t, "ok", s.CallAs(t, "demo", "GrantService/Grant", servetest.GrantBody(7, 1, 88), &pb.GrantReply{}))
	servetest.RequireSettled(t, s, 1, 88)
	live := func() client.Reconciliation {
		r, err := s.Operator(t, "auditor").Reconcile(t.Context())
		require.NoError(t, err)
		return r
	}
	before := live()
	require.Equal(t, client.Reconciliation{Orders: 1, Entries: 1}, before)

	for round := range 2 { // the second is on a wallet that was cleaned up: the same numbers mean other grants
		fen := int64(5 + round)
		for rain := 1; rain <= 10; rain++ {
			require.Equal(t, "ok", shadow.CallAs(t, "demo", "GrantService/Grant", servetest.GrantBody(7, rain, fen), &pb.GrantReply{}))
		}
		shadowAtRest(t, shadow, 10, 10*fen)
		require.Equal(t, "ok", shadow.CallByUser(t, 7, "WalletService/Withdraw", `{"request":1,"amount_fen":20}`, &pb.WithdrawReply{}))
		shadow.CleanUpLoadTest(t)
		shadowAtRest(t, shadow, 0, 0)
		var page pb.WalletPageReply
		require.Equal(t, "ok", shadow.CallByUser(t, 7, "WalletService/WalletPage", "{}", &page))
		require.Zero(t, page.BalanceFen, "no pocket, page or list remembers")
		require.Zero(t, page.IncomeFen)
		require.Empty(t, page.Withdrawals)
	}
	shadow.CleanUpLoadTest(t) // there is nothing left to clean up
	require.Equal(t, before, live(), "the live records are unchanged")
	s.Stop()
	require.Empty(t, servetest.ReadRecords(t, &s.Config, true).Orders)
	require.Len(t, servetest.ReadRecords(t, &s.Config, false).Orders, 1)
}

// shadowAtRest waits until the shadow wallet holds no posting, and requires that its records agree.
func shadowAtRest(t *testing.T, shadow *servetest.Service, orders, fen int64) {
	t.Helper()
	var status client.Status
	servetest.Eventually(t, "nothing is held", func() bool {
		var err error
		status, err = shadow.Operator(t, "viewer").Status(t.Context())
		require.NoError(t, err)
		return status.Backlog == 0 && status.OpenOrders == 0
	})
	require.Equal(t, wallet.ActivityID("spring-festival"), status.Activity)
	require.EqualValues(t, fen, status.Budgets[0].Reserved)
	r, err := shadow.Operator(t, "auditor").Reconcile(t.Context())
	require.NoError(t, err)
	require.Equal(t, client.Reconciliation{Orders: orders, Entries: orders}, r, "and the sum over all accounts is zero")
}

// TestServeCleanUpRefused: a clean-up that must not be done is refused. The reply and the audit log name the reason.
func TestServeCleanUpRefused(t *testing.T) {
	t.Parallel()
	s := servetest.Start(t, func(c *open.Config) { c.PostRest = time.Minute })
	shadow := s.WithLoadTestMark()
	const clean = "OperatorService/CleanUpLoadTest"
	reply := &pb.CleanUpLoadTestReply{}
	require.Equal(t, "marked_only", s.CallAs(t, "operator", clean, "{}", reply), "live data")
	require.Equal(t, "wrong_role", shadow.CallAs(t, "auditor", clean, "{}", reply), "an auditor reads the records and does not delete them")
	for _, c := range []struct{ method, id, body string }{
		{"SetSwitch", "operator", `{"name":"distrust-tokens","on":true}`}, {"ListSwitches", "viewer", "{}"}, {"AuditLog", "auditor", "{}"},
	} {
		require.Equal(t, "live_only", shadow.CallAs(t, c.id, "OperatorService/"+c.method, c.body, reply), c.method)
	}

	rain := 0
	servetest.Eventually(t, "a posting is held, once the posters have looked and rest", func() bool {
		rain++
		require.Equal(t, "ok", shadow.CallAs(t, "demo", "GrantService/Grant", servetest.GrantBody(7, rain, 5), &pb.GrantReply{}))
		return shadow.CallAs(t, "operator", clean, "{}", reply) == "load_test_backlog"
	})
	require.Equal(t, "ok", shadow.CallAs(t, "operator", clean, `{"force":true}`, reply))
	require.Positive(t, reply.Keys, "what was held")
	shadowAtRest(t, shadow, 0, 0)

	var log pb.AuditLogReply
	require.Equal(t, "ok", s.CallAs(t, "auditor", "OperatorService/AuditLog", `{"limit":100}`, &log))
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
