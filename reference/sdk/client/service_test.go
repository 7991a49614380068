package client

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/server"
	"hongbao/reference/server/auth"
	"hongbao/reference/store/storetest"
	"hongbao/reference/wallet"
)

// TestService: results over the wire equal the service's own.
func TestService(t *testing.T) {
	f := newFixture(t)
	ctx := t.Context()
	sum := wallet.Money(0)
	for rain := range int32(7) {
		r := f.win(1, rain, 100+wallet.Money(rain))
		got, err := f.Grant(ctx, r)
		require.NoError(t, err)
		want, err := f.node.Grant(ctx, r)
		require.NoError(t, err)
		require.NotEmpty(t, got.Token)
		got.Token, want.Token = nil, nil // sealed again for each reply
		require.Equal(t, want, got)
		sum += r.Amount
		f.clock.Advance(time.Second)
		if rain == 3 {
			f.post(t)
		}
	}
	f.pages(t, sum)

	reply, err := f.Withdraw(ctx, wallet.WithdrawRequest{Caller: person(1), Request: 5, Amount: 300})
	require.NoError(t, err)
	require.Equal(t, wallet.WithdrawReply{No: wallet.WithdrawalNo{Account: wallet.AccountOf(wallet.Douyin, 1), Request: 5}, Amount: 300,
		State: wallet.WithdrawalPaid}, reply)
	f.pages(t, sum)

	who, err := f.Bind(ctx, wallet.Caller{App: wallet.Toutiao, User: 9}, 13800000000)
	require.NoError(t, err)
	joined, err := f.Bind(ctx, person(1), 13800000000)
	require.NoError(t, err)
	want, err := f.node.Bind(ctx, person(1), 13800000000)
	require.NoError(t, err)
	require.Equal(t, want, joined)
	require.NotEmpty(t, joined.Former)
	require.True(t, joined.Owns(who.ActID))
}

// TestWithdrawPage: the withdraw page posts what is due, including the tokens of the request.
func TestWithdrawPage(t *testing.T) {
	f := newFixture(t)
	g, err := f.Grant(t.Context(), f.win(1, 1, 100))
	require.NoError(t, err)
	f.tokens.Flush()
	page, err := f.Page(t.Context(), wallet.PageRequest{Caller: person(1), Limit: 1, Tokens: [][]byte{g.Token}, Withdraw: true})
	require.NoError(t, err)
	require.Equal(t, wallet.TokenSuccess, page.Grants[0].Status)
}

// pages compares all pages of the list with the node's own.
func (f *fixture) pages(t *testing.T, income wallet.Money) {
	t.Helper()
	r := wallet.PageRequest{Caller: person(1), Limit: 2}
	lines := 0
	for range 10 {
		got, err := f.Page(t.Context(), r)
		require.NoError(t, err)
		want, err := f.node.Page(t.Context(), r)
		require.NoError(t, err)
		for i := range want.Withdrawals {
			want.Withdrawals[i].Owner, want.Withdrawals[i].Wallets = 0, nil // not on the wire
		}
		require.Equal(t, want, got)
		require.Equal(t, income, got.Income)
		lines += len(got.Grants)
		if r.After = got.Next; r.After == (wallet.Cursor{}) {
			require.Equal(t, 7, lines)
			return
		}
	}
	t.Fatal("the list does not end")
}

// TestFlow: the pages of the flow list together equal the whole list.
func TestFlow(t *testing.T) {
	f := newFixture(t)
	for rain := range int32(5) {
		_, err := f.Grant(t.Context(), f.win(1, rain, 100))
		require.NoError(t, err)
		f.clock.Advance(time.Second)
	}
	_, err := f.Withdraw(t.Context(), wallet.WithdrawRequest{Caller: person(1), Request: 1, Amount: 40})
	require.NoError(t, err)
	whole, err := f.Flow(t.Context(), FlowRequest{Caller: person(1)})
	require.NoError(t, err)
	require.Len(t, whole.Lines, 5)
	require.Empty(t, whole.Next)
	require.EqualValues(t, 40, whole.Withdrawals[0].Amount)
	var walked []wallet.Line
	r := FlowRequest{Caller: person(1), Limit: 2}
	for range 3 {
		page, err := f.Flow(t.Context(), r)
		require.NoError(t, err)
		require.Equal(t, r.After == "", len(page.Withdrawals) > 0)
		walked, r.After = append(walked, page.Lines...), page.Next
	}
	require.Empty(t, r.After)
	require.Equal(t, whole.Lines, walked)
	for _, limit := range []int{-1, -1 << 40, wallet.MaxPage + 1, 1 << 32} {
		_, err = f.Flow(t.Context(), FlowRequest{Caller: person(1), Limit: limit})
		require.ErrorIs(t, err, wallet.ErrInvalid, "limit %d", limit)
	}
	_, err = f.Flow(t.Context(), FlowRequest{Caller: person(1), After: "there"})
	require.ErrorIs(t, err, wallet.ErrInvalid)
	page, err := f.Flow(t.Context(), FlowRequest{Caller: person(1), Tokens: [][]byte{{1}}})
	require.NoError(t, err)
	require.ErrorIs(t, page.Refused[0].Err, wallet.ErrTokenUnreadable)
}

