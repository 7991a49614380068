package coupons

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reports"
	"hongbao/scenarios"
)

// TestFireworks is the shipped comparison at its full size.
func TestFireworks(t *testing.T) {
	s, err := scenarios.Load("../../scenarios/fireworks-coupons.yaml")
	require.NoError(t, err)
	begun := time.Now()
	got, err := Study(t.Context(), s, 1)
	require.NoError(t, err)
	t.Logf("%v\n%s", time.Since(begun), table(got))
	for _, c := range got.Checks {
		require.Equal(t, reports.Pass, c.Result, "%s: %s", c.Name, c.First)
	}
	require.Equal(t, reports.Pass, got.Verdict)
}

// table prints a study for the test's log.
func table(s reports.Study) (out string) {
	for i, c := range s.Columns {
		out += fmt.Sprintf("%-26s", c.Name)
		for _, d := range s.Designs {
			out += fmt.Sprintf("%14.4g", d.Values[i])
		}
		out += "\n"
	}
	for _, c := range s.Checks {
		out += fmt.Sprintf("%-22s %s %d/%d %s\n", c.Name, c.Result, c.Violations, c.Evaluations, c.First)
	}
	return out
}
