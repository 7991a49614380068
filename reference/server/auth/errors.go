package auth

import "hongbao/reference/wallet"

// Error is a refusal by this package. On the wire it has one of wallet.Error's codes and its own reason.
type Error struct {
	Unknown bool // the requester is unknown (true), or known but not allowed (false)
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
	ErrNoCredentials  = unauthenticated("no_credentials", "the request has no credentials of the kind that the method requires")
	ErrMalformed      = unauthenticated("malformed_credentials", "the credentials are malformed")
	ErrUnknownKey     = unauthenticated("unknown_key", "unknown caller or operator")
	ErrSignature      = unauthenticated("bad_signature", "the signature does not match the request")
	ErrTime           = unauthenticated("skewed_time", "the request's signing time is too far from the server's time")
	ErrReplayed       = unauthenticated("replayed_nonce", "the request's nonce was used before: sign the request again")
	ErrSession        = unauthenticated("session_forged", "the session's signature does not match")
	ErrSessionExpired = unauthenticated("session_expired", "the session has expired")

	ErrScope = &Error{false, &wallet.Error{Code: wallet.CodeUnauthorised, Reason: "out_of_scope"}, "the key does not allow this"}
	ErrRole  = &Error{false, &wallet.Error{Code: wallet.CodeUnauthorised, Reason: "wrong_role"}, "the operator's role does not allow this"}
)
