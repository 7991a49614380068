package render

import (
	"bytes"
	"encoding/xml"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"hongbao/reports"
	"hongbao/reports/recordtest"
	"hongbao/reports/terminal"
	"hongbao/reports/text"
)

func TestCombine(t *testing.T) {
	for _, c := range []struct {
		vs   []reports.Verdict
		want reports.Verdict
	}{
		{nil, reports.Unknown}, // nothing was evaluated
		{[]reports.Verdict{reports.Pass, reports.Pass}, reports.Pass},
		{[]reports.Verdict{reports.Pass, reports.Unknown}, reports.Unknown},            // one unknown result is enough
		{[]reports.Verdict{reports.Unknown, reports.Fail, reports.Pass}, reports.Fail}, // a failure decides whatever else is unknown
		{[]reports.Verdict{reports.Pass, reports.Verdict("")}, reports.Unknown},        // a verdict that was never set
		{[]reports.Verdict{reports.Verdict("PASS")}, reports.Unknown},                  // not a valid verdict
		{[]reports.Verdict{reports.Pass, reports.Pass, reports.Pass, reports.Fail}, reports.Fail},
	} {
		require.Equal(t, c.want, reports.Combine(c.vs...), c.vs)
	}
}

// TestNormalise: a record is written as the same bytes for any order of its lists, and normalising it again changes nothing.
func TestNormalise(t *testing.T) {
	bytesOf := func(r *reports.Record) string {
		reports.Normalise(r)
		var b bytes.Buffer
		require.NoError(t, reports.JSON(&b, r))
		return b.String()
	}
	want := bytesOf(recordtest.Passed())
	rapid.Check(t, func(t *rapid.T) {
		r := recordtest.Passed()
		r.Checks = rapid.Permutation(r.Checks).Draw(t, "checks")
		run := &r.Runs[0]
		run.Windows = rapid.Permutation(run.Windows).Draw(t, "windows")
		run.Refusals = rapid.Permutation(run.Refusals).Draw(t, "refusals")
		run.Memory = rapid.Permutation(run.Memory).Draw(t, "memory")
		for i := range run.Windows {
			run.Windows[i].Start = run.Windows[i].Start.In(text.FestivalZone())
		}
		require.Equal(t, want, bytesOf(r))
		require.Equal(t, want, bytesOf(r))
	})
}

// TestDoubts: each verdict that is not pass has a reason, and a pass has none.
func TestDoubts(t *testing.T) {
	require.Empty(t, Doubts(recordtest.Passed()))
	for name, change := range map[string]func(*reports.Record){
		"Never evaluated":          func(r *reports.Record) { r.Checks[0].Result, r.Checks[0].Evaluations = reports.Unknown, 0 },
		"not offered as planned":   func(r *reports.Record) { r.Runs[0].Offered.Unsent = 7 },
		"without an answer":        func(r *reports.Record) { r.Runs[0].Offered.InFlight = 7 },
		"do not add up":            func(r *reports.Record) { r.Runs[0].Offered.OK++ },
		"missed a threshold":       func(r *reports.Record) { r.Verdict = reports.Fail },
		"The record has no checks": func(r *reports.Record) { r.Checks = nil },
		"not decided":              func(r *reports.Record) { r.Checks[0].Result = reports.Unknown },
		"and 1 more": func(r *reports.Record) {
			for range text.MaxNamed + 1 {
				r.Checks = append(r.Checks, reports.Check{Name: "again", Result: reports.Fail})
			}
		},
	} {
		r := recordtest.Passed()
		r.Verdict = reports.Unknown
		change(r)
		var all []string
		for _, d := range Doubts(r) {
			all = append(all, d.EN)
		}
		require.Contains(t, strings.Join(all, "\n"), name)
	}
}

