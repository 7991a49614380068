package open_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/internal/servetest"
	pb "hongbao/reference/server/hongbaopb"
	"hongbao/reference/service/open"
	"hongbao/reference/wallet"
)

// TestServeEmbedded: the first things that a new user of the project does, under each way of posting.
func TestServeEmbedded(t *testing.T) {
	t.Parallel()
	for _, strategy := range wallet.Strategies {
		t.Run(string(strategy), func(t *testing.T) {
			t.Parallel()
			newUser(t, strategy, func(*open.Config) {})
		})
	}
}

// TestServeReal is the same on Redis and MySQL.
func TestServeReal(t *testing.T) {
	for _, strategy := range wallet.Strategies {
		t.Run(string(strategy), func(t *testing.T) {
			t.Parallel()
			newUser(t, strategy, servetest.OnRealStores(t))
		})
	}
}

// newUser is a person who wins, reads the page, withdraws and reads the page again; then the service is restarted, and
// the person reads the page once more.
func newUser(t *testing.T, strategy wallet.Strategy, stores func(*open.Config)) {
	data := t.TempDir()
	change := func(c *open.Config) { stores(c); c.Strategy, c.Data = string(strategy), data }
	s := servetest.Start(t, change)

	var won, again pb.GrantReply
	require.Equal(t, "ok", s.CallAs(t, "demo", "GrantService/Grant", servetest.GrantBody(7, 1, 88), &won))
	require.EqualValues(t, 88, won.AmountFen)
	require.Equal(t, strategy == wallet.StrategySync, won.State == pb.GrantState_GRANT_STATE_POSTED, won.State)
	require.Equal(t, strategy == wallet.StrategyToken, len(won.Token) > 0)
	require.Equal(t, "ok", s.CallAs(t, "demo", "GrantService/Grant", servetest.GrantBody(7, 1, 88), &again), "a repeat is answered as the first time")
	require.Equal(t, won.Order, again.Order)
	for _, c := range []struct{ why, body, reason string }{
		{"the same number for another amount", servetest.GrantBody(7, 1, 89), "conflict"},
		{"above the cap of a grant", servetest.GrantBody(7, 2, 8_801), "over_cap"},
		{"nothing", servetest.GrantBody(7, 2, 0), "invalid"},
	} {
		require.Equal(t, c.reason, s.CallAs(t, "demo", "GrantService/Grant", c.body, &again), c.why)
	}

	page := shows(t, s, strategy, 7, 88)
	require.Len(t, page.Lines, 1)
	require.Equal(t, won.Order, page.Lines[0].Order)
	require.Equal(t, "红包雨", page.Lines[0].Text)

	var paid pb.WithdrawReply
	for range 2 { // the second is a repeat
		require.Equal(t, "ok", s.CallByUser(t, 7, "WalletService/Withdraw", `{"request":1,"amount_fen":80}`, &paid))
		require.Equal(t, pb.WithdrawalState_WITHDRAWAL_STATE_PAID, paid.State)
	}
	require.Equal(t, "insufficient", s.CallByUser(t, 7, "WalletService/Withdraw", `{"request":2,"amount_fen":9}`, &paid))

	after(t, s, won.Order)
	shows(t, s, strategy, 8, 0) // nobody else has any of it
	require.Equal(t, "not_yours", s.CallByUser(t, 8, "WalletService/Flow", `{"who":{"app":"APP_DOUYIN","user":7}}`, page))
	servetest.RequireSettled(t, s, 1, 88)

	s.Stop()
	b := servetest.ReadRecords(t, &s.Config, false)
	require.Len(t, b.Orders, 1)
	require.Zero(t, b.Sum)
	require.EqualValues(t, 88, b.Spent)
	require.Equal(t, wallet.Quota{Reserved: 88, Leased: 88}, b.Quota, "a clean stop gives back what it did not grant")

	s = servetest.Start(t, change)
	after(t, s, won.Order)
	require.Equal(t, "ok", s.CallAs(t, "demo", "GrantService/Grant", servetest.GrantBody(8, 1, 5), &won))
	shows(t, s, strategy, 8, 5) // a new person after a restart gets a new wallet
	servetest.RequireSettled(t, s, 2, 93)
}

// shows wants a page to show so much: at once, but for async, where nothing shows the money until it is posted.
func shows(t *testing.T, s *servetest.Service, strategy wallet.Strategy, user, fen int64) *pb.WalletPageReply {
	t.Helper()
	page := &pb.WalletPageReply{}
	look := func() bool {
		require.Equal(t, "ok", s.CallByUser(t, user, "WalletService/WalletPage", "{}", page))
		return page.BalanceFen == fen
	}
	if strategy == wallet.StrategyAsync {
		servetest.Eventually(t, "the grant is posted", look)
	}
	require.True(t, look(), page)
	return page
}

// after looks as she does who has withdrawn 80 of 88 fen.
func after(t *testing.T, s *servetest.Service, order string) {
	t.Helper()
	var page pb.WalletPageReply
	require.Equal(t, "ok", s.CallByUser(t, 7, "WalletService/WalletPage", "{}", &page))
	require.EqualValues(t, 8, page.BalanceFen)
	require.EqualValues(t, 88, page.IncomeFen)
	require.Empty(t, page.Missing)
	var flow pb.FlowReply
	require.Equal(t, "ok", s.CallByUser(t, 7, "WalletService/Flow", "{}", &flow))
	require.Len(t, flow.Lines, 1)
	require.Equal(t, order, flow.Lines[0].Order)
	require.Equal(t, pb.TokenStatus_TOKEN_STATUS_SUCCESS, flow.Lines[0].Status)
	require.Len(t, flow.Withdrawals, 2, "the newest first")
	require.Equal(t, pb.WithdrawalState_WITHDRAWAL_STATE_REFUSED, flow.Withdrawals[0].State)
	require.EqualValues(t, 80, flow.Withdrawals[1].AmountFen)
	require.Equal(t, pb.WithdrawalState_WITHDRAWAL_STATE_PAID, flow.Withdrawals[1].State)

	who := `{"who":{"app":"APP_DOUYIN","user":7}}`
	var balance pb.BalanceReply
	require.Equal(t, "ok", s.CallAs(t, "demo", "QueryService/Balance", who, &balance))
	require.EqualValues(t, 8, balance.BalanceFen)
	var won pb.HasWonReply
	require.Equal(t, "ok", s.CallAs(t, "demo", "QueryService/HasWon", who, &won))
	require.True(t, won.Won)
}
