package mem

import (
	"context"
	"errors"
	"fmt"

	"hongbao/reference/wallet"
)

// move is a recorded transfer. It has legs entries, from first on; if legs is 0, it was refused.
type move struct {
	request int64
	user    wallet.UserID
	next    uint32 // older move of the same user account
	first   uint32
	family  wallet.Family
	step    wallet.TransferStep
	share   uint8
	legs    uint8
}

func (m *move) no() wallet.TransferNo {
	return wallet.TransferNoOf(wallet.Account{Family: m.family, User: m.user}, m.request, m.step, m.share)
}

// Transfer implements wallet.Ledger. ErrInvalid: a transfer that wallet.Transfer.Validate refuses, an invalid account
// or number, or more legs than one person can need. ErrOverflow as in Post.
func (l *Ledger) Transfer(_ context.Context, t wallet.Transfer) error {
	if err := t.ValidateFor(l.checkLedgerAccount); err != nil {
		return err
	}
	now := l.clock.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	account, request := t.No.Key()
	head := l.newestMoves.touch(account)
	for i := *head; i != 0; i = l.moves.At(i).next {
		if m := l.moves.At(i); m.no() == t.No {
			return l.repeated(m, t)
		}
	}
	legs, refused := l.drawn(t)
	if refused == nil {
		refused = l.affordable(legs)
	}
	if refused != nil && !errors.Is(refused, wallet.ErrInsufficient) {
		return refused
	}
	number := l.moves.Append(move{request: request, user: account.User, next: *head, family: account.Family, step: t.No.Step, share: t.No.Share})
	*head = number
	if refused != nil {
		return refused // and the refusal stays recorded
	}
	l.moves.At(number).first, l.moves.At(number).legs = uint32(l.entries.Len())+1, uint8(len(legs))
	for _, leg := range legs {
		l.write(leg, entry{amount: leg.Amount, posted: now, data: leg.Account.Owner<<32 | int64(number),
			account: leg.Account.Kind, stage: leg.Account.Stage})
	}
	return nil
}

// drawn returns the legs that draw from each account of the pool, followed by the transfer's legs.
func (l *Ledger) drawn(t wallet.Transfer) ([]wallet.Leg, error) {
	if t.Take == 0 {
		return t.Legs, nil
	}
	legs, rest := make([]wallet.Leg, 0, len(t.Pool)+len(t.Legs)), t.Take
	for _, a := range t.Pool {
		has, err := l.balance(a)
		if err != nil {
			return nil, err
		}
		if give := min(has, rest); give > 0 {
			legs = append(legs, wallet.Leg{Account: a, Amount: -give})
			rest -= give
		}
	}
	if rest > 0 {
		return nil, fmt.Errorf("%w: %d wallets lack %d fen", wallet.ErrInsufficient, len(t.Pool), int64(rest))
	}
	return append(legs, t.Legs...), nil
}

// repeated returns the result of the first call: ErrInsufficient if the move was refused. It returns ErrConflict if
// the move was made with other legs or another amount than t.
func (l *Ledger) repeated(m *move, t wallet.Transfer) error {
	if m.legs == 0 {
		return fmt.Errorf("%w: transfer %s was refused before", wallet.ErrInsufficient, t.No)
	}
	drawn := int(m.legs) - len(t.Legs) // legs that draw from the pool
	same := drawn >= 0 && (drawn > 0) == (t.Take > 0)
	for i := 0; same && i < len(t.Legs); i++ {
		same = l.entries.At(m.first+uint32(drawn+i)).leg() == t.Legs[i]
	}
	if !same {
		return fmt.Errorf("%w: transfer %s", wallet.ErrConflict, t.No)
	}
	return nil
}

// affordable returns ErrInsufficient if an account that must not be negative would be below zero after all the legs.
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
		if after < 0 && !account.Kind.MayBeNegative() {
			return fmt.Errorf("%w: wallet %d would have %d fen", wallet.ErrInsufficient, account.Owner, int64(after))
		}
	}
	return nil
}

// write writes one leg: into its wallet's chain, or, for a cost account, outside any chain and into the balance.
func (l *Ledger) write(leg wallet.Leg, e entry) {
	if leg.Account.Kind != wallet.CostAccount {
		l.chain(leg.Account.Owner, e)
		return
	}
	l.entries.Append(e)
	l.cost[leg.Account.Stage][leg.Account.Owner] += leg.Amount
}
