package crowd

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"hongbao/reference/server/auth"
	"hongbao/reference/wallet"
)

// targetProblem is the reason why a target cannot be used.
type targetProblem string

// The problems.
const (
	down          targetProblem = "does not answer"
	wrongTLS      targetProblem = "cannot be trusted over TLS"
	denied        targetProblem = "refuses the keys"
	noLoadTest    targetProblem = "does not accept the load-test mark"
	notWallet     targetProblem = "does not speak the wallet's API"
	otherActivity targetProblem = "does not grant what the scenario grants"
	wrongClock    targetProblem = "has a wrong clock"
)

// targetError describes a problem of a target, found before any load.
type targetError struct {
	Problem targetProblem
	URL     string // without credentials
	Hint    string
	Err     error // the cause; nil: the hint describes it
}

// Error implements error.
func (e *targetError) Error() string {
	text := fmt.Sprintf("crowd: the target %s %s", e.URL, e.Problem)
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	if e.Hint != "" {
		text += "\n  hint: " + e.Hint
	}
	return text
}

// Unwrap returns the cause.
func (e *targetError) Unwrap() error { return e.Err }

// noShadow is the reason with which a service refuses the load-test mark.
const noShadow = "no_shadow"

// problem returns the targetError of an error; the context's own error is returned unchanged.
func problem(ctx context.Context, target string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	e := &targetError{URL: redacted(target), Err: err}
	switch code := wallet.CodeOf(err); {
	case overTLS(err):
		e.Problem, e.Hint = wrongTLS, "trust the certificate's authority; write https:// for a server that speaks TLS and http:// for one that does not"
	case errors.Is(err, auth.ErrTime):
		e.Problem, e.Hint = wrongClock, "synchronise both machines' clocks"
	case code == wallet.CodeUnauthorised:
		e.Problem, e.Hint = denied, "use the target's own keys file: its caller needs the scopes grant and bind, and its session key signs users' sessions"
	case wallet.ReasonOf(err) == noShadow:
		e.Problem, e.Hint = noLoadTest, "enable load tests in the service"
	case errors.Is(err, wallet.ErrUnknownScene) || errors.Is(err, wallet.ErrNoActivity):
		e.Problem, e.Hint = otherActivity, "start the service with the same scenario"
	case code == wallet.CodeUnavailable || code == wallet.CodeOverloaded || errors.Is(err, context.DeadlineExceeded):
		e.Problem, e.Hint = down, "check that the service is running and that this is its address"
	default:
		e.Problem, e.Hint = notWallet, "check that this is the service's address; a server that speaks TLS needs https://"
	}
	return e
}

// overTLS reports whether an error is about TLS.
func overTLS(err error) bool {
	var (
		verify  *tls.CertificateVerificationError
		record  tls.RecordHeaderError
		alert   tls.AlertError
		unknown x509.UnknownAuthorityError
		host    x509.HostnameError
		invalid x509.CertificateInvalidError
	)
	return errors.As(err, &verify) || errors.As(err, &record) || errors.As(err, &alert) || errors.As(err, &unknown) ||
		errors.As(err, &host) || errors.As(err, &invalid) || errors.Is(err, http.ErrSchemeMismatch)
}

// redacted returns a URL without the password in it.
func redacted(target string) string {
	u, err := url.Parse(target)
	if err != nil {
		return "(unreadable URL)"
	}
	return u.Redacted()
}
