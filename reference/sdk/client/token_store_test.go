package client

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
)

// counting records the number of tokens of each page request.
type counting struct {
	wallet.Service
	pages  []int
	refuse error // of every token that a page is asked with
}

func (s *counting) Page(ctx context.Context, r wallet.PageRequest) (wallet.Page, error) {
	s.pages = append(s.pages, len(r.Tokens))
	page, err := s.Service.Page(ctx, r)
	if s.refuse != nil {
		page.Refused = nil
		for i := range r.Tokens {
			page.Refused = append(page.Refused, wallet.TokenRefusal{Index: i, Err: s.refuse})
		}
	}
	return page, err
}

func (f *fixture) holding(t *testing.T, wins int) (*TokenStore, *counting) {
	s := &counting{Service: f.Client}
	p := NewTokenStore(s, person(1))
	for rain := range wins {
		r := f.win(1, int32(rain), 100)
		reply, err := f.Grant(t.Context(), r)
		require.NoError(t, err)
		p.Keep(reply, r.Opened)
		p.Keep(reply, r.Opened) // a repeated grant adds no second token
		f.clock.Advance(time.Second)
	}
	require.Len(t, p.Tokens(), wins)
	return p, s
}

// TestRestore: the token store restores what the server has lost, on the wallet page and for a withdrawal.
func TestRestore(t *testing.T) {
	f := newFixture(t)
	p, s := f.holding(t, 3)
	requirePage := func(balance wallet.Money, requests []int, stored int, why string) {
		t.Helper()
		s.pages = nil
		page, err := p.Page(t.Context(), wallet.PageRequest{Limit: 50})
		require.NoError(t, err, why)
		require.Equal(t, balance, page.Balance, why)
		require.Equal(t, requests, s.pages, why)
		require.Len(t, p.Tokens(), stored, why)
	}
	requirePage(300, []int{0}, 3, "the server has them all: no token is sent")
	f.tokens.Flush()
	requirePage(300, []int{0, 3}, 3, "the server has none: requested again with the tokens")
	requirePage(300, []int{0}, 3, "the server has them again")
	f.post(t)
	requirePage(300, []int{0}, 0, "a posted token is dropped")

	reply, err := f.Grant(t.Context(), f.win(1, 9, 50))
	require.NoError(t, err)
	p.Keep(reply, f.clock.Now())
	f.tokens.Flush()
	paid, err := p.Withdraw(t.Context(), wallet.WithdrawRequest{Request: 1, Amount: 350})
	require.NoError(t, err)
	require.Equal(t, wallet.WithdrawalPaid, paid.State)
}

// TestPartOfTheList: a page that ends early says nothing about the entries after it.
func TestPartOfTheList(t *testing.T) {
	f := newFixture(t)
	p, s := f.holding(t, 5)
	page, err := p.Page(t.Context(), wallet.PageRequest{Limit: 2})
	require.NoError(t, err)
	_, err = p.Page(t.Context(), wallet.PageRequest{Limit: 2, After: page.Next})
	require.NoError(t, err)
	require.Equal(t, []int{0, 0}, s.pages, "no token is missing")

	f.tokens.Flush()
	require.NoError(t, f.restoreTwo(t, p))
	s.pages = nil
	page, err = p.Page(t.Context(), wallet.PageRequest{Limit: 1})
	require.NoError(t, err)
	require.Equal(t, []int{0}, s.pages, "the newest token is present")
	_, err = p.Page(t.Context(), wallet.PageRequest{Limit: 1, After: page.Next})
	require.NoError(t, err)
	require.Equal(t, []int{0, 0, 5}, s.pages, "tokens after this position are missing")
}

// restoreTwo sends the newest two tokens of a token store to the server.
func (f *fixture) restoreTwo(t *testing.T, p *TokenStore) error {
	held := p.Tokens()
	_, err := f.node.Page(t.Context(), wallet.PageRequest{Caller: person(1), Limit: 1, Tokens: [][]byte{held[3].Sealed, held[4].Sealed}})
	return err
}

func TestRefusedTokens(t *testing.T) {
	for _, c := range []struct {
		why    string
		err    error
		stored int
		sent   int // by the next page
	}{
		{"posted: its money is safe", wallet.ErrTokenReplayed, 0, 0},
		{"the key may be restored", wallet.ErrTokenKey, 2, 2},
		{"distrust may end", wallet.ErrTokenDistrusted, 2, 2},
		{"never accepted: stored, but not sent again", wallet.ErrTokenForged, 2, 0},
		{"too old", wallet.ErrTokenExpired, 2, 0},
		{"refused with an unknown reason", &wallet.Error{Code: wallet.CodeRefused, Reason: "new"}, 2, 0},
	} {
		f := newFixture(t)
		p, s := f.holding(t, 2)
		s.Service, s.refuse = emptyPages{}, c.err
		for range 2 {
			s.pages = nil
			_, err := p.Page(t.Context(), wallet.PageRequest{Limit: 50})
			require.NoError(t, err)
		}
		require.Len(t, p.Tokens(), c.stored, c.why)
		want := []int{0}
		if c.sent > 0 {
			want = []int{0, c.sent}
		}
		require.Equal(t, want, s.pages, c.why)
	}
}

