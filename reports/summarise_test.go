package reports

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestSummarise: each check once over all runs, its violations with the strategy they are of.
func TestSummarise(t *testing.T) {
	r := passed()
	r.Runs[1].Verdict = Fail
	r.Runs[1].Checks[1].Result, r.Runs[1].Checks[1].Violations = Fail, 2
	r.Runs[1].Checks[1].First, r.Runs[1].Checks[1].Worst = "twice", "thrice"
	Summarise(r)
	require.Equal(t, Fail, r.Verdict)
	require.Equal(t, r.Runs[0].Offered, r.Offered)
	require.Len(t, r.Checks, len(r.Runs[0].Checks))
	c := r.Checks[1]
	require.Equal(t, Check{Name: c.Name, Spec: c.Spec, Result: Fail, Evaluations: 3 * 1_204_332, Violations: 2, First: "async: twice", Worst: "async: thrice"}, c)
	require.NoError(t, r.Validate())
}

// TestSummariseVerdict: what was not whole is not a pass.
func TestSummariseVerdict(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*Record)
		want   Verdict
	}{
		{"as it was", func(*Record) {}, Pass},
		{"nothing was run", func(r *Record) { r.Runs = nil }, Unknown},
		{"load that was never sent", func(r *Record) { r.Runs[2].Offered.Unsent = 1 }, Unknown},
		{"grants without an answer", func(r *Record) { r.Runs[0].Offered.InFlight = 1 }, Unknown},
		{"a violation beside a load that was not whole", func(r *Record) { r.Runs[0].Offered.Unsent, r.Runs[1].Verdict = 1, Fail }, Fail},
		{"one run was stopped", func(r *Record) { r.Runs[1].Interrupted, r.Runs[1].Verdict = true, Unknown }, Unknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := passed()
			c.change(r)
			Summarise(r)
			require.Equal(t, c.want, r.Verdict)
			if r.Verdict != Pass {
				require.NotEmpty(t, doubts(r))
			}
		})
	}
	r, s := passed(), passed()
	s.Runs[1].Digest += "0"
	Summarise(r)
	Summarise(s)
	require.NotEqual(t, r.Digest, s.Digest)
}
