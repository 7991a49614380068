package cmd

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"hongbao/loadtest/attack"
	"hongbao/reference/service/open"
)

// Exit codes. Scripts depend on them.
const (
	exitPass        = 0
	exitInternal    = 1   // a defect of hongbao, or a failure of the machine or the service
	exitUsage       = 2   // wrong flags, a bad scenario or a bad configuration
	exitViolation   = 3   // an invariant was violated
	exitMissed      = 4   // a threshold was missed
	exitUnknown     = 5   // the load was not offered as planned, or a check was not evaluated
	exitRegression  = 6   // a candidate is worse than its base
	exitInterrupted = 130 // stopped by a signal; the partial record is stored
)

// The error classes of this package. Each class has one exit code. So have the
// classes of errors of other packages that the user can correct.
var (
	errInternal    = errors.New("internal error")
	errUsage       = errors.New("usage error")
	errViolation   = errors.New("invariant violated")
	errMissed      = errors.New("threshold missed")
	errUnknown     = errors.New("verdict unknown")
	errRegression  = errors.New("regression")
	errInterrupted = errors.New("interrupted")
)

// exitCodes maps error classes to exit codes. The first match wins.
var exitCodes = []struct {
	class error
	code  int
}{
	{errUsage, exitUsage},
	{errViolation, exitViolation}, {errMissed, exitMissed}, {errUnknown, exitUnknown},
	{errRegression, exitRegression}, {errInterrupted, exitInterrupted}, {errInternal, exitInternal},
	{open.ErrConfig, exitUsage}, {attack.ErrConfig, exitUsage}, // unless the caller has chosen a class
}

// errPrinted is an error without text, because the explanation is already printed.
var errPrinted = errors.New("")

// classified is an error with the class that selects its exit code. Its text is the text of the error.
type classified struct{ class, err error }

// Error implements error.
func (e *classified) Error() string { return e.err.Error() }

// Unwrap returns the class and the error.
func (e *classified) Unwrap() []error { return []error{e.class, e.err} }

// as returns err in the class.
func as(class, err error) error { return &classified{class, err} }

// usage returns an error that the user of the command can correct.
func usage(format string, args ...any) error { return as(errUsage, fmt.Errorf(format, args...)) }

// exitCode returns the exit code of an error, and whether the error is in a class.
func exitCode(err error) (code int, known bool) {
	if err == nil {
		return exitPass, true
	}
	for _, c := range exitCodes {
		if errors.Is(err, c.class) {
			return c.code, true
		}
	}
	return exitInternal, false
}

// classifyErrors makes every command put its unclassified errors into errInternal. Errors that are still unclassified then
// come from the command-line parser, such as an unknown flag.
func classifyErrors(cmd *cobra.Command) {
	if run := cmd.RunE; run != nil {
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			err := run(cmd, args)
			if _, known := exitCode(err); !known {
				err = as(errInternal, err)
			}
			return err
		}
	}
	for _, sub := range cmd.Commands() {
		classifyErrors(sub)
	}
}
