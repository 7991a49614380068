package reports_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/reports"
	"hongbao/reports/recordtest"
	"hongbao/reports/render"
)

// TestSummarise: each check appears once over all runs; its first and worst violation name their strategy.
func TestSummarise(t *testing.T) {
	r := recordtest.Passed()
	r.Runs[1].Verdict = reports.Fail
	r.Runs[1].Checks[1].Result, r.Runs[1].Checks[1].Violations = reports.Fail, 2
	r.Runs[1].Checks[1].First, r.Runs[1].Checks[1].Worst = "twice", "thrice"
	reports.Summarise(r)
	require.Equal(t, reports.Fail, r.Verdict)
	require.Equal(t, r.Runs[0].Offered, r.Offered)
	require.Len(t, r.Checks, len(r.Runs[0].Checks))
	c := r.Checks[1]
	require.Equal(t, reports.Check{Name: c.Name, Spec: c.Spec, Result: reports.Fail, Evaluations: 3 * 1_204_332, Violations: 2, First: "async: twice", Worst: "async: thrice"}, c)
	require.NoError(t, r.Validate())
}

// TestSummariseVerdict: a run with a missing part is not a pass.
func TestSummariseVerdict(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*reports.Record)
		want   reports.Verdict
	}{
		{"unchanged", func(*reports.Record) {}, reports.Pass},
		{"no run", func(r *reports.Record) { r.Runs = nil }, reports.Unknown},
		{"an unsent grant", func(r *reports.Record) { r.Runs[2].Offered.Unsent = 1 }, reports.Unknown},
		{"grants without an answer", func(r *reports.Record) { r.Runs[0].Offered.InFlight = 1 }, reports.Unknown},
		{"a violation and an unsent grant", func(r *reports.Record) { r.Runs[0].Offered.Unsent, r.Runs[1].Verdict = 1, reports.Fail }, reports.Fail},
		{"one run was interrupted", func(r *reports.Record) { r.Runs[1].Interrupted, r.Runs[1].Verdict = true, reports.Unknown }, reports.Unknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := recordtest.Passed()
			c.change(r)
			reports.Summarise(r)
			require.Equal(t, c.want, r.Verdict)
			if r.Verdict != reports.Pass {
				require.NotEmpty(t, render.Doubts(r))
			}
		})
	}
	r, s := recordtest.Passed(), recordtest.Passed()
	s.Runs[1].Digest += "0"
	reports.Summarise(r)
	reports.Summarise(s)
	require.NotEqual(t, r.Digest, s.Digest)
}
