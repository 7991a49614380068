package sqlstore

import (
	"context"
	"errors"
	"fmt"

	"hongbao/reference/wallet"
)

// The parts of a transfer under its number. Part 0 is the claim of the number, on its home shard.
const (
	partWhole   = 1                          // the whole transfer, on its single shard
	partDecided = 2                          // the decision whether enough was drawn, on its home shard
	partDraws   = 10                         // from here on: steps that take money into transit, in order
	partGives   = partDraws + wallet.MaxLegs // plus the number of the shard
	partReturns = partGives + maxShards      // partReturns+i returns what partDraws+i took
)

// draw is a step that takes money out of accounts of one shard: from all of its legs, or the balance of one account of
// the pool.
type draw struct {
	shard *shard
	legs  []wallet.Leg
	pool  []wallet.AccountNo
}

// drive completes a claimed transfer from wherever an earlier call stopped: every step is executed once per number and
// part, and its result is recorded.
//
// A transfer over several shards takes the money out of the accounts into each shard's transit account, decides on the
// home shard whether that was enough, and then pays it out of the transit accounts of the other shards, or back. So
// each shard sums to zero at every moment, all transit accounts together hold the money in transit, and repeating an
// interrupted transfer completes it. Until then its money is in no account of the person. A shortfall is detected only
// after the other accounts have paid; until the money is returned, they are without the money of a transfer that will
// be refused.
func (l *Ledger) drive(ctx context.Context, t wallet.Transfer) (moveState, error) {
	if only := l.only(t); only != nil {
		m := &transferStep{no: t.No, part: partWhole, request: []byte("whole"), execute: true, legs: t.Legs, pool: t.Pool, take: t.Take}
		err := l.step(ctx, only, m)
		return m.state, err
	}
	draws := l.draws(t)
	taken, enough, err := l.takeAll(ctx, t, draws)
	if err != nil {
		return 0, underWay(err, taken)
	}
	decided := &transferStep{no: t.No, part: partDecided, request: []byte("refused")}
	if enough {
		decided.request = []byte("made")
	}
	if err := l.step(ctx, l.home(t.No), decided); err != nil {
		return 0, underWay(err, taken)
	}
	if string(decided.recorded) == "made" {
		return made, underWay(l.giveAll(ctx, t), taken)
	}
	return declined, underWay(l.returnAll(ctx, t, draws, taken), taken)
}

// underWay returns the error of a transfer that may have moved part of its money: ErrUnknown, because it is neither
// done nor undone.
func underWay(err error, taken []*transferStep) error {
	if err == nil || len(taken) == 0 || errors.Is(err, wallet.ErrUnknown) {
		return err
	}
	return fmt.Errorf("%w: transfer over several shards: %w", wallet.ErrUnknown, err)
}

// draws returns the steps that take money: the debit legs, by shard, then the pool in its order.
func (l *Ledger) draws(t wallet.Transfer) []draw {
	var out []draw
	for _, s := range l.db.shards {
		d := draw{shard: s}
		for _, leg := range t.Legs {
			if leg.Amount < 0 && l.shardAt(t, leg.Account) == s {
				d.legs = append(d.legs, leg)
			}
		}
		if len(d.legs) > 0 {
			out = append(out, d)
		}
	}
	for _, a := range t.Pool {
		out = append(out, draw{shard: l.shardOf(a), pool: []wallet.AccountNo{a}})
	}
	return out
}

// shardAt is shardOf, with the home shard for accounts that are on every shard.
func (l *Ledger) shardAt(t wallet.Transfer, a wallet.AccountNo) *shard {
	if s := l.shardOf(a); s != nil {
		return s
	}
	return l.home(t.No)
}

// takeAll executes the draws until one is declined or there is enough. It returns the executed ones, in order.
func (l *Ledger) takeAll(ctx context.Context, t wallet.Transfer, draws []draw) (taken []*transferStep, enough bool, err error) {
	rest := t.Take
	for i, d := range draws {
		if len(d.pool) > 0 && rest == 0 {
			break
		}
		m := &transferStep{no: t.No, part: partDraws + i, request: []byte("take"), execute: true}
		if len(d.pool) > 0 {
			m.pool, m.take, m.partial = d.pool, rest, true
			m.legs = []wallet.Leg{{Account: transit(t)}}
		} else if m.legs, err = balanced(t, d.legs); err != nil {
			return taken, false, err
		}
		if err := l.step(ctx, d.shard, m); err != nil {
			return taken, false, err
		}
		if m.state == declined {
			return taken, false, nil
		}
		rest -= m.amount
		taken = append(taken, m)
	}
	return taken, rest == 0, nil
}

// giveAll pays the credit legs, shard by shard.
func (l *Ledger) giveAll(ctx context.Context, t wallet.Transfer) error {
	for i, s := range l.db.shards {
		var legs []wallet.Leg
		for _, leg := range t.Legs {
			if leg.Amount > 0 && l.shardAt(t, leg.Account) == s {
				legs = append(legs, leg)
			}
		}
		if err := l.settle(ctx, t, s, partGives+i, "give", legs); err != nil {
			return err
		}
	}
	return nil
}

// returnAll returns the money taken for a transfer that is refused.
func (l *Ledger) returnAll(ctx context.Context, t wallet.Transfer, draws []draw, taken []*transferStep) error {
	for i, m := range taken {
		var legs []wallet.Leg
		if len(m.pool) > 0 && m.amount > 0 {
			legs = append(legs, wallet.Leg{Account: m.pool[0], Amount: m.amount})
		}
		for _, leg := range draws[i].legs {
			legs = append(legs, wallet.Leg{Account: leg.Account, Amount: -leg.Amount})
		}
		if err := l.settle(ctx, t, draws[i].shard, partReturns+i, "return", legs); err != nil {
			return err
		}
	}
	return nil
}

// settle executes a step that pays legs out of a shard's transit account.
func (l *Ledger) settle(ctx context.Context, t wallet.Transfer, s *shard, part int, name string, legs []wallet.Leg) (err error) {
	if len(legs) == 0 {
		return nil
	}
	if legs, err = balanced(t, legs); err != nil {
		return err
	}
	return l.step(ctx, s, &transferStep{no: t.No, part: part, request: []byte(name), execute: true, legs: legs})
}

// transit returns the transit account, which exists on each shard.
func transit(t wallet.Transfer) wallet.AccountNo {
	return wallet.AccountNo{Kind: wallet.TransitAccount, Stage: accountsOf(t)[0].Stage}
}

// balanced returns the legs plus one of the transit account, so that they sum to zero.
func balanced(t wallet.Transfer, legs []wallet.Leg) ([]wallet.Leg, error) {
	sum := wallet.Money(0)
	for _, leg := range legs {
		var err error
		if sum, err = sum.Sub(leg.Amount); err != nil {
			return nil, err
		}
	}
	return append(legs[:len(legs):len(legs)], wallet.Leg{Account: transit(t), Amount: sum}), nil
}
