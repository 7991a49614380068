package render

import (
	"bytes"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/reports"
	"hongbao/reports/recordtest"
)

// TestWriteRead: a written record is read back unchanged, by folder and by file, and the folder has no other files.
func TestWriteRead(t *testing.T) {
	for name, record := range recordtest.All() {
		dir := filepath.Join(t.TempDir(), "out", name)
		want := record()
		require.NoError(t, Write(dir, want))
		require.Equal(t, []string{junitFile, reports.RecordFile, htmlFile, summaryFile}, list(t, dir))
		for _, path := range []string{dir, filepath.Join(dir, reports.RecordFile)} {
			got, err := reports.Read(path)
			require.NoError(t, err)
			require.Equal(t, want, got)
		}
		require.NoError(t, Write(dir, want), "replacing an older run")
		require.Len(t, list(t, dir), 4)
	}
}

// TestWriteFailsWhole: after an error none of the files exists. A folder with the name of a file makes its rename fail.
func TestWriteFailsWhole(t *testing.T) {
	for _, inTheWay := range []string{htmlFile, summaryFile, junitFile, reports.RecordFile} {
		t.Run(inTheWay, func(t *testing.T) {
			dir := t.TempDir()
			require.NoError(t, os.MkdirAll(filepath.Join(dir, inTheWay, "full"), 0o755))
			require.ErrorContains(t, Write(dir, recordtest.Passed()), inTheWay)
			require.Equal(t, []string{inTheWay}, list(t, dir))
		})
	}
}

// TestWriteRefuses: an invalid record leaves an existing run unchanged.
func TestWriteRefuses(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, Write(dir, recordtest.Passed()))
	before, err := os.ReadFile(filepath.Join(dir, reports.RecordFile))
	require.NoError(t, err)
	bad := recordtest.Passed()
	bad.Metrics["x"] = math.NaN()
	require.ErrorIs(t, Write(dir, bad), reports.ErrRecord)
	after, err := os.ReadFile(filepath.Join(dir, reports.RecordFile))
	require.NoError(t, err)
	require.Equal(t, before, after)
	require.Len(t, list(t, dir), 4)

	file := filepath.Join(dir, reports.RecordFile)
	require.Error(t, Write(filepath.Join(file, "below-a-file"), recordtest.Passed()))
}

