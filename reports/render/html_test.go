package render

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reports"
	"hongbao/reports/recordtest"
)

// pageOf returns the HTML page of r.
func pageOf(t *testing.T, r *reports.Record) string {
	reports.Normalise(r)
	require.NoError(t, r.Validate())
	var b bytes.Buffer
	require.NoError(t, writeHTML(&b, r))
	return b.String()
}

// TestPageOpensOffline: the page contains nothing that makes a browser send requests.
func TestPageOpensOffline(t *testing.T) {
	for name, record := range recordtest.All() {
		page := strings.ReplaceAll(pageOf(t, record()), ">https://wallet.example.com<", "") // the target appears as text
		for _, loads := range []string{"<script", "<link", "<iframe", "<img", "<object", "<embed", "@import", "url(", "http://", "https://", " src=", " href="} {
			require.NotContains(t, page, loads, name)
		}
	}
}

// TestPageEscapes: no text of a record adds markup, scripts or styles to the page.
func TestPageEscapes(t *testing.T) {
	const hostile = `"><script>alert(1)</script><img src=x onerror=alert(2)>' onload='x` + "\x1b[31m"
	r := recordtest.Violated()
	r.Scenario.Title, r.Scenario.TitleZH, r.Scenario.Name, r.Scenario.Description = hostile, hostile, hostile, hostile
	r.Scenario.Crypto, r.Scenario.File, r.Commit, r.Digest, r.Replay = hostile, hostile, hostile, hostile, hostile
	r.Environment.Go = hostile
	r.Metrics[hostile] = 1
	r.Checks[1].Name, r.Checks[1].First, r.Checks[1].Worst, r.Checks[1].Spec = hostile, hostile, hostile+"!", []string{hostile}
	run := &r.Runs[0]
	run.Strategy, run.Series.Columns[0], run.Memory[0].Part = hostile, hostile, hostile
	run.Refusals[0] = reports.Refusal{Operation: hostile, Reason: hostile, Count: 1}
	for i := range run.Windows {
		run.Windows[i].Name, run.Windows[i].Play, run.Windows[i].Stage = hostile, hostile, hostile
	}
	page := pageOf(t, r)
	require.Contains(t, page, "&lt;script&gt;", "the text itself is shown")
	for _, tag := range regexp.MustCompile(`<[a-zA-Z][^>]*>`).FindAllString(page, -1) {
		require.NotRegexp(t, `(?i)^<(script|img)|[ '"]on[a-z]+=[^&]*['"a]`, regexp.MustCompile(`"[^"]*"`).ReplaceAllString(tag, `""`))
	}
}

// TestPageSpeaksBothLanguages: each text of the page is in both languages.
func TestPageSpeaksBothLanguages(t *testing.T) {
	for name, record := range recordtest.All() {
		page := pageOf(t, record())
		require.Equal(t, strings.Count(page, `<span lang="en">`), strings.Count(page, `<span lang="zh">`), name)
		require.NotContains(t, page, `<span lang="zh"></span>`, name)
		require.NotContains(t, page, `%!`, "a format and its arguments disagree: %s", name)
	}
	require.Contains(t, pageOf(t, recordtest.Passed()), "2022 春节")
}

// TestPageSaysWhy: the page of a run that is not a pass begins with the reasons.
func TestPageSaysWhy(t *testing.T) {
	page := pageOf(t, recordtest.Interrupted())
	why := strings.Index(page, "The run was interrupted.")
	require.Positive(t, why)
	require.Less(t, why, strings.Index(page, "Posting strategies compared"))
	require.Contains(t, page, `<section class="verdict unknown">`)
	require.NotContains(t, pageOf(t, recordtest.Passed()), `class="doubts`)
}

// TestPageWithoutRuns: a record without runs and checks has a page.
func TestPageWithoutRuns(t *testing.T) {
	r := &reports.Record{Schema: reports.Schema, Kind: "load", Verdict: reports.Unknown, Scenario: reports.Scenario{Name: "x", ScaleNum: 1, ScaleDen: 1}}
	page := pageOf(t, r)
	require.Contains(t, page, "The record has no checks.")
	require.NotContains(t, page, "Posting strategies compared")
}

// maxPage is the largest allowed size of a page in bytes, so that it can be sent by mail and opened on a phone.
const maxPage = 3 << 19

// TestPageStaysSmall: the page of the largest comparison, with many more samples than points, stays below 1.5 MB.
func TestPageStaysSmall(t *testing.T) {
	r := recordtest.Passed()
	r.Runs = nil
	start := time.Date(2022, 1, 31, 4, 0, 0, 0, time.UTC)
	for i := range reports.MaxRuns {
		run := recordtest.Replay("token", 300)
		run.Strategy = fmt.Sprintf("strategy-%d", i)
		run.Series = reports.Series{Columns: run.Series.Columns}
		for j := range 5_000 {
			run.Series.Times, run.Series.StepS = append(run.Series.Times, start.Unix()+int64(j)), append(run.Series.StepS, 1)
		}
		for c := range run.Series.Columns {
			values := make([]int64, len(run.Series.Times))
			for j := range values {
				values[j] = int64(j*7919%100_003) << c
			}
			run.Series.Values = append(run.Series.Values, values)
		}
		run.Windows = nil
		for j := range 40 {
			at := start.Add(time.Duration(j) * 2 * time.Minute)
			run.Windows = append(run.Windows, reports.WindowStat{Name: fmt.Sprintf("window %d", j), Start: at, End: at.Add(time.Minute), Peak: j == 3})
		}
		r.Runs = append(r.Runs, run)
	}
	page := pageOf(t, r)
	require.Less(t, len(page), maxPage)
	require.Greater(t, len(page), maxPage/8, "the samples are missing on the page")
}
