package wallet

import "context"

// TokenStatus is the posting state of a token (T4). There is no failed state: a failure is retried.
type TokenStatus uint8

// The statuses, with the source's numbers.
const (
	TokenIssued     TokenStatus = 0
	TokenProcessing TokenStatus = 2 // set before the account call
	TokenSuccess    TokenStatus = 8 // set after it
)

// Token is the promise of one cash grant (T2, T3). The signed and sealed copy is the client's, this one the server's.
// Status lives on the server alone and is outside what is signed.
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

// MaxTokenList bounds a person's tokens in one stage. Every scene, rain and stage gives at most one, and no
// festival has this many.
const MaxTokenList = 1024

// Tokens keeps each person's token list (T2). It is a mutual backup of the clients' copies and may be lost.
type Tokens interface {
	// Issue adds the token to its owner's list and its credit to the posting backlog, in one atomic step.
	// Idempotent: a token whose order is listed already changes nothing. ErrUnknown: repeat the call.
	Issue(ctx context.Context, t Token) error
	// List returns the owner's tokens of one stage that are not TokenSuccess, in order of their numbers.
	List(ctx context.Context, id ActID, s Stage) ([]Token, error)
	// Mark moves the tokens of these orders forward to s (T4). One that is further already, or not listed, is left
	// alone. Idempotent.
	Mark(ctx context.Context, nos []OrderNo, s TokenStatus) error
}

// Sealer makes and reads the clients' copies (T2, T7).
type Sealer interface {
	// Seal returns the token signed and encrypted, bound to its owner and to now.
	Seal(t Token, now Instant) ([]byte, error)
	// Open returns the token that Seal was given. It refuses with ErrTokenGarbled, ErrTokenForged, ErrTokenKey,
	// ErrTokenPurpose, ErrTokenForeign (the owner is not who) or ErrTokenExpired. Never panics, whatever the bytes.
	Open(sealed []byte, who Person, now Instant) (Token, error)
}
