package scenarios_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/reference/activity"
	"hongbao/scenarios"
	"hongbao/scenarios/loader"
)

// TestParentsBudget: the sum of the stages' budgets is within the parent's budget, in the file and at every scale.
func TestParentsBudget(t *testing.T) {
	src, err := os.ReadFile("phase-switch.yaml")
	require.NoError(t, err)
	whole, err := loader.Load("phase-switch.yaml")
	require.NoError(t, err)
	sum := int64(0)
	for _, c := range whole.Activity.Children {
		sum += int64(c.Budget)
	}
	with := func(fen string) (*scenarios.Scenario, error) {
		return loader.Parse("a.yaml", []byte(strings.Replace(string(src), "\nstages:", "\nbudget_fen: "+fen+"\nstages:", 1)))
	}
	_, err = with("1")
	require.ErrorContains(t, err, "exceeds 1 fen")
	s, err := with("100_000_000_000")
	require.NoError(t, err)
	require.EqualValues(t, 100_000_000_000, s.Activity.Budget)
	require.Less(t, sum, int64(100_000_000_000))
	s.Activity.Budget = whole.Activity.Children[0].Budget
	for _, c := range whole.Activity.Children[1:] {
		s.Activity.Budget += c.Budget
	}
	for _, den := range []int64{1, 3, 1000} {
		small, err := scenarios.Scale(s, 1, den)
		require.NoError(t, err)
		require.NoError(t, activity.Validate(small.Activity), "1/%d", den)
		require.Positive(t, small.Activity.Budget)
	}
}
