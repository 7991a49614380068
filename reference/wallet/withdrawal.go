package wallet

import (
	"context"
	"fmt"
)

// WithdrawalNo is the identity of a withdrawal: the account that asked and a number that its client chose. Not the
// wallet: binding a phone between two tries may change that, and must not pay twice.
type WithdrawalNo struct {
	Account Account
	Request int64
}

// String returns the number as it goes to the bank.
func (n WithdrawalNo) String() string {
	return fmt.Sprintf("w_%d_%d_%d", n.Account.Family, n.Account.User, n.Request)
}

// WithdrawalState is how far a withdrawal has come. It moves to higher numbers only, until it is final.
type WithdrawalState uint8

// The states. The money of one that the bank declined goes back before it is returned.
const (
	WithdrawalAsked    WithdrawalState = 1 + iota // recorded
	WithdrawalHeld                                // the money waits in the hold account; the bank may have been called
	WithdrawalPaid                                // final: the bank has paid
	WithdrawalRefused                             // final: the balance was too small; nothing was moved
	WithdrawalDeclined                            // the bank has said no for good; the money is on its way back
	WithdrawalReturned                            // final: the money is back in the balance
	WithdrawalLimited                             // final: the limit of the day was reached; nothing was moved
)

// Valid says whether s is one of the states.
func (s WithdrawalState) Valid() bool { return s >= WithdrawalAsked && s <= WithdrawalLimited }

// Final says whether nothing comes after s.
func (s WithdrawalState) Final() bool {
	return s != WithdrawalAsked && s != WithdrawalHeld && s != WithdrawalDeclined
}

// Withdrawal is the record of one withdrawal.
type Withdrawal struct {
	No      WithdrawalNo
	Owner   ActID // the person's wallet when it was asked
	Stage   Stage
	Amount  Money
	Wallets []ActID // the person's wallets that it may take from, Owner's first
	Created Instant
	State   WithdrawalState
}

// Withdrawals keeps withdrawals of record.
type Withdrawals interface {
	WithdrawalHistory
	// Create records w unless its number is taken, and returns the one on record and whether it is new. Atomic.
	// ErrUnknown: it may have been recorded; repeat the call.
	Create(ctx context.Context, w Withdrawal) (Withdrawal, bool, error)
	// Get returns the one on record. ErrNotFound: there is none.
	Get(ctx context.Context, no WithdrawalNo) (Withdrawal, error)
	// Advance moves it forward; one that is further already is left alone. Idempotent. ErrNotFound: not on record.
	Advance(ctx context.Context, no WithdrawalNo, s WithdrawalState) error
	// Unfinished returns at most limit withdrawals, created before the instant, that are not final, oldest first, from a
	// place on, and the place to go on from; 0: there are no more. What cannot be finished is so passed by.
	Unfinished(ctx context.Context, before Instant, from OpenPlace, limit int) ([]Withdrawal, OpenPlace, error)
}

// WithdrawalHistory lists the withdrawals of a wallet.
type WithdrawalHistory interface {
	// Of returns the withdrawals of a wallet in a stage, newest first, at most limit.
	Of(ctx context.Context, id ActID, s Stage, limit int) ([]Withdrawal, error)
}

// Bank pays out. It is somebody else's system: slow, and often without an answer.
type Bank interface {
	// Pay sends the amount to the person, once a withdrawal number. ErrUnknown: it may have been sent; repeat the
	// call with the same number. ErrConflict: the number was paid with another amount. ErrInvalid: the amount is not
	// above zero. ErrDeclined: a final no; nothing was sent, and nothing ever will be under this number. Any other error:
	// nothing was sent, repeat it later.
	Pay(ctx context.Context, no WithdrawalNo, amount Money) error
}