// TestReadRefuses: each invalid value of a record gives an error that names it.
func TestReadRefuses(t *testing.T) {
	whole := func(change func(*reports.Record)) string {
		r := recordtest.Passed()
		change(r)
		var b bytes.Buffer
		require.NoError(t, reports.JSON(&b, r))
		return b.String()
	}
	plain := whole(func(*reports.Record) {})
	for _, c := range []struct{ name, data, says string }{
		{"empty file", "", "not a JSON object"},
		{"not JSON", "verdict: pass", "not a JSON object"},
		{"another version, with unknown fields", `{"schema":"hongbao/record/v9","new":1}`, `schema "hongbao/record/v9", want "hongbao/record/v1"`},
		{"no schema", `{}`, `schema ""`},
		{"unknown field", strings.Replace(plain, `"seed"`, `"sead"`, 1), `unknown field "sead"`},
		{"cut off", plain[:len(plain)/2], "unexpected end"},
		{"two records", plain + plain, "invalid character"},
		{"wrong type", strings.Replace(plain, `"seed": 42`, `"seed": "42"`, 1), "seed"},
		{"kind", whole(func(r *reports.Record) { r.Kind = "guess" }), `kind "guess"`},
		{"verdict", whole(func(r *reports.Record) { r.Verdict = "maybe" }), `verdict "maybe"`},
		{"pass with a failed check", whole(func(r *reports.Record) { r.Checks[0].Result = reports.Fail }), `check "the ledger sums to zero" is fail`},
		{"pass with an unknown run", whole(func(r *reports.Record) { r.Runs[1].Verdict = reports.Unknown }), `strategy "async" is unknown`},
		{"pass without checks", whole(func(r *reports.Record) { r.Checks = nil }), "no check"},
		{"pass of an interrupted run", whole(func(r *reports.Record) { r.Interrupted = true }), "interrupted"},
		{"a check that passed without evaluations", whole(func(r *reports.Record) { r.Checks[0].Evaluations = 0 }), "0 evaluations"},
		{"a scale with a zero", whole(func(r *reports.Record) { r.Scenario.ScaleDen = 0 }), "scale 1/0"},
		{"too many runs", whole(func(r *reports.Record) { r.Runs = append(r.Runs, make([]reports.Run, reports.MaxRuns)...) }), "9 runs"},
		{"one strategy twice", whole(func(r *reports.Record) { r.Runs[1].Strategy = "sync" }), "two runs"},
		{"ragged series", whole(func(r *reports.Record) { r.Runs[0].Series.Values[2] = []int64{1} }), `"backlog" has 1 values`},
		{"decreasing times", whole(func(r *reports.Record) { r.Runs[0].Series.Times[4] = 7 }), "sample 4 at 7 s"},
		{"negative value", whole(func(r *reports.Record) { r.Runs[0].Series.Values[0][0] = -1 }), "negative"},
		{"negative comparison", whole(func(r *reports.Record) { r.Runs[0].Comparison.BacklogPeak = -1 }), "negative"},
		{"negative load", whole(func(r *reports.Record) { r.Offered.Unsent = -1 }), "negative"},
		{"window that ends before it starts", whole(func(r *reports.Record) { w := &r.Runs[0].Windows[0]; w.Start, w.End = w.End, w.Start }), "internal test"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), reports.RecordFile)
			require.NoError(t, os.WriteFile(path, []byte(c.data), 0o644))
			_, err := reports.Read(path)
			require.ErrorIs(t, err, reports.ErrRecord)
			require.ErrorContains(t, err, c.says)
			require.ErrorContains(t, err, path)
		})
	}
	_, err := reports.Read(filepath.Join(t.TempDir(), "nowhere"))
	require.True(t, errors.Is(err, fs.ErrNotExist) && !errors.Is(err, reports.ErrRecord))
	_, err = reports.Read(t.TempDir())
	require.ErrorIs(t, err, fs.ErrNotExist, "a folder without a record")
}

// FuzzRead: no input causes a panic, and every accepted record has all renderings. Run it with -fuzzminimizetime 1x, because
// Go needs about a minute to minimise one of these long inputs.
func FuzzRead(f *testing.F) {
	for _, record := range recordtest.All() {
		r := record()
		for i := range r.Runs { // short seeds mutate faster
			s := &r.Runs[i].Series
			if r.Runs[i].Load != nil {
				continue
			}
			s.Times, s.StepS = s.Times[:8], s.StepS[:8]
			for c := range s.Values {
				s.Values[c] = s.Values[c][:8]
			}
		}
		var b bytes.Buffer
		require.NoError(f, reports.JSON(&b, r))
		f.Add(b.Bytes())
	}
	f.Add([]byte(`{"schema":"hongbao/record/v1","kind":"sim","verdict":"unknown","scenario":{"scale_num":1,"scale_den":1}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := reports.Decode(data)
		if err != nil {
			require.ErrorIs(t, err, reports.ErrRecord)
			return
		}
		var first, second bytes.Buffer
		for _, x := range renderings() {
			first.Reset() // the record is last and stays in first
			require.NoError(t, x.render(&first, r), x.name)
		}
		require.NoError(t, Table(&second, r, true))
		again, err := reports.Decode(first.Bytes())
		require.NoError(t, err)
		second.Reset()
		require.NoError(t, reports.JSON(&second, again))
		require.Equal(t, first.String(), second.String())
	})
}

func list(t *testing.T, dir string) []string {
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}
