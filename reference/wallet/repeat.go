package wallet

import (
	"errors"
	"fmt"
)

// repeatTries bounds the attempts of Repeat. A step that is still unknown after them is left to the caller, to the end
// of a lease, or to compensation. They repeat it later; an immediate attempt would meet the same fault.
const repeatTries = 3

// Repeat calls step until its outcome is known, at most repeatTries times. step must be idempotent. "Nothing was done"
// after an attempt with an unknown outcome is true of the last attempt only, so Repeat then returns ErrUnknown for the
// step as a whole.
func Repeat(step func() error) error {
	err := step()
	for n := 1; n < repeatTries && errors.Is(err, ErrUnknown); n++ {
		if err = step(); err != nil && nothingDone(err) {
			return AsUnknown(err)
		}
	}
	return err
}

// Retryable reports whether a repeat of the same request, under the same number, may get a better result: the outcome is
// unknown, or this attempt did nothing. It is false for nil.
func Retryable(err error) bool { return CodeOf(err) == CodeUnknown || nothingDone(err) }

// nothingDone reports whether err says that this attempt, and not the whole step, did nothing.
func nothingDone(err error) bool {
	c := CodeOf(err)
	return c == CodeOverloaded || c == CodeUnavailable
}

// AsUnknown turns the error of a later step into ErrUnknown: an earlier step is on record, and its final outcome is not
// known. The cause stays in the error's tree.
func AsUnknown(err error) error {
	if errors.Is(err, ErrUnknown) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrUnknown, err)
}
