package loadtest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/loadtest/crowd"
	"hongbao/reports"
)

// TestUntouched wants production that changed to fail, unless others may have changed it, and what nobody tells unknown.
func TestUntouched(t *testing.T) {
	was, is := &crowd.Counts{Orders: 7, Entries: 7, Reserved: 70}, &crowd.Counts{Orders: 8, Entries: 7, Reserved: 70}
	for _, c := range []struct {
		why           string
		before, after *crowd.Counts
		shared        bool
		want          reports.Verdict
	}{
		{"nothing has changed", was, was, false, reports.Pass},
		{"an order came", was, is, false, reports.Fail},
		{"an order came, and others use the target", was, is, true, reports.Unknown},
		{"nobody tells", nil, nil, false, reports.Unknown},
	} {
		r := &run{Options: Options{Target: Target{Shared: c.shared}}, audit: crowd.Audit{LiveBefore: c.before, LiveAfter: c.after}}
		require.Equal(t, c.want, r.untouched().Result, c.why)
	}
}

// TestThrownAway wants marked data that is left to fail.
func TestThrownAway(t *testing.T) {
	for why, c := range map[string]struct {
		left *reports.Holdings
		want reports.Verdict
	}{
		"nothing is left":       {&reports.Holdings{}, reports.Pass},
		"an entry is left":      {&reports.Holdings{Entries: 1}, reports.Fail},
		"budget is left":        {&reports.Holdings{ReservedFen: 5}, reports.Fail},
		"there was no clean-up": {nil, reports.Unknown},
	} {
		require.Equal(t, c.want, (&run{cleaned: c.left}).thrownAway().Result, why)
	}
}
