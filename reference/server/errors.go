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

// headerReason carries the reason of a refusal: in the response headers, or under gRPC in the trailers.
const headerReason = "Hongbao-Reason"

// maxMessage bounds an error's text on the wire, in bytes, because it quotes the request.
const maxMessage = 300

// refusal is an error of the server itself, returned before any service is called.
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
	errTooLarge    = refuse(wallet.CodeInvalid, "too_large", "the request's body is larger than this server accepts")
	errContentType = refuse(wallet.CodeInvalid, "content_type", "send application/json, application/proto, application/grpc or application/grpc-web")
	errHTTPMethod  = refuse(wallet.CodeInvalid, "http_method", "every method is a POST")
	errSlow        = refuse(wallet.CodeInvalid, "slow_request", "the request's body did not arrive in time, or not in full")
	errNoMethod    = refuse(wallet.CodeNotFound, "unknown_method", "unknown method, see /openapi.json")
	errNoShadow    = refuse(wallet.CodeRefused, "no_shadow", "this server has no load-test wallet for this request")
	errLiveOnly    = refuse(wallet.CodeRefused, "live_only", "this method works on the live service only: omit the load-test mark")
	errShadowOnly  = refuse(wallet.CodeRefused, "marked_only", "this method works on the load-test wallet only: it never discards live data")
	errMark        = refuse(wallet.CodeInvalid, "load_test_mark", "the load-test mark must be 1 or absent")
	errDraining    = refuse(wallet.CodeUnavailable, "draining", "this instance is stopping, send the request to another one")
	errNotServed   = refuse(wallet.CodeUnavailable, "not_served", "this instance does not serve this method")
)

// Why the shadow wallet is not cleaned up, or is not available during a clean-up.
var (
	ErrShadowBusy     error = refuse(wallet.CodeOverloaded, "load_test_busy", "load-test requests are in progress: wait for them, or use force")
	ErrShadowHeld     error = refuse(wallet.CodeOverloaded, "load_test_backlog", "load-test postings are held in the backlog: wait for them, or use force")
	ErrShadowShared   error = refuse(wallet.CodeRefused, "load_test_shared", "other instances accept load-test requests: stop them, or start them without a shadow wallet")
	ErrShadowCleaning error = refuse(wallet.CodeUnavailable, "load_test_clean_up", "the load test's data is being cleaned up")
)

// wireCode maps the wallet's codes to Connect's. It is the only place that does.
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
		return connect.CodeDeadlineExceeded // 504: the one code that means "it may have been done"
	case wallet.CodeUnauthorised:
		return connect.CodePermissionDenied // 403
	default:
		return connect.CodeInternal // 500
	}
}

// detail returns the error detail that a caller receives.
func detail(err error) *pb.ErrorDetail {
	code := wallet.CodeOf(err)
	return &pb.ErrorDetail{
		Reason:     wallet.ReasonOf(err),
		Code:       code.String(),
		Retryable:  wallet.Retryable(err),
		SameNumber: code == wallet.CodeUnknown,
		Message:    cut(strings.ToValidUTF8(message(err, code), "\ufffd"), maxMessage), // protobuf accepts no other text
	}
}

// message returns an error's text for callers. Texts of internal errors and of dependencies are not shown: they do not
// help the caller and may name internals.
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

// wireError returns the error as Connect sends it.
func wireError(err error) *connect.Error {
	d := detail(err)
	code := wireCode(wallet.CodeOf(err))
	if a := (*auth.Error)(nil); errors.As(err, &a) && a.Unknown {
		code = connect.CodeUnauthenticated // 401: the caller is not authenticated; 403 is for a known caller without permission
	}
	if errors.Is(err, errNoMethod) {
		code = connect.CodeUnimplemented // the code that gRPC clients expect
	}
	w := connect.NewError(code, errors.New(d.Message))
	if detail, err := connect.NewErrorDetail(d); err == nil {
		w.AddDetail(detail)
	}
	w.Meta().Set(headerReason, d.Reason)
	return w
}

// withCode gives an error without a wallet code the right one. When a deadline ends a call that changes something, the
// outcome is unknown.
func withCode(err error, mutates bool) error {
	var known *wallet.Error
	if errors.As(err, &known) || !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, context.Canceled) {
		return err
	}
	if mutates {
		return wallet.AsUnknown(err)
	}
	return errors.Join(wallet.ErrUnavailable, err)
}

// cut shortens s to at most limit bytes, at the start of a character.
func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	for limit > 0 && s[limit]&0xc0 == 0x80 {
		limit--
	}
	return s[:limit]
}