func TestBatchGrant(t *testing.T) {
	f := newFixture(t)
	got, err := f.BatchGrant(t.Context(), []wallet.GrantRequest{f.win(1, 1, 100), f.win(1, 2, 5000), f.win(2, 1, 7)})
	require.NoError(t, err)
	require.Len(t, got, 3)
	require.NoError(t, got[0].Err)
	require.EqualValues(t, 100, got[0].Reply.Amount)
	require.ErrorIs(t, got[1].Err, wallet.ErrOverCap, "a refused grant does not affect the others")
	require.NoError(t, got[2].Err)
	require.EqualValues(t, 7, got[2].Reply.Amount)
	_, err = f.BatchGrant(t.Context(), make([]wallet.GrantRequest, MaxGrants+1))
	require.Equal(t, wallet.CodeInvalid, wallet.CodeOf(err))
}

func TestQueries(t *testing.T) {
	f := newFixture(t)
	ctx := t.Context()
	won, err := f.HasWon(ctx, person(1))
	require.NoError(t, err)
	require.False(t, won)
	_, err = f.Grant(ctx, f.win(1, 1, 100))
	require.NoError(t, err)
	_, err = f.Withdraw(ctx, wallet.WithdrawRequest{Caller: person(1), Request: 1, Amount: 40})
	require.NoError(t, err)
	balance, err := f.Balance(ctx, person(1))
	require.NoError(t, err)
	require.EqualValues(t, 60, balance)
	income, err := f.Income(ctx, person(1))
	require.NoError(t, err)
	require.EqualValues(t, 100, income)
	won, err = f.HasWon(ctx, person(1))
	require.NoError(t, err)
	require.True(t, won)
	total, err := f.RunningTotal(ctx, wallet.Official)
	require.NoError(t, err)
	require.EqualValues(t, 4242, total)
	_, err = f.RunningTotal(ctx, wallet.InternalTest)
	require.ErrorIs(t, err, wallet.ErrUnavailable, "nothing was read yet")

	g, err := f.Grant(ctx, f.win(2, 1, 100))
	require.NoError(t, err)
	f.tokens.Flush()
	require.NoError(t, f.ForcePost(ctx, person(2), [][]byte{g.Token}))
	page, err := f.node.Page(ctx, wallet.PageRequest{Caller: person(2), Limit: 1})
	require.NoError(t, err)
	require.Equal(t, wallet.TokenSuccess, page.Grants[0].Status)
}

// TestBadInput: the client returns the service's refusals.
func TestBadInput(t *testing.T) {
	f := newFixture(t)
	ctx := t.Context()
	grant := func(change func(*wallet.GrantRequest)) error {
		r := f.win(1, 1, 100)
		change(&r)
		_, err := f.Grant(ctx, r)
		return err
	}
	require.ErrorIs(t, grant(func(r *wallet.GrantRequest) { r.Amount = -1 }), wallet.ErrInvalid)
	require.ErrorIs(t, grant(func(r *wallet.GrantRequest) { r.Amount = 1001 }), wallet.ErrOverCap)
	require.ErrorIs(t, grant(func(r *wallet.GrantRequest) { r.Scene = "nowhere" }), wallet.ErrUnknownScene)
	require.ErrorIs(t, grant(func(r *wallet.GrantRequest) { r.App = 9 }), wallet.ErrInvalid)
	require.ErrorIs(t, grant(func(r *wallet.GrantRequest) { r.Activity = "autumn" }), wallet.ErrNoActivity)
	require.NoError(t, grant(func(*wallet.GrantRequest) {}))
	require.ErrorIs(t, grant(func(r *wallet.GrantRequest) { r.Amount = 99 }), wallet.ErrConflict)
	for _, limit := range []int{-1, 0, wallet.MaxPage + 1} {
		_, err := f.Page(ctx, wallet.PageRequest{Caller: person(1), Limit: limit})
		require.ErrorIs(t, err, wallet.ErrInvalid, "limit %d", limit)
	}
	_, err := f.Page(ctx, wallet.PageRequest{Caller: person(1), Limit: 1, Tokens: make([][]byte, wallet.MaxClientTokens+1)})
	require.ErrorIs(t, err, wallet.ErrInvalid)
	_, err = f.Page(ctx, wallet.PageRequest{Caller: person(1), Limit: 1, Tokens: [][]byte{make([]byte, maxRequest)}})
	require.ErrorIs(t, err, wallet.ErrInvalid, "larger than the service accepts: not sent")
	_, err = f.Withdraw(ctx, wallet.WithdrawRequest{Caller: person(1), Request: 1, Amount: 101})
	require.ErrorIs(t, err, wallet.ErrInsufficient)
}

