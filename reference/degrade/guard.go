package degrade

import (
	"context"
	"sync"

	"hongbao/reference/wallet"
)

// Guard puts breakers before other people's systems (D4): the bank, and that of each reward type.
type Guard struct {
	set   *Set
	clock wallet.Clock
	rule  Rule

	mu       sync.Mutex
	breakers []*Breaker
}

// NewGuard returns a guard whose breakers all keep one rule. set, which may be nil, is told of their trips. ErrInvalid when
// the rule is.
func NewGuard(set *Set, clock wallet.Clock, r Rule) (*Guard, error) {
	if err := r.Validate(); err != nil {
		return nil, err
	}
	return &Guard{set: set, clock: clock, rule: r}, nil
}

// before returns a new breaker.
func (g *Guard) before(name string, trips wallet.Switch) *Breaker {
	b, _ := NewBreaker(name, trips, g.set, g.clock, g.rule) // the rule is known to be good
	g.mu.Lock()
	defer g.mu.Unlock()
	g.breakers = append(g.breakers, b)
	return b
}

// Breakers returns how the breakers stand, in the order that they were made.
func (g *Guard) Breakers() []BreakerStatus {
	g.mu.Lock()
	defer g.mu.Unlock()
	out := make([]BreakerStatus, len(g.breakers))
	for i, b := range g.breakers {
		out[i] = b.Status()
	}
	return out
}

// Bank returns the bank behind a breaker. What it refuses was not paid: the money stays held and is paid later.
func (g *Guard) Bank(b wallet.Bank) wallet.Bank {
	return guardedBank{b, g.before("bank", wallet.SwitchBreakBank)}
}

// Downstream returns a reward type's system behind a breaker. What it refuses was not done: the reward stays as it is on
// record, and is settled later.
func (g *Guard) Downstream(a wallet.AwardType, d wallet.Downstream) wallet.Downstream {
	return guardedDownstream{d, g.before(a.String(), wallet.SwitchBreakDownstream)}
}

type guardedBank struct {
	bank    wallet.Bank
	breaker *Breaker
}

// Pay implements wallet.Bank.
func (b guardedBank) Pay(ctx context.Context, no wallet.WithdrawalNo, amount wallet.Money) error {
	return b.breaker.Do(func() error { return b.bank.Pay(ctx, no, amount) })
}

type guardedDownstream struct {
	downstream wallet.Downstream
	breaker    *Breaker
}

// Traits implements wallet.Downstream.
func (d guardedDownstream) Traits() wallet.Traits { return d.downstream.Traits() }

// Issue implements wallet.Downstream. A batch counts as failed when every item of it did.
func (d guardedDownstream) Issue(ctx context.Context, items []wallet.Item) (answers []wallet.ItemAnswer, err error) {
	era, ok := d.breaker.enter()
	if !ok {
		return nil, d.breaker.resting()
	}
	answers, err = d.downstream.Issue(ctx, items)
	failed := len(answers) > 0
	for _, a := range answers {
		failed = failed && Failed(a.Err)
	}
	d.breaker.leave(era, failed || Failed(err))
	return answers, err
}

// Look implements wallet.Downstream.
func (d guardedDownstream) Look(ctx context.Context, i wallet.Item) (r wallet.Receipt, err error) {
	err = d.breaker.Do(func() error { r, err = d.downstream.Look(ctx, i); return err })
	return r, err
}

// Use implements wallet.Downstream.
func (d guardedDownstream) Use(ctx context.Context, i wallet.Item) (r wallet.Receipt, err error) {
	err = d.breaker.Do(func() error { r, err = d.downstream.Use(ctx, i); return err })
	return r, err
}

// Refund implements wallet.Downstream.
func (d guardedDownstream) Refund(ctx context.Context, i wallet.Item) (r wallet.Receipt, err error) {
	err = d.breaker.Do(func() error { r, err = d.downstream.Refund(ctx, i); return err })
	return r, err
}
