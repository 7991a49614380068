package loadtest

import (
	"context"
	"errors"
	"math"

	"hongbao/reports"
)

// How FindMax steps.
const (
	stepUp    = 2.0  // as long as all holds, the rate is doubled: few steps to the right order of magnitude
	precision = 1.1  // then the gap is halved until what held and what did not are this close
	maxSteps  = 40   // a doubling from 1/s to the highest rate there is, and the halvings
	again     = 1    // how often a rate that did not hold is tried once more: a hiccup of the machine is no limit
	highest   = 10e6 // grants a second; scenario files go no higher
)

// ErrNothingLower is what try answers to a rate that is too low to be tried: the search ends.
var ErrNothingLower = errors.New("loadtest: there is no lower rate to try")

// FindMax looks for the highest rate, in grants a second, that try says holds (K3): from a first rate up by doubling,
// then by halving the gap, in ratio, between what held and what did not. It returns all steps in the order they were
// made, and the knee: the highest rate that held, 0 if none did. It ends early with ctx, or with try's error.
func FindMax(ctx context.Context, first int64, try func(ctx context.Context, rate int64) (reports.Step, error)) (steps []reports.Step, knee int64, err error) {
	low, high := int64(0), int64(0)
	for rate := max(first, 1); len(steps) < maxSteps; {
		held := false
		for range again + 1 {
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

// between returns the next rate to try: above low, below high; high = 0 means that nothing has failed yet.
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
