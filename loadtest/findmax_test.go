package loadtest

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"hongbao/reports"
)

// search finds a target's limit; hiccups lists the steps, from 0, that fail at any rate.
func search(t require.TestingT, first, limit int64, hiccups ...int) ([]reports.Step, int64) {
	n := 0
	steps, knee, err := FindMax(context.Background(), first, func(_ context.Context, rate int64) (reports.Step, error) {
		s := reports.Step{RatePerS: float64(rate), Result: reports.Pass}
		if rate > limit {
			s.Result = reports.Fail
		}
		for _, h := range hiccups {
			if h == n {
				s.Result = reports.Unknown
			}
		}
		n++
		return s, nil
	})
	require.NoError(t, err)
	return steps, knee
}

// TestFindMaxFindsTheKnee expects the highest passing rate, within the precision, for any first rate.
func TestFindMaxFindsTheKnee(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.Int64Range(1, 5_000_000).Draw(t, "limit")
		first := rapid.Int64Range(1, 1_000_000).Draw(t, "first")
		steps, knee := search(t, first, limit)
		require.LessOrEqual(t, knee, limit)
		require.Less(t, float64(limit), float64(knee)*precision+2, "the next rate, a whole number, fails")
		require.LessOrEqual(t, len(steps), maxSteps+retries)
	})
}

func TestFindMaxForgivesOneHiccup(t *testing.T) {
	_, calm := search(t, 100, 5_000)
	_, upset := search(t, 100, 5_000, 2)
	require.Equal(t, calm, upset)
}

func TestFindMaxOfNothing(t *testing.T) {
	steps, knee := search(t, 100, 0)
	require.Zero(t, knee, "no rate passed")
	require.NotEmpty(t, steps)
}

func TestFindMaxEndsWithItsContextAndErrors(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	steps, knee, err := FindMax(ctx, 100, func(context.Context, int64) (reports.Step, error) {
		cancel()
		return reports.Step{Result: reports.Pass}, nil
	})
	require.NoError(t, err)
	require.Len(t, steps, 1)
	require.EqualValues(t, 100, knee)

	wrong := errors.New("the target is gone")
	_, _, err = FindMax(t.Context(), 100, func(context.Context, int64) (reports.Step, error) { return reports.Step{}, wrong })
	require.ErrorIs(t, err, wrong)
}
