package mem

import (
	"context"
	"errors"
	"fmt"

	"hongbao/reference/wallet"
)

// maxLegs bounds the legs of one transfer: a leg from and a leg to for each wallet that one person can have.
const maxLegs = 2 * (wallet.MaxFormer + 1)

// move is a transfer that was answered. Its legs are legs entries from first on; none means that it was refused.
type move struct {
	request int64
	user    wallet.UserID
	next    uint32 // older move of the same user account
	first   uint32
	family  wallet.Family
	step    wallet.MoveStep
	legs    uint8
}

func (m *move) no() wallet.MoveNo {
	account := wallet.Account{Family: m.family, User: m.user}
	return wallet.MoveNo{Withdrawal: wallet.WithdrawalNo{Account: account, Request: m.request}, Step: m.step}
}

// Transfer implements wallet.Ledger. ErrInvalid: what wallet.Transfer.Validate refuses, an account or a number that
// cannot be, or more legs than one person can need. ErrOverflow as in Post.
func (l *Ledger) Transfer(_ context.Context, t wallet.Transfer) error {
	if err := l.checkTransfer(t); err != nil {
		return err
	}
	now := l.clock.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	head := l.moved.touch(t.No.Withdrawal.Account)
	for i := *head; i != 0; i = l.moves.At(i).next {
		if m := l.moves.At(i); m.no() == t.No {
			return l.repeated(m, t)
		}
	}
	refused := l.affordable(t.Legs)
	if refused != nil && !errors.Is(refused, wallet.ErrInsufficient) {
		return refused
	}
	account := t.No.Withdrawal.Account
	number := l.moves.Append(move{request: t.No.Withdrawal.Request, user: account.User, next: *head, family: account.Family, step: t.No.Step})
	*head = number
	if refused != nil {
		return refused // and stays on record as such
	}
	l.moves.At(number).first, l.moves.At(number).legs = uint32(l.entries.Len())+1, uint8(len(t.Legs))
	for _, leg := range t.Legs {
		l.write(leg, entry{amount: leg.Amount, posted: now, place: leg.Account.Owner<<32 | int64(number),
			account: leg.Account.Kind, stage: leg.Account.Stage})
	}
	return nil
}

func (l *Ledger) checkTransfer(t wallet.Transfer) error {
	if err := t.Validate(); err != nil {
		return err
	}
	if err := checkAccount(t.No.Withdrawal.Account); err != nil {
		return err
	}
	if t.No.Step == 0 || len(t.Legs) > maxLegs {
		return fmt.Errorf("%w: transfer step %d with %d legs", wallet.ErrInvalid, t.No.Step, len(t.Legs))
	}
	for _, leg := range t.Legs {
		if err := l.checkLedgerAccount(leg.Account); err != nil {
			return err
		}
	}
	return nil
}

// repeated answers as the first time: ErrInsufficient for a move that was refused. ErrConflict unless one that was
// made had the legs of t.
func (l *Ledger) repeated(m *move, t wallet.Transfer) error {
	if m.legs == 0 {
		return fmt.Errorf("%w: transfer %s step %d was refused before", wallet.ErrInsufficient, t.No.Withdrawal, t.No.Step)
	}
	same := int(m.legs) == len(t.Legs)
	for i := 0; same && i < len(t.Legs); i++ {
		same = l.entries.At(m.first+uint32(i)).leg() == t.Legs[i]
	}
	if !same {
		return fmt.Errorf("%w: transfer %s step %d", wallet.ErrConflict, t.No.Withdrawal, t.No.Step)
	}
	return nil
}

// affordable returns ErrInsufficient when a personal or hold account would be below zero after all the legs.
func (l *Ledger) affordable(legs []wallet.Leg) error {
	for _, of := range legs {
		account := of.Account
		after, err := l.balance(account)
		for _, leg := range legs {
			if err == nil && leg.Account == account {
				after, err = after.Add(leg.Amount)
			}
		}
		if err != nil {
			return err
		}
		if after < 0 && (account.Kind == wallet.PersonalAccount || account.Kind == wallet.HoldAccount) {
			return fmt.Errorf("%w: wallet %d would have %d fen", wallet.ErrInsufficient, account.Owner, int64(after))
		}
	}
	return nil
}

// write writes one leg: into its wallet's chain, or, for a cost account, beside it and into the balance.
func (l *Ledger) write(leg wallet.Leg, e entry) {
	if leg.Account.Kind != wallet.CostAccount {
		l.chain(leg.Account.Owner, e)
		return
	}
	l.entries.Append(e)
	l.cost[leg.Account.Stage][leg.Account.Owner] += leg.Amount
}
