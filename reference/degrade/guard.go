package degrade

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"

	"hongbao/reference/wallet"
)

// Guard puts breakers before what an instance stands on (D4): the bank, the system of each reward type, and the stores
// that people wait for. What runs in the background goes past them: there is little of it, and it rests by itself.
type Guard struct {
	set   *Set
	clock wallet.Clock
	rules Rules

	mu       sync.Mutex
	breakers []*Breaker
}

// NewGuard returns a guard whose breakers keep these rules. set, which may be nil, is told of their trips. ErrInvalid when
// a rule is.
func NewGuard(set *Set, clock wallet.Clock, r Rules) (*Guard, error) {
	if err := errors.Join(r.Systems.Validate(), r.Weak.Validate(), r.Strong.Validate()); err != nil {
		return nil, err
	}
	return &Guard{set: set, clock: clock, rules: r}, nil
}

// before returns a new breaker.
func (g *Guard) before(name string, trips wallet.Switch, r Rule) *Breaker {
	b, _ := NewBreaker(name, trips, g.set, g.clock, r) // the rule is known to be good
	g.mu.Lock()
	defer g.mu.Unlock()
	g.breakers = append(g.breakers, b)
	return b
}

// Breakers returns how the breakers stand, by name: who makes them may go through a map.
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

// ask makes a call that returns something, unless the system is given a rest.
func ask[T any](ctx context.Context, b *Breaker, call func() (T, error)) (v T, err error) {
	err = b.Do(ctx, func() error { v, err = call(); return err })
	return v, err
}

// Bank returns the bank behind a breaker. What it refuses was not paid: the money stays held and is paid later.
func (g *Guard) Bank(b wallet.Bank) wallet.Bank {
	return guardedBank{b, g.before(BreakerBank, wallet.SwitchBreakBank, g.rules.Systems)}
}

type guardedBank struct {
	wallet.Bank
	breaker *Breaker
}

// Pay implements wallet.Bank.
func (b guardedBank) Pay(ctx context.Context, no wallet.WithdrawalNo, amount wallet.Money) error {
	return b.breaker.Do(ctx, func() error { return b.Bank.Pay(ctx, no, amount) })
}

// Downstream returns a reward type's system behind a breaker. What it refuses was not done: the reward stays as it is on
// record, and is settled later.
func (g *Guard) Downstream(a wallet.AwardType, d wallet.Downstream) wallet.Downstream {
	return guardedDownstream{d, g.before(a.String(), wallet.SwitchBreakDownstream, g.rules.Systems)}
}

type guardedDownstream struct {
	wallet.Downstream
	breaker *Breaker
}

// Issue implements wallet.Downstream. A batch counts as failed when every item of it did.
func (d guardedDownstream) Issue(ctx context.Context, items []wallet.Item) (answers []wallet.ItemAnswer, err error) {
	var refused error
	whole := d.breaker.Do(ctx, func() error {
		answers, refused = d.Downstream.Issue(ctx, items)
		if refused != nil || len(answers) == 0 {
			return refused
		}
		for _, a := range answers {
			if !Failed(a.Err) {
				return nil
			}
		}
		return answers[0].Err
	})
	if answers == nil {
		return nil, whole
	}
	return answers, refused
}

// Look implements wallet.Downstream.
func (d guardedDownstream) Look(ctx context.Context, i wallet.Item) (wallet.Receipt, error) {
	return ask(ctx, d.breaker, func() (wallet.Receipt, error) { return d.Downstream.Look(ctx, i) })
}

// Use implements wallet.Downstream.
func (d guardedDownstream) Use(ctx context.Context, i wallet.Item) (wallet.Receipt, error) {
	return ask(ctx, d.breaker, func() (wallet.Receipt, error) { return d.Downstream.Use(ctx, i) })
}

// Refund implements wallet.Downstream.
func (d guardedDownstream) Refund(ctx context.Context, i wallet.Item) (wallet.Receipt, error) {
	return ask(ctx, d.breaker, func() (wallet.Receipt, error) { return d.Downstream.Refund(ctx, i) })
}
