package wallet

import (
	"errors"
	"fmt"
)

// repeatTries bounds how often Repeat makes one step. What stays unknown after that is left to whoever asked, to a
// lease that ends, or to compensation: they come back later, and at once would hit the same trouble again.
const repeatTries = 3

// Repeat makes a step again while its outcome is unknown. The step must answer a repeat as it did the first time.
func Repeat(step func() error) error {
	var err error
	for range repeatTries {
		if err = step(); !errors.Is(err, ErrUnknown) {
			return err
		}
	}
	return err
}

// Unsettled turns the error of a later step into ErrUnknown: something is on record already, and how it ends is open.
func Unsettled(err error) error {
	if errors.Is(err, ErrUnknown) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrUnknown, err)
}
