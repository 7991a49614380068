package wallet

import "errors"

// Code is the small set of outcomes that callers act on. It is mapped to the wire once, in the server.
type Code uint8

// The codes. What a caller does with each is said beside it.
const (
	CodeInternal     Code = iota // a defect of ours: report it
	CodeInvalid                  // the request is wrong: do not repeat it
	CodeNotFound                 // no such thing: do not repeat it
	CodeConflict                 // same number, other content: do not repeat it
	CodeRefused                  // a rule of the wallet said no for good: do not repeat it
	CodeOverloaded               // nothing was done: repeat later
	CodeUnavailable              // a dependency is down, nothing was done: repeat later
	CodeUnknown                  // it may or may not have been done: repeat with the same number
	CodeUnauthorised             // not yours
)

var codeNames = [...]string{"internal", "invalid", "not_found", "conflict", "refused", "overloaded", "unavailable", "unknown", "unauthorised"}

// String returns the code's name on the wire.
func (c Code) String() string {
	if int(c) < len(codeNames) {
		return codeNames[c]
	}
	return "internal"
}

// Error is a sentinel: a code and a reason. Compare with errors.Is; nothing matches on text.
type Error struct {
	Code   Code
	Reason string // snake_case name of the case, stable, for machines
	msg    string
}

// Error implements error.
func (e *Error) Error() string { return "wallet: " + e.msg }

// CodeOf returns the code of the first *Error in err's tree, and CodeInternal when there is none.
func CodeOf(err error) Code {
	if e := (*Error)(nil); errors.As(err, &e) {
		return e.Code
	}
	return CodeInternal
}

// ReasonOf returns the reason of the first *Error in err's tree, "ok" for nil and "internal" when there is none.
func ReasonOf(err error) string {
	if err == nil {
		return "ok"
	}
	if e := (*Error)(nil); errors.As(err, &e) {
		return e.Reason
	}
	return "internal"
}

// The sentinels.
var (
	ErrInvalid       = &Error{CodeInvalid, "invalid", "the request is invalid"}
	ErrOverflow      = &Error{CodeInvalid, "overflow", "the amount overflows"}
	ErrNotFound      = &Error{CodeNotFound, "not_found", "not found"}
	ErrUnknownScene  = &Error{CodeNotFound, "unknown_scene", "no such scene at that time"}
	ErrNoActivity    = &Error{CodeNotFound, "no_activity", "no activity runs at that time"}
	ErrConflict      = &Error{CodeConflict, "conflict", "the number is taken by another content"}
	ErrStale         = &Error{CodeConflict, "stale", "what was read has changed since: read again"}
	ErrOverCap       = &Error{CodeRefused, "over_cap", "the amount is above the cap of a single grant"}
	ErrOverBudget    = &Error{CodeRefused, "over_budget", "the budget is spent"}
	ErrInsufficient  = &Error{CodeRefused, "insufficient", "the balance is too small"}
	ErrNotReleased   = &Error{CodeRefused, "not_released", "withdrawing is not open to this person yet"}
	ErrSwitchedOff   = &Error{CodeUnavailable, "switched_off", "an operator has switched this off: repeat later"}
	ErrDeclined      = &Error{CodeRefused, "declined", "the system behind the reward has said no for good"}
	ErrExpired       = &Error{CodeRefused, "expired", "the time for it is over"}
	ErrNotUsable     = &Error{CodeRefused, "not_usable", "it cannot be used yet, or not any more"}
	ErrDailyLimit    = &Error{CodeRefused, "daily_limit", "the limit of the day is reached"}
	ErrLimited       = &Error{CodeOverloaded, "limited", "the rate limit was reached, nothing was done"}
	ErrOverloaded    = &Error{CodeOverloaded, "overloaded", "a queue is full, nothing was done"}
	ErrMoving        = &Error{CodeOverloaded, "moving", "the account has just changed its wallet, nothing was done"}
	ErrUnavailable   = &Error{CodeUnavailable, "unavailable", "a dependency is down, nothing was done"}
	ErrUnknown       = &Error{CodeUnknown, "unknown_outcome", "no answer in time: it may or may not have been done"}
	ErrNotYours      = &Error{CodeUnauthorised, "not_yours", "this belongs to somebody else"}
	ErrTokenGarbled  = &Error{CodeInvalid, "token_unreadable", "the token cannot be read"}
	ErrTokenForged   = &Error{CodeUnauthorised, "token_forged", "the token's signature is wrong"}
	ErrTokenKey      = &Error{CodeUnauthorised, "token_key", "the token names a key that is not (or no longer) in use"}
	ErrTokenForeign  = &Error{CodeUnauthorised, "token_foreign", "the token belongs to somebody else"}
	ErrTokenPurpose  = &Error{CodeUnauthorised, "token_purpose", "the token was made for another purpose"}
	ErrTokenExpired  = &Error{CodeRefused, "token_expired", "the token is too old"}
	ErrTokenReplayed = &Error{CodeConflict, "token_replayed", "the token was posted already"}
	ErrTokenDistrust = &Error{CodeRefused, "token_distrusted", "client tokens are switched off"}
)
