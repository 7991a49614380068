package wallet

import (
	"errors"
	"fmt"
)

// repeatTries bounds how often Repeat makes one step. What stays unknown after that is left to whoever asked, to a
// lease that ends, or to compensation: they come back later, and at once would hit the same trouble again.
const repeatTries = 3

// Repeat makes a step again while its outcome is unknown. The step must answer a repeat as it did the first time.
// A try that says "nothing was done" after one that was never answered speaks for itself alone: the step as a whole
// stays unknown.
func Repeat(step func() error) error {
	err := step()
	for n := 1; n < repeatTries && errors.Is(err, ErrUnknown); n++ {
		if err = step(); err != nil && nothingDone(err) {
			return Unsettled(err)
		}
	}
	return err
}

// Retryable reports whether a caller that repeats the same request, under the same number, may get a better answer: the
// outcome is unknown, or nothing was done. It is false for nil.
func Retryable(err error) bool { return CodeOf(err) == CodeUnknown || nothingDone(err) }

// nothingDone says whether an error speaks of one try and not of the step.
func nothingDone(err error) bool {
	c := CodeOf(err)
	return c == CodeOverloaded || c == CodeUnavailable
}

// Unsettled turns the error of a later step into ErrUnknown: something is on record already, and how it ends is open.
func Unsettled(err error) error {
	if errors.Is(err, ErrUnknown) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrUnknown, err)
}
