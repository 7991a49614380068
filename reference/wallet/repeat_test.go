package wallet

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRepeat(t *testing.T) {
	garbled := fmt.Errorf("reading: %w", ErrUnknown)
	for _, c := range []struct {
		why   string
		tries []error // the result of each attempt
		made  int
		want  error
		code  Code
	}{
		{"at once", []error{nil}, 1, nil, 0},
		{"after an answer was lost", []error{ErrUnknown, nil}, 2, nil, 0},
		{"at the last try", []error{ErrUnknown, garbled, nil}, 3, nil, 0},
		{"all attempts unknown", []error{ErrUnknown, ErrUnknown, ErrUnknown, nil}, 3, ErrUnknown, CodeUnknown},
		{"a refusal is final", []error{ErrOverBudget, nil}, 1, ErrOverBudget, CodeRefused},
		{"nothing done at the first attempt is the step's result", []error{ErrUnavailable, nil}, 1, ErrUnavailable, CodeUnavailable},
		{"nothing done after an unknown attempt leaves the step unknown", []error{ErrUnknown, ErrUnavailable}, 2, ErrUnavailable, CodeUnknown},
		{"the same when overloaded", []error{ErrUnknown, ErrUnknown, ErrOverloaded}, 3, ErrOverloaded, CodeUnknown},
		{"the same when limited", []error{ErrUnknown, ErrLimited}, 2, ErrLimited, CodeUnknown},
		{"a known answer after a lost one is the step's result", []error{ErrUnknown, ErrConflict}, 2, ErrConflict, CodeConflict},
		{"an error that is not of this package is not repeated", []error{errors.ErrUnsupported}, 1, errors.ErrUnsupported, CodeInternal},
	} {
		made := 0
		err := Repeat(func() error { made++; return c.tries[made-1] })
		require.Equal(t, c.made, made, c.why)
		require.ErrorIs(t, err, c.want, c.why)
		if c.want != nil {
			require.Equal(t, c.code, CodeOf(err), c.why)
		}
	}
}

func TestUnsettledIsUnknownOnce(t *testing.T) {
	require.Equal(t, ErrUnknown, AsUnknown(ErrUnknown))
	err := AsUnknown(ErrOverloaded)
	require.Equal(t, CodeUnknown, CodeOf(err))
	require.ErrorIs(t, err, ErrOverloaded, "the cause stays visible")
	require.Equal(t, err, AsUnknown(err))
}