// TestReadings: each sentence agrees with the figures, and is omitted without them.
func TestReadings(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(r *reports.Record)
		says   string
		not    string
	}{
		{"fewer instances", func(*reports.Record) {}, "token needs 152 ledger instances; sync needs 912, which is 6 times as many", "more than"},
		{"more instances", func(r *reports.Record) { r.Runs[2].Comparison.LedgerInstancesNeeded = 1000 }, "more than sync with 912", "times as many"},
		{"as many instances", func(r *reports.Record) { r.Runs[2].Comparison.LedgerInstancesNeeded = 912 }, "the same 912", "times as many"},
		{"instances not known", func(r *reports.Record) { r.Runs[2].Comparison.LedgerInstancesNeeded = 0 }, "waited up to", "To refuse no grant"},
		{"async alone", func(r *reports.Record) { r.Runs = r.Runs[1:2] }, "waited up to 14 min 32 s until the wallet page showed a grant.", "token"},
		{"no waits", func(r *reports.Record) { r.Runs[1].Comparison.VisibleWaitMaxMS = 0 }, "To refuse no grant", "waited up to"},
		{"no refusals", func(r *reports.Record) { r.Runs[0].Comparison.Refused = 0 }, "agree to the fen", "sync refused"},
		{"money", func(r *reports.Record) { r.Runs[0].Comparison.MoneyDifferenceFen = 5 }, "Strategy sync lost or doubled ¥0.05", "agree to the fen"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := recordtest.Passed()
			c.change(r)
			var b strings.Builder
			for _, s := range newView(r).Readings {
				b.WriteString(s.EN + "\n")
			}
			require.Contains(t, b.String(), c.says)
			require.NotContains(t, b.String(), c.not)
		})
	}
}

// TestJUnit: the file is valid XML for all texts, its counts are right, and it has no failure or error only for a pass.
func TestJUnit(t *testing.T) {
	for name, record := range recordtest.All() {
		r := record()
		r.Checks[0].Name, r.Runs[0].Checks[0].Name = "a <b> & \x00\x1b\"", "a <b> & \x00\x1b\""
		r.Replay = "hongbao sim 'a&b' \x00"
		var b bytes.Buffer
		require.NoError(t, writeJUnit(&b, r))
		var got junitSuites
		require.NoError(t, xml.Unmarshal(b.Bytes(), &got))
		require.Len(t, got.Suites, len(r.Runs)+1)
		red := 0
		for _, s := range got.Suites {
			failures, errors := 0, 0
			for _, c := range s.Cases {
				if c.Failure != nil {
					failures++
				}
				if c.Error != nil {
					errors++
				}
			}
			require.Equal(t, []int{len(s.Cases), failures, errors}, []int{s.Tests, s.Failures, s.Errors})
			red += failures + errors
		}
		require.Equal(t, r.Verdict == reports.Pass, red == 0, name)
	}
}

// TestTable: no line is wider than terminal.Width, and colours add only escape sequences.
func TestTable(t *testing.T) {
	for name, record := range recordtest.All() {
		r := record()
		r.Scenario.Title = strings.Repeat("A long title ", 20)
		r.Checks[0].Name = strings.Repeat("a-long-name-", 20)
		r.Runs[0].Comparison.BacklogPeak = 1 << 62
		var plain, colour bytes.Buffer
		require.NoError(t, Table(&plain, r, false))
		require.NoError(t, Table(&colour, r, true))
		require.NotContains(t, plain.String(), "\x1b")
		require.NotEqual(t, plain.String(), colour.String())
		require.Equal(t, plain.String(), regexp.MustCompile(`\x1b\[\d+m`).ReplaceAllString(colour.String(), ""), name)
		for line := range strings.Lines(plain.String()) {
			require.LessOrEqual(t, utf8.RuneCountInString(strings.TrimSuffix(line, "\n")), terminal.Width, line)
		}
	}
	var b bytes.Buffer
	require.NoError(t, Paths(&b, "out/run"))
	require.Contains(t, b.String(), "out/run/report.html")
}
