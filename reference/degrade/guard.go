package degrade

import (
	"cmp"
	"errors"
	"slices"
	"sync"

	"hongbao/reference/intercept"
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

// Guard puts breakers before the dependencies of an instance (D4): the bank, the system of each reward type, and the stores
// that requests wait for. A call that a breaker refuses was not done.
//
// Nothing works without the strong stores (D1). Their breakers save requests the wait for a time-out and an unknown outcome.
// Accounts, orders and ledger have one, because a request calls them first. Budgets, withdrawals and packets are called
// after them and need none.
type Guard struct {
	set   *Set
	clock wallet.Clock
	rules Rules

	mu       sync.Mutex
	breakers []*breaker
}

// NewGuard returns a guard whose breakers follow these rules and report their trips to set, which may be nil. ErrInvalid:
// see Rule.Validate.
func NewGuard(set *Set, clock wallet.Clock, r Rules) (*Guard, error) {
	if err := errors.Join(r.Systems.Validate(), r.Weak.Validate(), r.Strong.Validate()); err != nil {
		return nil, err
	}
	return &Guard{set: set, clock: clock, rules: r}, nil
}

// breaker returns a new breaker.
func (g *Guard) breaker(name string, trips wallet.Switch, r Rule) *breaker {
	b, _ := newBreaker(name, trips, g.set, g.clock, r) // the rule was validated
	g.mu.Lock()
	defer g.mu.Unlock()
	g.breakers = append(g.breakers, b)
	return b
}

// Breakers returns the status of the breakers, sorted by name, because they may have been created in the random order of a map.
func (g *Guard) Breakers() []BreakerStatus {
	g.mu.Lock()
	defer g.mu.Unlock()
	out := make([]BreakerStatus, len(g.breakers))
	for i, b := range g.breakers {
		out[i] = b.Status()
	}
	slices.SortStableFunc(out, func(a, b BreakerStatus) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// Bank returns the bank with a breaker. A payout that it refuses stays held and is paid later.
func (g *Guard) Bank(b wallet.Bank) wallet.Bank {
	return intercept.Bank(b, g.breaker(BreakerBank, wallet.SwitchBreakBank, g.rules.Systems))
}

// Downstream returns a reward type's system with a breaker. A reward that it refuses keeps its state on record and is settled
// later.
func (g *Guard) Downstream(a wallet.AwardType, d wallet.Downstream) wallet.Downstream {
	return intercept.Downstream(d, g.breaker(a.String(), wallet.SwitchBreakDownstream, g.rules.Systems))
}

// Tokens returns the token store with a breaker. While it is open a grant only holds its posting, and a page reports that
// tokens are missing.
func (g *Guard) Tokens(t wallet.Tokens) wallet.Tokens {
	return intercept.Tokens(t, g.breaker(BreakerTokens, "", g.rules.Weak))
}

// Backlog returns the backlog with a breaker for pushes. Posters pass it.
func (g *Guard) Backlog(b wallet.Backlog) wallet.Backlog {
	return intercept.Backlog(b, g.breaker(BreakerBacklog, "", g.rules.Weak))
}

// Stocks returns the count of coupons with a breaker. A reward that it refuses waits on record. Chores, which read what was
// issued, pass it.
func (g *Guard) Stocks(s wallet.Stocks) wallet.Stocks {
	return intercept.Stocks(s, g.breaker(BreakerStock, "", g.rules.Strong))
}

// Identities returns the accounts with a breaker.
func (g *Guard) Identities(s wallet.IdentityStore) wallet.IdentityStore {
	return intercept.Identities(s, g.breaker(BreakerAccounts, "", g.rules.Strong))
}

// Orders returns the orders of record and their admissions, which may be nil, with one breaker: they are the same rows.
func (g *Guard) Orders(o wallet.Orders, a wallet.AdmissionStore) (wallet.Orders, wallet.AdmissionStore) {
	b := g.breaker(BreakerOrders, "", g.rules.Strong)
	if a != nil {
		a = intercept.Admissions(a, b)
	}
	return intercept.Orders(o, b), a
}

// Ledger returns the ledger with a breaker, for posters too: a credit that it refuses stays held.
func (g *Guard) Ledger(l wallet.Ledger) wallet.Ledger {
	return intercept.Ledger(l, g.breaker(BreakerLedger, "", g.rules.Strong))
}

// Items returns the records of rewards with a breaker. Chores, which list and count them, pass it.
func (g *Guard) Items(s wallet.Items) wallet.Items {
	return intercept.Items(s, g.breaker(BreakerItems, "", g.rules.Strong))
}
