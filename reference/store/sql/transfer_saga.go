package sqlstore

import (
	"context"
	"errors"
	"fmt"

	"hongbao/reference/wallet"
)

// The parts of a transfer under its number: 0 is the claim of the number, at its home.
const (
	partWhole   = 1                          // all of it, on the one shard that it keeps to
	partDecided = 2                          // whether enough was drawn, at its home
	partDraws   = 10                         // from here on: steps that take money into transit, in their order
	partGives   = partDraws + wallet.MaxLegs // with the number of the shard
	partReturns = partGives + maxShards      // partReturns+i gives back what partDraws+i took
)

// draw is a step that takes money out of accounts of one shard: all of its legs, or what one account of the pool has.
type draw struct {
	shard *shard
	legs  []wallet.Leg
	pool  []wallet.AccountNo
}

// drive brings a claimed transfer to its end, from wherever an earlier call left it: every step is made once for its
// number and part, and what it did is on record.
//
// One that touches several shards takes the money out of the accounts into each shard's transit account, decides at
// home whether that was enough, and then pays it out of the transit accounts of the other shards, or back. So each
// shard sums to zero at every moment, all transit accounts together hold what is under way, and a transfer that was
// left in the middle is finished by repeating it. Until then its money is in no account of the person. What one lacks
// is seen only when the others have given: for so long they are without the money of a transfer that will be refused.
func (l *Ledger) drive(ctx context.Context, t wallet.Transfer) (moveState, error) {
	if only := l.only(t); only != nil {
		m := &moving{no: t.No, part: partWhole, asked: []byte("whole"), moves: true, legs: t.Legs, pool: t.Pool, take: t.Take}
		err := l.step(ctx, only, m)
		return m.state, err
	}
	draws := l.draws(t)
	taken, enough, err := l.takeAll(ctx, t, draws)
	if err != nil {
		return 0, underWay(err, taken)
	}
	decided := &moving{no: t.No, part: partDecided, asked: []byte("refused")}
	if enough {
		decided.asked = []byte("made")
	}
	if err := l.step(ctx, l.home(t.No), decided); err != nil {
		return 0, underWay(err, taken)
	}
	if string(decided.recorded) == "made" {
		return made, underWay(l.giveAll(ctx, t), taken)
	}
	return turnedDown, underWay(l.returnAll(ctx, t, draws, taken), taken)
}

// underWay returns the error of a transfer that may have moved some of its money: ErrUnknown, for it was not done
// and not undone.
func underWay(err error, taken []*moving) error {
	if err == nil || len(taken) == 0 || errors.Is(err, wallet.ErrUnknown) {
		return err
	}
	return fmt.Errorf("%w: transfer over several shards: %w", wallet.ErrUnknown, err)
}

// draws returns the steps that take: the legs that take, by shard, then the pool in its order.
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

// shardAt is shardOf with the home for accounts that are on every shard.
func (l *Ledger) shardAt(t wallet.Transfer, a wallet.AccountNo) *shard {
	if s := l.shardOf(a); s != nil {
		return s
	}
	return l.home(t.No)
}

// takeAll makes the draws until one is turned down or there is enough. It returns those that were made, in order.
func (l *Ledger) takeAll(ctx context.Context, t wallet.Transfer, draws []draw) (taken []*moving, enough bool, err error) {
	rest := t.Take
	for i, d := range draws {
		if len(d.pool) > 0 && rest == 0 {
			break
		}
		m := &moving{no: t.No, part: partDraws + i, asked: []byte("take"), moves: true}
		if len(d.pool) > 0 {
			m.pool, m.take, m.partial = d.pool, rest, true
			m.legs = []wallet.Leg{{Account: transit(t)}}
		} else if m.legs, err = balanced(t, d.legs); err != nil {
			return taken, false, err
		}
		if err := l.step(ctx, d.shard, m); err != nil {
			return taken, false, err
		}
		if m.state == turnedDown {
			return taken, false, nil
		}
		rest -= m.amount
		taken = append(taken, m)
	}
	return taken, rest == 0, nil
}

// giveAll pays the legs that give, shard by shard.
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

// returnAll gives back what was taken for a transfer that is refused.
func (l *Ledger) returnAll(ctx context.Context, t wallet.Transfer, draws []draw, taken []*moving) error {
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

// settle makes a step that pays legs out of a shard's transit account.
func (l *Ledger) settle(ctx context.Context, t wallet.Transfer, s *shard, part int, name string, legs []wallet.Leg) (err error) {
	if len(legs) == 0 {
		return nil
	}
	if legs, err = balanced(t, legs); err != nil {
		return err
	}
	return l.step(ctx, s, &moving{no: t.No, part: part, asked: []byte(name), moves: true, legs: legs})
}

// transit returns the account of what is under way on each shard.
func transit(t wallet.Transfer) wallet.AccountNo {
	return wallet.AccountNo{Kind: wallet.TransitAccount, Stage: accountsOf(t)[0].Stage}
}

// balanced returns the legs with one of the transit account, so that they sum to zero.
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
