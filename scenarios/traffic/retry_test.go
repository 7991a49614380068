package traffic

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
	"hongbao/scenarios"
)

// Retry repeats retryable answers within its bounds, and returns the last answer.
func TestRetry(t *testing.T) {
	stopped := errors.New("stopped")
	for name, c := range map[string]struct {
		tries    int
		answers  []error // one a try; the last one for all further tries
		stopAt   int     // repeat before which the wait fails; 0: none
		asked    int
		doubling []int
		want     error
	}{
		"success ends it":           {5, []error{nil}, 0, 1, nil, nil},
		"a final refusal ends it":   {5, []error{wallet.ErrOverBudget}, 0, 1, nil, wallet.ErrOverBudget},
		"a defect is not repeated":  {5, []error{stopped}, 0, 1, nil, stopped},
		"repeated until it is done": {5, []error{wallet.ErrUnknown, wallet.ErrLimited, wallet.ErrUnavailable, nil}, 0, 4, []int{0, 1, 2}, nil},
		"the wait stops doubling":   {7, []error{wallet.ErrUnknown}, 0, 7, []int{0, 1, 2, 3, 3, 3}, wallet.ErrUnknown},
		"no tries":                  {0, []error{wallet.ErrUnknown}, 0, 0, nil, nil},
		"a wait that fails ends it": {5, []error{wallet.ErrUnknown}, 2, 2, []int{0, 1}, wallet.ErrUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			asked, doubling := 0, []int(nil)
			err := Retry(scenarios.ClientTry{Tries: c.tries}, func(repeat, doublings int) error {
				doubling = append(doubling, doublings)
				require.Len(t, doubling, repeat)
				if repeat == c.stopAt {
					return stopped
				}
				return nil
			}, func() error {
				err := c.answers[min(asked, len(c.answers)-1)]
				asked++
				if err != nil {
					return fmt.Errorf("wrapped: %w", err)
				}
				return nil
			})
			require.ErrorIs(t, err, c.want)
			require.Equal(t, c.asked, asked)
			require.Equal(t, c.doubling, doubling)
		})
	}
}
