package cmd

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

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

// errPrinted is an error without text, because the explanation is already printed.
var errPrinted = errors.New("")

// classified is an error with its exit code. Its text is the text of the error.
type classified struct {
	code int
	err  error
}

// Error implements error.
func (e *classified) Error() string { return e.err.Error() }

// Unwrap returns the error.
func (e *classified) Unwrap() error { return e.err }

// as gives an error its exit code.
func as(code int, err error) error { return &classified{code, err} }

// usage returns an error that the user of the command can correct.
func usage(format string, args ...any) error { return as(exitUsage, fmt.Errorf(format, args...)) }

// exitCode returns the exit code of an error, and whether the error has one: by as, or as open.ErrConfig.
func exitCode(err error) (code int, known bool) {
	var c *classified
	switch {
	case err == nil:
		return exitPass, true
	case errors.As(err, &c):
		return c.code, true
	case errors.Is(err, open.ErrConfig):
		return exitUsage, true
	}
	return exitInternal, false
}

// classifyErrors makes every command give its unclassified errors exitInternal. Errors that are still unclassified then
// come from the command-line parser, such as an unknown flag.
func classifyErrors(cmd *cobra.Command) {
	if run := cmd.RunE; run != nil {
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			err := run(cmd, args)
			if _, known := exitCode(err); !known {
				err = as(exitInternal, err)
			}
			return err
		}
	}
	for _, sub := range cmd.Commands() {
		classifyErrors(sub)
	}
}
