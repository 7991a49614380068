package wallet

import (
	"context"
	"fmt"
)

// TokenStatus is the posting state of a token (T4). There is no failed state: a failed posting is retried.
type TokenStatus uint8

// The statuses, with the source's numbers.
const (
	TokenIssued     TokenStatus = 0
	TokenProcessing TokenStatus = 2 // set before the ledger is called
	TokenSuccess    TokenStatus = 8 // set after the ledger has confirmed
)

// Validate returns ErrInvalid for an unknown status.
func (s TokenStatus) Validate() error {
	if s != TokenIssued && s != TokenProcessing && s != TokenSuccess {
		return fmt.Errorf("%w: token status %d", ErrInvalid, s)
	}
	return nil
}

// Token is the promise of one cash grant (T2, T3). The client has a signed and sealed copy; this is the server's copy.
// Status exists on the server only and is not signed.
type Token struct {
	App      App
	Activity ActivityID // the child activity
	Order    OrderNo
	Amount   Money
	Opened   Instant
	Status   TokenStatus
}

// Credit returns the posting that the token promises.
func (t Token) Credit() Credit { return Credit{t.Order, t.Amount, t.Opened} }

// MaxTokenList bounds a person's tokens in one stage. Each scene and rain gives at most one, and no festival has this
// many.
const MaxTokenList = 1024

// Tokens stores each person's token list (T2). It and the clients' copies are backups of each other. It may be lost.
type Tokens interface {
	// Issue adds the token to its owner's list and its credit to the posting backlog, in one atomic step. Idempotent:
	// nothing changes if the order is already in the list. ErrUnknown: repeat the call.
	Issue(ctx context.Context, t Token) error
	// List returns the owner's tokens of one stage that are not TokenSuccess, by ascending order number.
	List(ctx context.Context, id ActID, s Stage) ([]Token, error)
	// Mark moves the tokens of these orders forward to s (T4). Tokens that are further already, or not in a list, are
	// ignored. Idempotent.
	Mark(ctx context.Context, nos []OrderNo, s TokenStatus) error
}

// Sealer makes and reads the clients' copies (T2, T7).
type Sealer interface {
	// Seal returns the token signed and encrypted, bound to its owner and to now.
	Seal(t Token, now Instant) ([]byte, error)
	// Open returns the token that was sealed. Errors: ErrTokenUnreadable, ErrTokenForged, ErrTokenKey, ErrTokenPurpose,
	// ErrTokenForeign (its owner is not who), ErrTokenExpired. It never panics, whatever the bytes.
	Open(sealed []byte, who Person, now Instant) (Token, error)
}
