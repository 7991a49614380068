package open_test

import (
	"bytes"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/internal/servetest"
	pb "hongbao/reference/server/hongbaopb"
	"hongbao/reference/service/open"
	"hongbao/reference/wallet"
)

// TestServeTokens: a client's token proves its money to its owner's page alone, and only as it was given out.
func TestServeTokens(t *testing.T) {
	t.Parallel()
	s := servetest.Start(t, nil)
	var won pb.GrantReply
	require.Equal(t, "ok", s.CallAs(t, "demo", "GrantService/Grant", servetest.GrantBody(7, 1, 88), &won))
	last := bytes.Clone(won.Token)
	last[len(last)-1] ^= 1
	key := bytes.Clone(won.Token)
	key[1] ^= 1
	var page pb.WalletPageReply
	posted := func() bool {
		return s.CallByUser(t, 7, "WalletService/WalletPage", "{}", &page) == "ok" && page.Lines[0].Status == pb.TokenStatus_TOKEN_STATUS_SUCCESS
	}
	servetest.Eventually(t, "the grant is posted", posted)
	for _, c := range []struct {
		why    string
		user   int64
		token  []byte
		reason string
	}{
		{"posted already: its client lets go of it", 7, won.Token, "token_replayed"},
		{"another user's", 8, won.Token, "token_foreign"},
		{"one bit of its seal is another", 7, last, "token_forged"},
		{"of a key that nobody has", 7, key, "token_key"},
		{"the end is missing", 7, won.Token[:20], "token_unreadable"},
		{"no token at all", 7, []byte("hongbao"), "token_unreadable"},
	} {
		require.Equal(t, "ok", s.CallByUser(t, c.user, "WalletService/WalletPage", servetest.PageBody(c.token), &page), c.why)
		require.Equal(t, []string{c.reason}, servetest.RefusalReasons(1, page.Refused), c.why)
		require.EqualValues(t, map[int64]int64{7: 88, 8: 0}[c.user], page.IncomeFen, c.why)
	}
	require.Equal(t, "ok", s.CallByUser(t, 7, "WalletService/WalletPage", servetest.PageBody(last, won.Token), &page))
	require.Equal(t, []string{"token_forged", "token_replayed"}, servetest.RefusalReasons(2, page.Refused), "each is named")
	servetest.RequireSettled(t, s, 1, 88)

	require.NotContains(t, s.Logs.String(), wallet.AlarmForgedTokens)
	require.Equal(t, "ok", s.CallByUser(t, 7, "WalletService/WalletPage", servetest.PageBody(slices.Repeat([][]byte{last}, 10)...), &page))
	require.Contains(t, s.Logs.String(), wallet.AlarmForgedTokens, "somebody tries in earnest")
}

// TestServeMarked: a grant under the load-test mark changes the shadow wallet only (K2).
func TestServeMarked(t *testing.T) {
	t.Parallel()
	shadowLoad(t, func(*open.Config) {})
}

// TestServeMarkedReal is the same on Redis and MySQL, where both wallets share the servers.
func TestServeMarkedReal(t *testing.T) { shadowLoad(t, servetest.OnRealStores(t)) }

func shadowLoad(t *testing.T, change func(*open.Config)) {
	s := servetest.Start(t, change)
	loadTest := s.WithLoadTestMark()
	var live, shadow pb.GrantReply
	require.Equal(t, "ok", s.CallAs(t, "demo", "GrantService/Grant", servetest.GrantBody(7, 1, 88), &live))
	require.Equal(t, "ok", s.CallByUser(t, 7, "WalletService/WalletPage", `{"withdraw":true}`, &pb.WalletPageReply{}))
	servetest.RequireSettled(t, s, 1, 88)
	var before, after, page pb.WalletPageReply
	require.Equal(t, "ok", s.CallByUser(t, 7, "WalletService/WalletPage", "{}", &before))

	for rain := 1; rain <= 10; rain++ {
		require.Equal(t, "ok", loadTest.CallAs(t, "demo", "GrantService/Grant", servetest.GrantBody(7, rain, 5), &shadow))
	}
	require.Equal(t, "ok", loadTest.CallByUser(t, 7, "WalletService/WalletPage", `{"withdraw":true}`, &page))
	require.EqualValues(t, 50, page.BalanceFen, "the same number was granted here for another amount")
	var paid pb.WithdrawReply
	require.Equal(t, "ok", loadTest.CallByUser(t, 7, "WalletService/Withdraw", `{"request":1,"amount_fen":50}`, &paid))
	require.Equal(t, "ok", loadTest.CallByUser(t, 7, "WalletService/WalletPage", servetest.PageBody(live.Token), &page))
	require.Zero(t, page.BalanceFen)
	require.Equal(t, []string{"token_purpose"}, servetest.RefusalReasons(1, page.Refused), "live money has no value in a load test")

	require.Equal(t, "ok", s.CallByUser(t, 7, "WalletService/WalletPage", servetest.PageBody(shadow.Token), &after))
	require.Equal(t, []string{"token_purpose"}, servetest.RefusalReasons(1, after.Refused), "nor the other way round")
	after.Refused = nil
	require.Equal(t, before.String(), after.String(), "the live page is what it was")
	servetest.RequireSettled(t, s, 1, 88)
	for _, c := range []struct{ why, id, method, body string }{
		{"what upstreams ask has no shadow", "demo", "QueryService/Balance", `{"who":{"app":"APP_DOUYIN","user":7}}`},
	} {
		require.Equal(t, "no_shadow", loadTest.CallAs(t, c.id, c.method, c.body, &page), c.why)
	}
	var report pb.ReconcileReply
	require.Equal(t, "ok", loadTest.CallAs(t, "auditor", "OperatorService/Reconcile", "{}", &report))
	require.EqualValues(t, 10, report.Orders, "operators see the records of the shadow wallet under the load-test mark")

	s.Stop()
	b := servetest.ReadRecords(t, &s.Config, false)
	require.Len(t, b.Orders, 1)
	require.EqualValues(t, 88, b.Spent)
	require.EqualValues(t, 88, b.Quota.Leased)
	b = servetest.ReadRecords(t, &s.Config, true)
	require.Len(t, b.Orders, 10)
	require.EqualValues(t, 50, b.Spent)
	require.Zero(t, b.Sum)
}

// TestServeUnmarked: a service without a shadow wallet refuses load-test requests, also for the live wallet.
func TestServeUnmarked(t *testing.T) {
	t.Parallel()
	s := servetest.Start(t, func(c *open.Config) { c.LoadTest = false })
	require.Equal(t, "no_shadow", s.WithLoadTestMark().CallAs(t, "demo", "GrantService/Grant", servetest.GrantBody(7, 1, 88), &pb.GrantReply{}))
	require.Equal(t, "no_shadow", s.WithLoadTestMark().CallByUser(t, 7, "WalletService/WalletPage", "{}", &pb.WalletPageReply{}))
	s.Stop()
	require.Empty(t, servetest.ReadRecords(t, &s.Config, false).Orders)
	require.NoFileExists(t, filepath.Join(s.Config.Data, "shadow.db"), "nor has it a shadow")
}