func TestCredentials(t *testing.T) {
	f := newFixture(t)
	ctx := t.Context()
	nobody := newClient(t, Config{BaseURL: f.url})
	_, err := nobody.Grant(ctx, f.win(1, 1, 100))
	require.ErrorIs(t, err, auth.ErrNoCredentials)
	_, err = nobody.Bind(ctx, person(1), 13800000000)
	require.ErrorIs(t, err, auth.ErrNoCredentials)
	_, err = nobody.Page(ctx, wallet.PageRequest{Caller: person(1), Limit: 1})
	require.ErrorIs(t, err, auth.ErrNoCredentials)

	c := f.config
	c.Key = auth.Key{}
	_, err = newClient(t, c).Bind(ctx, person(1), 13800000000)
	require.ErrorIs(t, err, auth.ErrNoCredentials, "a user's session does not allow binding")
	c = f.config
	c.Session = nil
	_, err = newClient(t, c).Bind(ctx, person(1), 13800000000)
	require.NoError(t, err, "binding needs no session")
	f.keys.Callers[0].Scopes = []auth.Scope{auth.ScopeGrant, auth.ScopeQuery}
	limited, _ := serve(t, f.keys, server.Ports{Service: f.node, Clock: f.clock}, Config{})
	_, err = limited.Bind(ctx, person(1), 13800000001)
	require.ErrorIs(t, err, auth.ErrScope)

	c = f.config
	c.Key.Secret = auth.NewSecret()
	_, err = newClient(t, c).Grant(ctx, f.win(1, 1, 100))
	require.ErrorIs(t, err, auth.ErrSignature)
	c = f.config
	c.Now = func() time.Time { return f.clock.Now().Add(-time.Hour).Time() }
	_, err = newClient(t, c).Grant(ctx, f.win(1, 1, 100))
	require.ErrorIs(t, err, auth.ErrTime)
	c = f.config
	c.Session = func(wallet.Caller) string { return f.config.Session(person(2)) }
	_, err = newClient(t, c).Page(ctx, wallet.PageRequest{Caller: person(1), Limit: 1})
	require.ErrorIs(t, err, wallet.ErrNotYours, "another user's session")
}

func TestConfig(t *testing.T) {
	for _, c := range []struct {
		why string
		c   Config
	}{
		{"no URL", Config{}},
		{"an address without a scheme", Config{BaseURL: "127.0.0.1:8080"}},
		{"not over HTTP", Config{BaseURL: "ftp://127.0.0.1"}},
		{"a negative timeout", Config{BaseURL: "http://a", Timeout: -1}},
		{"negative tries", Config{BaseURL: "http://a", Tries: -1}},
		{"too many tries", Config{BaseURL: "http://a", Tries: MaxTries + 1}},
	} {
		_, err := New(c.c)
		require.ErrorIs(t, err, wallet.ErrInvalid, c.why)
	}
}

// countingService counts its calls and refuses them.
type countingService struct {
	wallet.Service
	calls int
}

func (s *countingService) Grant(context.Context, wallet.GrantRequest) (wallet.GrantReply, error) {
	s.calls++
	return wallet.GrantReply{}, wallet.ErrOverBudget
}

// TestLoadTest: load-test requests reach only the shadow service.
func TestLoadTest(t *testing.T) {
	clock, real, dark := storetest.NewClock(), &countingService{}, &countingService{}
	ports := server.Ports{Service: real, Shadow: dark, Clock: clock}
	shadow, _ := serve(t, auth.Generate(), ports, Config{LoadTest: true})
	plain, _ := serve(t, auth.Generate(), ports, Config{})
	r := wallet.GrantRequest{Caller: person(1), Activity: "spring", Scene: "rain", Award: wallet.Cash, Amount: 1, Opened: clock.Now()}
	_, err := shadow.Grant(t.Context(), r)
	require.ErrorIs(t, err, wallet.ErrOverBudget)
	require.Equal(t, []int{0, 1}, []int{real.calls, dark.calls})
	_, err = plain.Grant(t.Context(), r)
	require.ErrorIs(t, err, wallet.ErrOverBudget)
	require.Equal(t, []int{1, 1}, []int{real.calls, dark.calls})
}
