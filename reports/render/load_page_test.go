package render

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/reports"
	"hongbao/reports/recordtest"
)

// TestLoadPageEscapes: no text of a load adds markup to the page or breaks the tables.
func TestLoadPageEscapes(t *testing.T) {
	const hostile = `"><script>alert(1)</script>` + "\x1b[31m|`"
	r := recordtest.Missed()
	for i := range r.Runs {
		l := r.Runs[i].Load
		l.Target, l.Window, l.Driver, l.Operations[0].Name, l.Audit.Over = hostile, hostile, hostile, hostile, hostile
		l.Generator.Saturated, l.Generator.Why = true, hostile
		reports.Conclude(&r.Runs[i])
		t := &l.Thresholds[0]
		t.Statement, t.Why, t.Measure, t.Operation, t.Unit = hostile, hostile, hostile, hostile, hostile
	}
	r.Verdict, r.FindMax.LimitedBy, r.FindMax.Steps[0].Why = reports.Unknown, hostile, hostile
	page := pageOf(t, r)
	require.Contains(t, page, "&lt;script&gt;")
	require.NotContains(t, page, "<script")
	var b bytes.Buffer
	require.NoError(t, writeMarkdown(&b, r))
	require.NotContains(t, b.String(), "<script")
	require.NoError(t, Table(&b, r, false))
	require.NotContains(t, b.String(), "\x1b")
}

// TestPageWithoutSeconds: a load that was interrupted at its start has a page without plots.
func TestPageWithoutSeconds(t *testing.T) {
	r := recordtest.Loaded()
	r.Verdict, r.Interrupted, r.Runs[0].Verdict, r.Runs[0].Interrupted = reports.Unknown, true, reports.Unknown, true
	r.Runs[0].Load = &reports.Load{}
	page := pageOf(t, r)
	require.Contains(t, page, "No operation was scheduled.")
	require.Contains(t, page, "not done")
	require.NotContains(t, page, "Due and sent operations")
}
