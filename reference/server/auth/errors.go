package auth

import "hongbao/reference/wallet"

// Error is a refusal of this package. On the wire it is one of wallet.Error's codes with a reason of its own.
type Error struct {
	Unknown bool // it is not known who asks, rather than known and not allowed
	refusal *wallet.Error
	text    string
}

// Error implements error.
func (e *Error) Error() string { return "auth: " + e.text }

// Unwrap returns the refusal with its code and reason.
func (e *Error) Unwrap() error { return e.refusal }

func unauthenticated(reason, text string) *Error {
	return &Error{true, &wallet.Error{Code: wallet.CodeUnauthorised, Reason: reason}, text}
}

// The sentinels.
var (
	ErrNoCredentials  = unauthenticated("no_credentials", "the request carries no credentials of the kind that the method asks for")
	ErrMalformed      = unauthenticated("malformed_credentials", "the credentials cannot be read")
	ErrUnknownKey     = unauthenticated("unknown_key", "no such caller or operator")
	ErrSignature      = unauthenticated("bad_signature", "the signature does not match the request")
	ErrTime           = unauthenticated("skewed_time", "the request was signed too long ago, or by a clock that is ahead")
	ErrReplayed       = unauthenticated("replayed_nonce", "the request was seen before: sign it again")
	ErrSession        = unauthenticated("session_forged", "the session's signature is wrong")
	ErrSessionExpired = unauthenticated("session_expired", "the session has ended")

	ErrScope = &Error{false, &wallet.Error{Code: wallet.CodeUnauthorised, Reason: "out_of_scope"}, "the key does not allow this"}
	ErrRole  = &Error{false, &wallet.Error{Code: wallet.CodeUnauthorised, Reason: "wrong_role"}, "the operator's role does not allow this"}
)
