package client

import (
	"errors"
	"fmt"
	"net"

	"connectrpc.com/connect"

	"hongbao/reference/server/auth"
	pb "hongbao/reference/server/hongbaopb"
	"hongbao/reference/wallet"
)

// headerReason is the response header with the reason of a refusal.
const headerReason = "Hongbao-Reason"

// Refusal is an error in the service's response. It wraps (errors.Is) the sentinel of its reason, if there is one, and
// always has its code and reason.
type Refusal struct {
	Message string // the service's text, for people
	is      []error
}

// Error implements error.
func (e *Refusal) Error() string { return "client: the service refused: " + e.Message }

// Unwrap returns the sentinel, or else the code and reason and the generic sentinel of that code.
func (e *Refusal) Unwrap() []error { return e.is }

// walletError returns a failed call's error with one of the wallet's codes.
func walletError(err error) error {
	if err == nil {
		return nil
	}
	if e := (*wallet.Error)(nil); errors.As(err, &e) {
		return err // an error of the client itself
	}
	if neverConnected(err) {
		return fmt.Errorf("client: %w: %w", wallet.ErrUnavailable, err)
	}
	e := (*connect.Error)(nil)
	if !connect.IsWireError(err) || !errors.As(err, &e) {
		return fmt.Errorf("client: %w: %w", wallet.ErrUnknown, err)
	}
	for _, d := range e.Details() {
		if m, err := d.Value(); err == nil {
			if d, ok := m.(*pb.ErrorDetail); ok {
				return refusal(d)
			}
		}
	}
	code := codeOf(e.Code())
	reason := e.Meta().Get(headerReason)
	if reason == "" {
		reason = code.String()
	}
	return refusal(&pb.ErrorDetail{Reason: reason, Code: code.String(), Message: e.Message()})
}

// neverConnected reports whether an error proves that nothing was sent: dialling failed. Every other error may occur
// after the request has arrived.
func neverConnected(err error) bool {
	op := (*net.OpError)(nil)
	return errors.As(err, &op) && op.Op == "dial"
}

// refusal returns the error that a detail describes.
func refusal(d *pb.ErrorDetail) error {
	for _, s := range sentinels() {
		if wallet.ReasonOf(s) == d.Reason && wallet.CodeOf(s).String() == d.Code {
			return &Refusal{d.Message, []error{s}}
		}
	}
	code := parseCode(d.Code)
	r := &Refusal{d.Message, []error{&wallet.Error{Code: code, Reason: d.Reason}}}
	if s := genericSentinel(code); s != nil {
		r.is = append(r.is, s)
	}
	return r
}

// parseCode returns the code with that name. An unknown name gives CodeUnknown, because the outcome is unknown.
func parseCode(name string) wallet.Code {
	for c := wallet.CodeInternal; c <= wallet.CodeUnauthorised; c++ {
		if c.String() == name {
			return c
		}
	}
	return wallet.CodeUnknown
}

// codeOf maps Connect responses without a detail, which are not our service's. Only a code that names a fault of the
// request counts as a refusal. A response that is not Connect's at all comes from a proxy, which does not know the
// outcome.
func codeOf(c connect.Code) wallet.Code {
	switch c {
	case connect.CodeInvalidArgument, connect.CodeOutOfRange:
		return wallet.CodeInvalid
	case connect.CodeNotFound, connect.CodeUnimplemented:
		return wallet.CodeNotFound
	case connect.CodeAlreadyExists:
		return wallet.CodeConflict
	case connect.CodeFailedPrecondition:
		return wallet.CodeRefused
	case connect.CodePermissionDenied, connect.CodeUnauthenticated:
		return wallet.CodeUnauthorised
	default:
		return wallet.CodeUnknown
	}
}

// genericSentinel returns the sentinel whose only information is the code, or nil.
func genericSentinel(c wallet.Code) error {
	for _, s := range []*wallet.Error{wallet.ErrInvalid, wallet.ErrNotFound, wallet.ErrConflict, wallet.ErrOverloaded,
		wallet.ErrUnavailable, wallet.ErrUnknown} {
		if s.Code == c {
			return s
		}
	}
	return nil
}

// sentinels are the errors that the client can recognise. A reason that is not listed keeps its code.
func sentinels() []error {
	return []error{
		wallet.ErrInvalid, wallet.ErrOverflow, wallet.ErrNotFound, wallet.ErrUnknownScene, wallet.ErrNoActivity,
		wallet.ErrConflict, wallet.ErrStale, wallet.ErrOverCap, wallet.ErrOverBudget, wallet.ErrInsufficient,
		wallet.ErrNotReleased, wallet.ErrSwitchedOff, wallet.ErrDeclined, wallet.ErrExpired, wallet.ErrNotUsable,
		wallet.ErrDailyLimit, wallet.ErrSoldOut, wallet.ErrLimited, wallet.ErrMoving, wallet.ErrOverloaded, wallet.ErrUnavailable, wallet.ErrUnknown,
		wallet.ErrNotYours, wallet.ErrTokenUnreadable, wallet.ErrTokenForged, wallet.ErrTokenKey, wallet.ErrTokenForeign,
		wallet.ErrTokenPurpose, wallet.ErrTokenExpired, wallet.ErrTokenReplayed, wallet.ErrTokenDistrusted,
		auth.ErrNoCredentials, auth.ErrMalformed, auth.ErrUnknownKey, auth.ErrSignature, auth.ErrTime, auth.ErrReplayed,
		auth.ErrSession, auth.ErrSessionExpired, auth.ErrScope, auth.ErrRole,
	}
}
