package main

import (
	"bytes"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	pb "hongbao/reference/server/hongbaopb"
	"hongbao/reference/wallet"
)

// TestServeTokens: a client's token proves its money to its owner's page alone, and only as it was given out.
func TestServeTokens(t *testing.T) {
	t.Parallel()
	s := startService(t, nil)
	var won pb.GrantReply
	require.Equal(t, "ok", s.as(t, "demo", "GrantService/Grant", win(7, 1, 88), &won))
	last := bytes.Clone(won.Token)
	last[len(last)-1] ^= 1
	key := bytes.Clone(won.Token)
	key[1] ^= 1
	var page pb.WalletPageReply
	posted := func() bool {
		return s.by(t, 7, "WalletService/WalletPage", "{}", &page) == "ok" && page.Lines[0].Status == pb.TokenStatus_TOKEN_STATUS_SUCCESS
	}
	eventually(t, "the grant is posted", posted)
	for _, c := range []struct {
		why    string
		user   int64
		token  []byte
		reason string
	}{
		{"posted already: its client lets go of it", 7, won.Token, "token_replayed"},
		{"somebody else's", 8, won.Token, "token_foreign"},
		{"one bit of its seal is another", 7, last, "token_forged"},
		{"of a key that nobody has", 7, key, "token_key"},
		{"the end is missing", 7, won.Token[:20], "token_unreadable"},
		{"no token at all", 7, []byte("hongbao"), "token_unreadable"},
	} {
		require.Equal(t, "ok", s.by(t, c.user, "WalletService/WalletPage", holding(c.token), &page), c.why)
		require.Equal(t, []string{c.reason}, reasons(1, page.Refused), c.why)
		require.EqualValues(t, map[int64]int64{7: 88, 8: 0}[c.user], page.IncomeFen, c.why)
	}
	require.Equal(t, "ok", s.by(t, 7, "WalletService/WalletPage", holding(last, won.Token), &page))
	require.Equal(t, []string{"token_forged", "token_replayed"}, reasons(2, page.Refused), "each is named")
	atRest(t, s, 1, 88)

	require.NotContains(t, s.logs.String(), wallet.AlarmForgedTokens)
	require.Equal(t, "ok", s.by(t, 7, "WalletService/WalletPage", holding(slices.Repeat([][]byte{last}, 10)...), &page))
	require.Contains(t, s.logs.String(), wallet.AlarmForgedTokens, "somebody tries in earnest")
}

// TestServeMarked: what is granted under the mark of a load test lands in the shadow wallet and nowhere else (K2).
func TestServeMarked(t *testing.T) {
	t.Parallel()
	markedLoad(t, func(*serveConfig) {})
}

// TestServeMarkedReal is the same on Redis and MySQL, where both wallets share the servers.
func TestServeMarkedReal(t *testing.T) { markedLoad(t, onRealStores(t)) }

func markedLoad(t *testing.T, change func(*serveConfig)) {
	s := startService(t, change)
	marked := s.mark()
	var live, shadow pb.GrantReply
	require.Equal(t, "ok", s.as(t, "demo", "GrantService/Grant", win(7, 1, 88), &live))
	require.Equal(t, "ok", s.by(t, 7, "WalletService/WalletPage", `{"withdraw":true}`, &pb.WalletPageReply{}))
	atRest(t, s, 1, 88)
	var before, after, page pb.WalletPageReply
	require.Equal(t, "ok", s.by(t, 7, "WalletService/WalletPage", "{}", &before))

	for rain := 1; rain <= 10; rain++ {
		require.Equal(t, "ok", marked.as(t, "demo", "GrantService/Grant", win(7, rain, 5), &shadow))
	}
	require.Equal(t, "ok", marked.by(t, 7, "WalletService/WalletPage", `{"withdraw":true}`, &page))
	require.EqualValues(t, 50, page.BalanceFen, "the same number was granted here for another amount")
	var paid pb.WithdrawReply
	require.Equal(t, "ok", marked.by(t, 7, "WalletService/Withdraw", `{"request":1,"amount_fen":50}`, &paid))
	require.Equal(t, "ok", marked.by(t, 7, "WalletService/WalletPage", holding(live.Token), &page))
	require.Zero(t, page.BalanceFen)
	require.Equal(t, []string{"token_purpose"}, reasons(1, page.Refused), "live money is none in a load test")

	require.Equal(t, "ok", s.by(t, 7, "WalletService/WalletPage", holding(shadow.Token), &after))
	require.Equal(t, []string{"token_purpose"}, reasons(1, after.Refused), "nor the other way round")
	after.Refused = nil
	require.Equal(t, before.String(), after.String(), "the live page is what it was")
	atRest(t, s, 1, 88)
	for _, c := range []struct{ why, id, method, body string }{
		{"what upstreams ask has no shadow", "demo", "QueryService/Balance", `{"who":{"app":"APP_DOUYIN","user":7}}`},
	} {
		require.Equal(t, "no_shadow", marked.as(t, c.id, c.method, c.body, &page), c.why)
	}
	var books pb.ReconcileReply
	require.Equal(t, "ok", marked.as(t, "auditor", "OperatorService/Reconcile", "{}", &books))
	require.EqualValues(t, 10, books.Orders, "operators see the marked books under the mark")

	s.stop()
	b := readBooks(t, &s.config, false)
	require.Len(t, b.orders, 1)
	require.EqualValues(t, 88, b.spent)
	require.EqualValues(t, 88, b.quota.Leased)
	b = readBooks(t, &s.config, true)
	require.Len(t, b.orders, 10)
	require.EqualValues(t, 50, b.spent)
	require.Zero(t, b.sum)
}

// TestServeUnmarked: a service that takes no marked load does not take it for real either.
func TestServeUnmarked(t *testing.T) {
	t.Parallel()
	s := startService(t, func(c *serveConfig) { c.LoadTest = false })
	require.Equal(t, "no_shadow", s.mark().as(t, "demo", "GrantService/Grant", win(7, 1, 88), &pb.GrantReply{}))
	require.Equal(t, "no_shadow", s.mark().by(t, 7, "WalletService/WalletPage", "{}", &pb.WalletPageReply{}))
	s.stop()
	require.Empty(t, readBooks(t, &s.config, false).orders)
	require.NoFileExists(t, filepath.Join(s.config.Data, "shadow.db"), "nor has it a shadow")
}
