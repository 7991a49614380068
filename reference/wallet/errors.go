package wallet

import (
	"errors"
)

// Code classifies errors by what a caller does next. The server maps it to the wire, in one place.
type Code uint8

// The codes, each with the caller's next step.
const (
	CodeInternal     Code = iota // a defect of this service: report it
	CodeInvalid                  // the request is wrong: do not repeat it
	CodeNotFound                 // it does not exist: do not repeat it
	CodeConflict                 // the same number with other content: do not repeat it
	CodeRefused                  // a rule of the wallet refused it finally: do not repeat it
	CodeOverloaded               // nothing was done: repeat later
	CodeUnavailable              // a dependency is down, nothing was done: repeat later
	CodeUnknown                  // it may or may not have been done: repeat it with the same number
	CodeUnauthorised             // it belongs to another user: do not repeat it
)

var codeNames = [...]string{"internal", "invalid", "not_found", "conflict", "refused", "overloaded", "unavailable", "unknown", "unauthorised"}

// String returns the code's name on the wire.
func (c Code) String() string {
	if int(c) < len(codeNames) {
		return codeNames[c]
	}
	return "internal"
}

// Error is a sentinel: a code and a reason. Compare it with errors.Is, never by its text.
type Error struct {
	Code   Code
	Reason string // stable snake_case name, for programs
	msg    string
}

// Error implements error.
func (e *Error) Error() string { return "wallet: " + e.msg }

// CodeOf returns the code of the first *Error in err's tree, or CodeInternal if there is none.
func CodeOf(err error) Code {
	if e := (*Error)(nil); errors.As(err, &e) {
		return e.Code
	}
	return CodeInternal
}

// ReasonOf returns the reason of the first *Error in err's tree, "ok" for nil, or "internal" if there is none.
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
	ErrInvalid         = &Error{CodeInvalid, "invalid", "the request is invalid"}
	ErrOverflow        = &Error{CodeInvalid, "overflow", "the amount overflows"}
	ErrNotFound        = &Error{CodeNotFound, "not_found", "not found"}
	ErrUnknownScene    = &Error{CodeNotFound, "unknown_scene", "no such scene at that time"}
	ErrNoActivity      = &Error{CodeNotFound, "no_activity", "no activity runs at that time"}
	ErrConflict        = &Error{CodeConflict, "conflict", "the number is already used with other content"}
	ErrStale           = &Error{CodeConflict, "stale", "the data has changed since it was read: read it again"}
	ErrOverCap         = &Error{CodeRefused, "over_cap", "the amount is above the cap of a single grant"}
	ErrOverBudget      = &Error{CodeRefused, "over_budget", "the budget is spent"}
	ErrInsufficient    = &Error{CodeRefused, "insufficient", "the balance is too small"}
	ErrNotReleased     = &Error{CodeRefused, "not_released", "withdrawals are not open to this person yet"}
	ErrSwitchedOff     = &Error{CodeUnavailable, "switched_off", "an operator has switched this off: repeat later"}
	ErrDeclined        = &Error{CodeRefused, "declined", "the downstream system refused it finally"}
	ErrExpired         = &Error{CodeRefused, "expired", "it has expired"}
	ErrNotUsable       = &Error{CodeRefused, "not_usable", "it is not in a state that allows this"}
	ErrDailyLimit      = &Error{CodeRefused, "daily_limit", "the daily limit is reached"}
	ErrLimited         = &Error{CodeOverloaded, "limited", "the rate limit was reached, nothing was done"}
	ErrOverloaded      = &Error{CodeOverloaded, "overloaded", "a queue is full, nothing was done"}
	ErrMoving          = &Error{CodeOverloaded, "moving", "the account has just moved to another wallet, nothing was done"}
	ErrUnavailable     = &Error{CodeUnavailable, "unavailable", "a dependency is down, nothing was done"}
	ErrUnknown         = &Error{CodeUnknown, "unknown_outcome", "no answer in time: it may or may not have been done"}
	ErrNotYours        = &Error{CodeUnauthorised, "not_yours", "it belongs to another user"}
	ErrTokenUnreadable = &Error{CodeInvalid, "token_unreadable", "the token cannot be read"}
	ErrTokenForged     = &Error{CodeUnauthorised, "token_forged", "the token's signature is wrong"}
	ErrTokenKey        = &Error{CodeUnauthorised, "token_key", "the token's key is not in use"}
	ErrTokenForeign    = &Error{CodeUnauthorised, "token_foreign", "the token belongs to another person"}
	ErrTokenPurpose    = &Error{CodeUnauthorised, "token_purpose", "the token was made for another purpose"}
	ErrTokenExpired    = &Error{CodeRefused, "token_expired", "the token has expired"}
	ErrTokenReplayed   = &Error{CodeConflict, "token_replayed", "the token is already posted"}
	ErrTokenDistrusted = &Error{CodeRefused, "token_distrusted", "client tokens are switched off"}
)
