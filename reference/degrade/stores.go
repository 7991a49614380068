package degrade

import (
	"context"

	"hongbao/reference/wallet"
)

// The names of breakers. That of a reward type's system is the type's.
const (
	BreakerBank     = "bank"
	BreakerTokens   = "token store"
	BreakerBacklog  = "backlog"
	BreakerStock    = "coupon stock"
	BreakerAccounts = "accounts"
	BreakerOrders   = "orders"
	BreakerItems    = "reward records"
	BreakerLedger   = "ledger"
)

// Tokens returns the token store behind a breaker. What it refuses was not done: a grant holds its posting alone, and a
// page says that tokens are missing.
func (g *Guard) Tokens(t wallet.Tokens) wallet.Tokens {
	return guardedTokens{t, g.before(BreakerTokens, "", g.rules.Weak)}
}

type guardedTokens struct {
	wallet.Tokens
	breaker *Breaker
}

// Issue implements wallet.Tokens.
func (t guardedTokens) Issue(ctx context.Context, token wallet.Token) error {
	return t.breaker.Do(ctx, func() error { return t.Tokens.Issue(ctx, token) })
}

// List implements wallet.Tokens.
func (t guardedTokens) List(ctx context.Context, id wallet.ActID, s wallet.Stage) ([]wallet.Token, error) {
	return ask(ctx, t.breaker, func() ([]wallet.Token, error) { return t.Tokens.List(ctx, id, s) })
}

// Mark implements wallet.Tokens.
func (t guardedTokens) Mark(ctx context.Context, nos []wallet.OrderNo, s wallet.TokenStatus) error {
	return t.breaker.Do(ctx, func() error { return t.Tokens.Mark(ctx, nos, s) })
}

// Backlog returns the backlog behind a breaker for those who push, whom people wait for. Posters go past it: they rest by
// themselves, and one that waits for something to post is no probe.
func (g *Guard) Backlog(b wallet.Backlog) wallet.Backlog {
	return guardedBacklog{b, g.before(BreakerBacklog, "", g.rules.Weak)}
}

type guardedBacklog struct {
	wallet.Backlog
	breaker *Breaker
}

// Push implements wallet.Backlog.
func (b guardedBacklog) Push(ctx context.Context, cs []wallet.Credit) error {
	return b.breaker.Do(ctx, func() error { return b.Backlog.Push(ctx, cs) })
}

// Stocks returns the count of coupons behind a breaker. What it refuses was not counted: the reward waits on record. What
// was issued is read past it, by chores.
func (g *Guard) Stocks(s wallet.Stocks) wallet.Stocks {
	return guardedStocks{s, g.before(BreakerStock, "", g.rules.Strong)}
}

type guardedStocks struct {
	wallet.Stocks
	breaker *Breaker
}

// Take implements wallet.Stocks.
func (s guardedStocks) Take(ctx context.Context, no wallet.OrderNo, t wallet.RewardID, total int64) error {
	return s.breaker.Do(ctx, func() error { return s.Stocks.Take(ctx, no, t, total) })
}

// Decline implements wallet.Stocks.
func (s guardedStocks) Decline(ctx context.Context, no wallet.OrderNo, t wallet.RewardID) (bool, error) {
	return ask(ctx, s.breaker, func() (bool, error) { return s.Stocks.Decline(ctx, no, t) })
}

// GiveBack implements wallet.Stocks.
func (s guardedStocks) GiveBack(ctx context.Context, no wallet.OrderNo, t wallet.RewardID) error {
	return s.breaker.Do(ctx, func() error { return s.Stocks.GiveBack(ctx, no, t) })
}
