package loadtest

import (
	"context"
	"errors"
	"math"

	"hongbao/reports"
)

// The search of FindMax.
const (
	stepUp    = 2.0  // the rate is doubled until it fails: few steps to the right order of magnitude
	precision = 1.1  // then the gap is halved until the passed and the failed rate are this close
	maxSteps  = 40   // doublings from 1/s to the highest rate, plus the halvings
	retries   = 1    // retries of a failed rate: a hiccup of the machine is not a limit
	highest   = 10e6 // grants per second; the maximum of scenario files
)

// ErrNothingLower is returned by try for a rate that is too low to be tried. It ends the search.
var ErrNothingLower = errors.New("loadtest: there is no lower rate to try")

// FindMax searches for the highest rate, in grants per second, at which try passes (K3): it doubles the first rate until a
// rate fails, then halves the gap between the passed and the failed rate by ratio. It returns all steps in order, and the
// knee: the highest rate that passed, 0 if none did. It ends early with ctx, or with try's error.
func FindMax(ctx context.Context, first int64, try func(ctx context.Context, rate int64) (reports.Step, error)) (steps []reports.Step, knee int64, err error) {
	low, high := int64(0), int64(0)
	for rate := max(first, 1); len(steps) < maxSteps; {
		held := false
		for range retries + 1 {
			if ctx.Err() != nil {
				return steps, low, nil
			}
			step, err := try(ctx, rate)
			if errors.Is(err, ErrNothingLower) {
				return steps, low, nil
			}
			if err != nil {
				return steps, low, err
			}
			steps = append(steps, step)
			if held = step.Result == reports.Pass; held {
				break
			}
		}
		if held {
			low = rate
		} else {
			high = rate
		}
		next := between(low, high)
		if next == low || next == high || next > highest {
			break
		}
		rate = next
	}
	return steps, low, nil
}

// between returns the next rate to try: above low, below high; high = 0 means that no rate has failed yet.
func between(low, high int64) int64 {
	switch {
	case high == 0:
		return int64(float64(low) * stepUp)
	case low == 0:
		return high / int64(stepUp)
	case float64(high)/float64(low) <= precision:
		return low
	}
	return int64(math.Sqrt(float64(low) * float64(high)))
}
