package reports

import (
	"bytes"
	"encoding/xml"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestCombine(t *testing.T) {
	for _, c := range []struct {
		vs   []Verdict
		want Verdict
	}{
		{nil, Unknown},                            // nothing was looked at
		{[]Verdict{Pass, Pass}, Pass},             //
		{[]Verdict{Pass, Unknown}, Unknown},       // one open question is enough
		{[]Verdict{Unknown, Fail, Pass}, Fail},    // a violation is one whatever else is open
		{[]Verdict{Pass, Verdict("")}, Unknown},   // a verdict that was never set
		{[]Verdict{Verdict("PASS")}, Unknown},     // no verdict of ours
		{[]Verdict{Pass, Pass, Pass, Fail}, Fail}, //
	} {
		require.Equal(t, c.want, Combine(c.vs...), c.vs)
	}
}

// TestNormalise: however the lists of a record were put together, it is written as the same bytes; doing it twice
// changes nothing.
func TestNormalise(t *testing.T) {
	bytesOf := func(r *Record) string {
		Normalise(r)
		var b bytes.Buffer
		require.NoError(t, JSON(&b, r))
		return b.String()
	}
	want := bytesOf(passed())
	rapid.Check(t, func(t *rapid.T) {
		r := passed()
		r.Checks = rapid.Permutation(r.Checks).Draw(t, "checks")
		run := &r.Runs[0]
		run.Windows = rapid.Permutation(run.Windows).Draw(t, "windows")
		run.Refusals = rapid.Permutation(run.Refusals).Draw(t, "refusals")
		run.Memory = rapid.Permutation(run.Memory).Draw(t, "memory")
		for i := range run.Windows {
			run.Windows[i].Start = run.Windows[i].Start.In(festivalZone())
		}
		require.Equal(t, want, bytesOf(r))
		require.Equal(t, want, bytesOf(r))
	})
}

// TestDoubts: whatever is not a pass says why; a pass says nothing.
func TestDoubts(t *testing.T) {
	require.Empty(t, doubts(passed()))
	for name, change := range map[string]func(*Record){
		"Never evaluated":        func(r *Record) { r.Checks[0].Result, r.Checks[0].Evaluations = Unknown, 0 },
		"not offered as planned": func(r *Record) { r.Runs[0].Offered.Unsent = 7 },
		"without an answer":      func(r *Record) { r.Runs[0].Offered.InFlight = 7 },
		"does not add up":        func(r *Record) { r.Runs[0].Offered.OK++ },
		"missed a threshold":     func(r *Record) { r.Verdict = Fail },
		"There was no check":     func(r *Record) { r.Checks = nil },
		"not decided":            func(r *Record) { r.Checks[0].Result = Unknown },
		"and 1 more": func(r *Record) {
			for range maxNamed + 1 {
				r.Checks = append(r.Checks, Check{Name: "again", Result: Fail})
			}
		},
	} {
		r := passed()
		r.Verdict = Unknown
		change(r)
		var all []string
		for _, d := range doubts(r) {
			all = append(all, d.EN)
		}
		require.Contains(t, strings.Join(all, "\n"), name)
	}
}

// TestReadings: each sentence follows the figures, and is not said without them.
func TestReadings(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(r *Record)
		says   string
		not    string
	}{
		{"fewer instances", func(*Record) {}, "token needs 152 ledger instances where sync needs 912: 6 times fewer", "more than"},
		{"more instances", func(r *Record) { r.Runs[2].Comparison.LedgerInstancesNeeded = 1000 }, "more than the 912 of sync", "fewer"},
		{"as many instances", func(r *Record) { r.Runs[2].Comparison.LedgerInstancesNeeded = 912 }, "the same 912", "fewer"},
		{"instances not known", func(r *Record) { r.Runs[2].Comparison.LedgerInstancesNeeded = 0 }, "waited up to", "To refuse nobody"},
		{"async alone", func(r *Record) { r.Runs = r.Runs[1:2] }, "waited up to 14 min 32 s to see their money.", "token"},
		{"nobody waited", func(r *Record) { r.Runs[1].Comparison.VisibleWaitMaxMS = 0 }, "To refuse nobody", "waited up to"},
		{"nobody refused", func(r *Record) { r.Runs[0].Comparison.Refused = 0 }, "agree to the fen", "turned"},
		{"money", func(r *Record) { r.Runs[0].Comparison.MoneyDifferenceFen = 5 }, "Strategy sync lost or doubled ¥0.05", "agree to the fen"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := passed()
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

// TestJUnit: the file is XML whatever the texts, counts what it holds, and is never green over a run that is not.
func TestJUnit(t *testing.T) {
	for name, record := range fixtures() {
		r := record()
		r.Checks[0].Name, r.Runs[0].Checks[0].Name = "a <b> & \x00\x1b\"", "a <b> & \x00\x1b\""
		r.Replay = "hongbao sim 'a&b' \x00"
		var b bytes.Buffer
		require.NoError(t, JUnit(&b, r))
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
		require.Equal(t, r.Verdict == Pass, red == 0, name)
	}
}

// TestTable: no line is wider than promised, and colours change nothing but colours.
func TestTable(t *testing.T) {
	for name, record := range fixtures() {
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
			require.LessOrEqual(t, utf8.RuneCountInString(strings.TrimSuffix(line, "\n")), tableWidth, line)
		}
	}
	var b bytes.Buffer
	require.NoError(t, Paths(&b, "out/run"))
	require.Contains(t, b.String(), "out/run/report.html")
}
