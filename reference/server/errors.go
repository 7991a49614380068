package server

import (
	"context"
	"errors"
	"strings"

	"connectrpc.com/connect"

	"hongbao/reference/server/auth"
	pb "hongbao/reference/server/hongbaopb"
	"hongbao/reference/wallet"
)

// headerReason carries the reason of a refusal, in the response's headers, or in its trailers under gRPC.
const headerReason = "Hongbao-Reason"

// maxMessage bounds an error's text on the wire, in bytes: requests are quoted in it.
const maxMessage = 300

// refusal is what the wire itself refuses, before any service is asked.
type refusal struct {
	why  *wallet.Error
	text string
}

// Error implements error.
func (r *refusal) Error() string { return "server: " + r.text }

// Unwrap returns the code and reason.
func (r *refusal) Unwrap() error { return r.why }

func refuse(c wallet.Code, reason, text string) *refusal {
	return &refusal{&wallet.Error{Code: c, Reason: reason}, text}
}

// The sentinels.
var (
	errMalformed   = refuse(wallet.CodeInvalid, "malformed", "the request cannot be read")
	errTooLarge    = refuse(wallet.CodeInvalid, "too_large", "the request's body is larger than this server takes")
	errContentType = refuse(wallet.CodeInvalid, "content_type", "send application/json, application/proto, application/grpc or application/grpc-web")
	errHTTPMethod  = refuse(wallet.CodeInvalid, "http_method", "every method is a POST")
	errSlow        = refuse(wallet.CodeInvalid, "slow_request", "the request's body did not arrive in time, or not in full")
	errNoMethod    = refuse(wallet.CodeNotFound, "unknown_method", "there is no such method, see /openapi.json")
	errShadow      = refuse(wallet.CodeRefused, "no_shadow", "this server takes no load-test requests")
	errLiveOnly    = refuse(wallet.CodeRefused, "live_only", "this method is about the live service: leave the load-test mark out")
	errMarkedOnly  = refuse(wallet.CodeRefused, "marked_only", "this method is for marked load alone: live data is not for discarding")
	errMark        = refuse(wallet.CodeInvalid, "load_test_mark", "the load-test mark is 1, or it is not there")
	errDraining    = refuse(wallet.CodeUnavailable, "draining", "this instance is stopping, ask another one")
	errNotServed   = refuse(wallet.CodeUnavailable, "not_served", "this instance does not answer this kind of request")
)

// Why the wallet of marked load is not cleaned up, or does not answer while it is.
var (
	ErrMarkedBusy   error = refuse(wallet.CodeOverloaded, "load_test_busy", "marked requests are worked on: wait for them, or force")
	ErrMarkedHeld   error = refuse(wallet.CodeOverloaded, "load_test_backlog", "marked postings are held: wait for them, or force")
	ErrMarkedShared error = refuse(wallet.CodeRefused, "load_test_shared", "other instances take marked load: stop them, or start them without it")
	ErrMarkedGone   error = refuse(wallet.CodeUnavailable, "load_test_clean_up", "the load test's data is being cleaned up")
)

// wireCode is the one place where the wallet's codes become the wire's.
func wireCode(c wallet.Code) connect.Code {
	switch c {
	case wallet.CodeInvalid:
		return connect.CodeInvalidArgument // 400
	case wallet.CodeNotFound:
		return connect.CodeNotFound // 404
	case wallet.CodeConflict:
		return connect.CodeAlreadyExists // 409
	case wallet.CodeRefused:
		return connect.CodeFailedPrecondition // 400
	case wallet.CodeOverloaded:
		return connect.CodeResourceExhausted // 429
	case wallet.CodeUnavailable:
		return connect.CodeUnavailable // 503
	case wallet.CodeUnknown:
		return connect.CodeDeadlineExceeded // 504: the one code that says "it may have been done"
	case wallet.CodeUnauthorised:
		return connect.CodePermissionDenied // 403
	default:
		return connect.CodeInternal // 500
	}
}

// detail returns what a caller is told about an error.
func detail(err error) *pb.ErrorDetail {
	code := wallet.CodeOf(err)
	return &pb.ErrorDetail{
		Reason:     wallet.ReasonOf(err),
		Code:       code.String(),
		Retryable:  wallet.Retryable(err),
		SameNumber: code == wallet.CodeUnknown,
		Message:    cut(strings.ToValidUTF8(message(err, code), "\ufffd"), maxMessage), // protobuf holds no other text
	}
}

// message returns the text of an error for outside. Texts of our defects and of our dependencies stay here: they help
// nobody there and may name what is inside.
func message(err error, c wallet.Code) string {
	switch c {
	case wallet.CodeInternal:
		return "internal error"
	case wallet.CodeOverloaded, wallet.CodeUnavailable, wallet.CodeUnknown:
		if r := (*refusal)(nil); errors.As(err, &r) {
			return r.Error()
		}
		if e := (*wallet.Error)(nil); errors.As(err, &e) {
			return e.Error()
		}
	}
	return err.Error()
}

// wireError returns the error as the wire carries it.
func wireError(err error) *connect.Error {
	d := detail(err)
	code := wireCode(wallet.CodeOf(err))
	if a := (*auth.Error)(nil); errors.As(err, &a) && a.Unknown {
		code = connect.CodeUnauthenticated // 401: say who you are, rather than ask for permission
	}
	if errors.Is(err, errNoMethod) {
		code = connect.CodeUnimplemented // what clients of gRPC look for
	}
	w := connect.NewError(code, errors.New(d.Message))
	if detail, err := connect.NewErrorDetail(d); err == nil {
		w.AddDetail(detail)
	}
	w.Meta().Set(headerReason, d.Reason)
	return w
}

// settled gives an error without a code of ours the one that is true. A deadline that ended a call which changes
// something says nothing about what was done.
func settled(err error, mutates bool) error {
	var known *wallet.Error
	if errors.As(err, &known) || !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, context.Canceled) {
		return err
	}
	if mutates {
		return wallet.Unsettled(err)
	}
	return errors.Join(wallet.ErrUnavailable, err)
}

// cut shortens s to at most limit bytes, at a character's beginning.
func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	for limit > 0 && s[limit]&0xc0 == 0x80 {
		limit--
	}
	return s[:limit]
}
