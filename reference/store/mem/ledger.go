package mem

import (
	"context"
	"fmt"
	"sync"

	"hongbao/internal/slab"
	"hongbao/reference/wallet"
)

// Ledger is the double-entry ledger of record. It uses 32 bytes per entry of a person and 4 per wallet. For the cost
// accounts it stores only balances: their entries would only repeat the sums of the batches. Personal balances are not
// stored but computed from the wallet's entries, which are few, so the two cannot disagree.
type Ledger struct {
	mu          sync.Mutex
	clock       wallet.Clock
	kinds       kinds
	entries     slab.Slab[entry]
	heads       slab.Heads // by wallet, newest first
	moves       slab.Slab[move]
	newestMoves accounts[uint32] // newest move of each requesting account
	cost        [wallet.Stages + 1][]wallet.Money
	batches     int // posted so far; selects the cost sub-accounts round robin, so that none is hot
}

var (
	_ wallet.Ledger       = (*Ledger)(nil)
	_ wallet.LedgerReader = (*Ledger)(nil)
)

// entry is a grant, or one leg of a move.
type entry struct {
	amount  wallet.Money
	posted  wallet.Instant
	data    int64 // of a grant: Opened; of a leg: owner<<32 | number of its move
	next    uint32
	kind    uint16 // 0 for a leg
	account wallet.AccountKind
	stage   wallet.Stage
}

func (e *entry) isGrant() bool { return e.kind != 0 }

// leg returns the leg that an entry of a move represents.
func (e *entry) leg() wallet.Leg {
	return wallet.Leg{Account: wallet.AccountNo{Kind: e.account, Stage: e.stage, Owner: e.data >> 32}, Amount: e.amount}
}

// NewLedger returns an empty ledger with the given number of cost sub-accounts per stage, at least one.
func NewLedger(clock wallet.Clock, costAccounts int) *Ledger {
	l := &Ledger{clock: clock, kinds: newKinds()}
	for s := range l.cost {
		l.cost[s] = make([]wallet.Money, max(costAccounts, 1))
	}
	return l
}

// Post implements wallet.Ledger. ErrInvalid: a malformed number, or a credit not above zero. ErrOverflow: an account
// would leave the range of Money. Nothing is written then.
func (l *Ledger) Post(_ context.Context, batch []wallet.Credit) ([]wallet.PostOutcome, error) {
	now := l.clock.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	mark := l.entries.Len()
	out := make([]wallet.PostOutcome, len(batch))
	err := l.post(batch, out, now)
	if err != nil {
		l.rollBack(batch, out, mark)
		return nil, err
	}
	return out, nil
}

// post writes the credits and their debits. After an error, out shows which credits must be rolled back.
func (l *Ledger) post(batch []wallet.Credit, out []wallet.PostOutcome, now wallet.Instant) error {
	var sums [wallet.Stages + 1]wallet.Money
	for i, c := range batch {
		posted, err := l.credit(c, now)
		if err != nil {
			return err
		}
		out[i] = posted
		if posted != wallet.PostedNow {
			continue
		}
		if sums[c.Order.Stage], err = sums[c.Order.Stage].Add(c.Amount); err != nil {
			return err
		}
	}
	sub := l.batches % len(l.cost[0])
	var after [wallet.Stages + 1]wallet.Money
	for stage, sum := range sums {
		var err error
		if after[stage], err = l.cost[stage][sub].Sub(sum); err != nil {
			return err
		}
	}
	for stage, m := range after {
		l.cost[stage][sub] = m
	}
	l.batches++
	return nil
}

// credit writes one grant to its owner's account unless its number is recorded.
func (l *Ledger) credit(c wallet.Credit, now wallet.Instant) (wallet.PostOutcome, error) {
	if err := checkAmount(c.Amount); err != nil {
		return 0, err
	}
	kind, err := l.kinds.intern(c.Order)
	if err != nil {
		return 0, err
	}
	owner := int64(c.Order.ActID)
	balance, income := c.Amount, c.Amount
	for i := l.heads.Get(owner); i != 0; i = l.entries.At(i).next {
		e := l.entries.At(i)
		switch {
		case e.kind == kind && e.amount == c.Amount:
			return wallet.PostedBefore, nil
		case e.kind == kind:
			return wallet.PostRefused, nil
		case e.account != wallet.PersonalAccount || e.stage != c.Order.Stage:
			continue
		}
		if balance, err = balance.Add(e.amount); err != nil {
			return 0, err
		}
		if e.isGrant() {
			if income, err = income.Add(e.amount); err != nil {
				return 0, err
			}
		}
	}
	l.chain(owner, entry{amount: c.Amount, posted: now, data: int64(c.Opened), kind: kind,
		account: wallet.PersonalAccount, stage: c.Order.Stage})
	return wallet.PostedNow, nil
}

// chain appends an entry to its owner's chain and returns its number.
func (l *Ledger) chain(owner int64, e entry) uint32 {
	e.next = l.heads.Get(owner)
	i := l.entries.Append(e)
	l.heads.Set(owner, i)
	return i
}

// rollBack removes the written credits of a failed batch, newest first, down to the given number of entries.
func (l *Ledger) rollBack(batch []wallet.Credit, out []wallet.PostOutcome, entries int) {
	i := uint32(l.entries.Len())
	for n := len(batch) - 1; n >= 0; n-- {
		if out[n] == wallet.PostedNow {
			l.heads.Set(int64(batch[n].Order.ActID), l.entries.At(i).next)
			i--
		}
	}
	l.entries.Truncate(entries)
}

// balance returns an account's balance. A personal account cannot cause ErrOverflow: credit checks in advance.
func (l *Ledger) balance(a wallet.AccountNo) (sum wallet.Money, err error) {
	if a.Kind == wallet.CostAccount {
		return l.cost[a.Stage][a.Owner], nil
	}
	for i := l.heads.Get(a.Owner); i != 0; i = l.entries.At(i).next {
		if e := l.entries.At(i); e.account == a.Kind && e.stage == a.Stage {
			if sum, err = sum.Add(e.amount); err != nil {
				return 0, err
			}
		}
	}
	return sum, nil
}

// checkLedgerAccount returns ErrInvalid for an account that the ledger cannot contain.
func (l *Ledger) checkLedgerAccount(a wallet.AccountNo) error {
	switch {
	case a.Kind < wallet.CostAccount || a.Kind == wallet.TransitAccount || a.Kind > wallet.PacketAccount:
		return fmt.Errorf("%w: account kind %d", wallet.ErrInvalid, a.Kind)
	case a.Stage < wallet.InternalTest || a.Stage > wallet.Official:
		return fmt.Errorf("%w: account stage %d", wallet.ErrInvalid, a.Stage)
	case a.Kind != wallet.CostAccount:
		return checkOwner(wallet.ActID(a.Owner))
	case a.Owner < 0 || a.Owner >= int64(len(l.cost[0])):
		return fmt.Errorf("%w: cost account %d of %d", wallet.ErrInvalid, a.Owner, len(l.cost[0]))
	}
	return nil
}

// Bytes returns the memory used.
func (l *Ledger) Bytes() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := l.kinds.Bytes() + l.entries.Bytes() + l.heads.Bytes() + l.moves.Bytes() + l.newestMoves.Bytes()
	for _, subs := range l.cost {
		n += int64(cap(subs)) * 8
	}
	return n
}
