package loadtest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/loadtest/crowd"
	"hongbao/reports"
	"hongbao/sim/oracle"
)

// TestChecksOfTheLoad requires the two checks of the load test: changed production fails unless others may have changed it,
// and so does load-test data that is left. If the data is kept, there are no such checks.
func TestChecksOfTheLoad(t *testing.T) {
	was, is := &crowd.Counts{Orders: 7, Entries: 7, Reserved: 70}, &crowd.Counts{Orders: 8, Entries: 7, Reserved: 70}
	for _, c := range []struct {
		why          string
		after, left  *crowd.Counts
		shared, keep bool
		want         []reports.Verdict // untouched, cleaned up
	}{
		{"nothing has changed, nothing is left", was, &crowd.Counts{}, false, false, []reports.Verdict{reports.Pass, reports.Pass}},
		{"one more order, and budget is left", is, &crowd.Counts{Reserved: 5}, false, false, []reports.Verdict{reports.Fail, reports.Fail}},
		{"others use the target, and no clean-up ran", is, nil, true, false, []reports.Verdict{reports.Unknown, reports.Unknown}},
		{"the data is kept", is, nil, false, true, nil},
	} {
		r := &run{Options: Options{Target: Target{Shared: c.shared}, Keep: c.keep}, left: c.left,
			audit: crowd.Audit{Checks: []oracle.Check{{Name: "order-once", Result: oracle.Pass, Evaluations: 1}}, LiveBefore: was, LiveAfter: c.after}}
		var got []reports.Verdict
		for _, check := range r.checks(false)[1:] {
			got = append(got, check.Result)
		}
		require.Equal(t, c.want, got, c.why)
	}
}