// emptyPages returns empty pages.
type emptyPages struct{ wallet.Service }

func (emptyPages) Page(context.Context, wallet.PageRequest) (wallet.Page, error) {
	return wallet.Page{Stage: wallet.Official}, nil
}

// failsWithTokens answers requests without tokens and fails those with tokens.
type failsWithTokens struct{ wallet.Service }

func (failsWithTokens) Page(_ context.Context, r wallet.PageRequest) (wallet.Page, error) {
	if len(r.Tokens) > 0 {
		return wallet.Page{}, wallet.ErrUnavailable
	}
	return wallet.Page{Stage: wallet.Official, Balance: 1}, nil
}

// TestTooLittle: a page that is known to show too little is not returned.
func TestTooLittle(t *testing.T) {
	p := NewTokenStore(failsWithTokens{}, person(1))
	p.Keep(wallet.GrantReply{Order: number(1), Token: []byte{1}}, 1)
	page, err := p.Page(t.Context(), wallet.PageRequest{Limit: 1})
	require.ErrorIs(t, err, wallet.ErrUnavailable)
	require.Zero(t, page.Balance)
}

func number(rain int32) wallet.OrderNo {
	return wallet.OrderNo{ActID: 1, Scene: "rain", Rain: rain, Award: wallet.Cash, Stage: wallet.Official}
}

func TestPurseIsBounded(t *testing.T) {
	p := NewTokenStore(nil, person(1))
	p.Keep(wallet.GrantReply{Order: number(1)}, 1)
	require.Empty(t, p.Tokens(), "a reply without a token")
	theirs := []byte{7}
	p.Keep(wallet.GrantReply{Order: number(0), Token: theirs}, 1)
	theirs[0] = 8
	require.Equal(t, []byte{7}, p.Tokens()[0].Sealed, "the token is copied")
	for rain := range int32(MaxHeld) {
		p.Keep(wallet.GrantReply{Order: number(rain), Token: []byte{1}}, 1)
	}
	p.held[5].Refused = "token_forged"
	p.Keep(wallet.GrantReply{Order: number(MaxHeld), Token: []byte{1}}, 1)
	require.Len(t, p.Tokens(), MaxHeld)
	require.Equal(t, number(6), p.Tokens()[5].Order, "a refused token is dropped")
	p.Keep(wallet.GrantReply{Order: number(MaxHeld + 1), Token: []byte{1}}, 1)
	require.Len(t, p.Tokens(), MaxHeld)
	require.Equal(t, number(1), p.Tokens()[0].Order, "or else the oldest")
}

func TestPurseFile(t *testing.T) {
	p := NewTokenStore(nil, person(1))
	p.Keep(wallet.GrantReply{Order: number(1), Token: []byte{1, 2}}, 10)
	p.Keep(wallet.GrantReply{Order: number(2), Token: []byte{3}}, 20)
	p.held[1].Refused = "token_expired"
	var file bytes.Buffer
	require.NoError(t, p.Save(&file))
	require.JSONEq(t, `{"app":"douyin","user":1,"tokens":[{"order":"1_rain_1_1_3","opened_us":10,"sealed":"AQI="},
		{"order":"1_rain_2_1_3","opened_us":20,"sealed":"Aw==","refused":"token_expired"}]}`, file.String())
	again := NewTokenStore(nil, person(1))
	require.NoError(t, again.Load(bytes.NewReader(file.Bytes())))
	require.NoError(t, again.Load(bytes.NewReader(file.Bytes())))
	require.Equal(t, p.Tokens(), again.Tokens())

	for _, other := range []wallet.Caller{person(2), {App: wallet.DouyinLite, User: 1}} {
		require.ErrorIs(t, NewTokenStore(nil, other).Load(bytes.NewReader(file.Bytes())), wallet.ErrNotYours)
	}
	for why, text := range map[string]string{
		"not JSON":        `tokens`,
		"empty":           ``,
		"no order number": `{"app":"douyin","user":1,"tokens":[{"order":"1_rain","sealed":"AQI="}]}`,
		"no token":        `{"app":"douyin","user":1,"tokens":[{"order":"1_rain_1_1_3"}]}`,
		"too large":       `{"app":"` + strings.Repeat("a", maxTokenFile) + `"}`,
	} {
		fresh := NewTokenStore(nil, person(1))
		require.ErrorIs(t, fresh.Load(strings.NewReader(text)), wallet.ErrInvalid, why)
		require.Empty(t, fresh.Tokens(), why)
	}
}
