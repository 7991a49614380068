package open

import (
	"errors"
	"fmt"
)

// ErrConfig is the class of errors that a change of the configuration corrects.
var ErrConfig = errors.New("service: configuration error")

// configFault is an error of class ErrConfig. Its text is that of the error alone.
type configFault struct{ err error }

// Error implements error.
func (e *configFault) Error() string { return e.err.Error() }

// Unwrap returns the class and the error.
func (e *configFault) Unwrap() []error { return []error{ErrConfig, e.err} }

// configError returns an error of class ErrConfig.
func configError(format string, args ...any) error { return &configFault{fmt.Errorf(format, args...)} }
