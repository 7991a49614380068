package wallet

import (
	"context"
	"fmt"
)

// WithdrawalNo is the identity of a withdrawal: the account that asked and a number chosen by its client. It does not
// use the wallet: binding a phone between two attempts may change the wallet, and the withdrawal must not be paid
// twice.
type WithdrawalNo struct {
	Account Account
	Request int64
}

// String returns the number as the bank gets it.
func (n WithdrawalNo) String() string {
	return fmt.Sprintf("w_%d_%d_%d", n.Account.Family, n.Account.User, n.Request)
}

// WithdrawalState is the progress of a withdrawal. It moves to higher numbers only, until it is final.
type WithdrawalState uint8

// The states. A withdrawal that the bank declined first returns its money and then becomes WithdrawalReturned.
const (
	WithdrawalAsked    WithdrawalState = 1 + iota // recorded
	WithdrawalHeld                                // the money is in the hold account; the bank may have been called
	WithdrawalPaid                                // final: the bank paid
	WithdrawalRefused                             // final: the balance was too small; no money was moved
	WithdrawalDeclined                            // the bank refused finally; the money is to be returned
	WithdrawalReturned                            // final: the money was returned to the balance
	WithdrawalLimited                             // final: the daily limit was reached; no money was moved
)

// Valid reports whether s is one of the states.
func (s WithdrawalState) Valid() bool { return s >= WithdrawalAsked && s <= WithdrawalLimited }

// Final reports whether no state follows.
func (s WithdrawalState) Final() bool {
	return s != WithdrawalAsked && s != WithdrawalHeld && s != WithdrawalDeclined
}

// Withdrawal is the record of one withdrawal.
type Withdrawal struct {
	No      WithdrawalNo
	Owner   ActID // the person's wallet at the time of the request
	Stage   Stage
	Amount  Money   // fen
	Wallets []ActID // the person's wallets whose money it may use; Owner first
	Created Instant
	State   WithdrawalState
}

// Withdrawals stores withdrawals. Durable.
type Withdrawals interface {
	WithdrawalHistory
	// Create records w unless its number is taken, and returns the withdrawal on record and whether it is new. Atomic.
	// ErrUnknown: it may have been recorded; repeat the call.
	Create(ctx context.Context, w Withdrawal) (Withdrawal, bool, error)
	// Get returns the withdrawal on record. ErrNotFound: there is no such withdrawal.
	Get(ctx context.Context, no WithdrawalNo) (Withdrawal, error)
	// Advance moves it forward to s. One that is further already is not changed. Idempotent. ErrNotFound: not on
	// record.
	Advance(ctx context.Context, no WithdrawalNo, s WithdrawalState) error
	// Unfinished returns at most limit withdrawals created before the instant that are not final, oldest first,
	// starting at from, and the position to continue from; 0: the end. It lets a scan pass withdrawals that cannot be
	// finished.
	Unfinished(ctx context.Context, before Instant, from ScanCursor, limit int) ([]Withdrawal, ScanCursor, error)
}

// WithdrawalHistory lists the withdrawals of a wallet.
type WithdrawalHistory interface {
	// Of returns at most limit withdrawals of a wallet in a stage, newest first.
	Of(ctx context.Context, id ActID, s Stage, limit int) ([]Withdrawal, error)
}

// Bank pays out. It is an external system: slow, and often without a reply.
type Bank interface {
	// Pay sends the amount in fen to the person. Idempotent by withdrawal number. ErrUnknown: it may have been sent;
	// repeat the call. ErrConflict: the number was paid with another amount. ErrInvalid: the amount is not above zero.
	// ErrDeclined: a final refusal; nothing was sent, and nothing will ever be sent under this number. Any other error:
	// nothing was sent; repeat it later.
	Pay(ctx context.Context, no WithdrawalNo, amount Money) error
}
