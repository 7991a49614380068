package compare

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/reports"
	"hongbao/reports/recordtest"
	"hongbao/reports/render"
)

// TestBaselineFiles: a baseline file is read as it was written, repeats in folders are joined, and other files give errors.
func TestBaselineFiles(t *testing.T) {
	dir := t.TempDir()
	want, err := BaselineOf(recordtest.Missed())
	require.NoError(t, err)
	file := filepath.Join(dir, "base.json")
	require.NoError(t, WriteBaseline(file, want))
	got, err := ReadBaseline(file)
	require.NoError(t, err)
	require.Equal(t, want, got)
	info, err := os.Stat(file)
	require.NoError(t, err)
	require.Less(t, info.Size(), int64(8<<10), "small enough for the repository")
	require.Error(t, WriteBaseline(filepath.Join(file, "below"), want))

	runs := filepath.Join(dir, "runs")
	for i := range 3 {
		r := recordtest.Loaded()
		r.Runs[0].Load.Audit.DrainedS = float64(i + 1)
		require.NoError(t, render.Write(filepath.Join(runs, fmt.Sprint(i)), r))
	}
	all, err := ReadBaseline(runs)
	require.NoError(t, err)
	require.Equal(t, 3, all.Runs)
	require.Equal(t, []float64{1, 2, 3}, all.figure("drained_s").Values)
	one, err := ReadBaseline(filepath.Join(runs, "0", reports.RecordFile))
	require.NoError(t, err)
	require.Equal(t, 1, one.Runs)

	other := recordtest.Loaded()
	other.Commit = "another"
	require.NoError(t, render.Write(filepath.Join(runs, "9"), other))
	_, err = ReadBaseline(runs)
	require.ErrorIs(t, err, errBaseline)
	require.ErrorContains(t, err, "not a repeat")
	_, err = ReadBaseline(t.TempDir())
	require.ErrorContains(t, err, "neither record.json nor folders")

	whole, err := json.Marshal(want)
	require.NoError(t, err)
	for why, text := range map[string]string{
		"another version":           strings.Replace(string(whole), "baseline/v1", "baseline/v2", 1),
		"an unknown field":          strings.Replace(string(whole), `"kind"`, `"kinds"`, 1),
		"a figure that is negative": strings.Replace(string(whole), `"values":[`, `"values":[-1,`, 1),
		"no direction":              strings.Replace(string(whole), `"better":"lower"`, `"better":"left"`, 1),
		"cut off":                   string(whole[:len(whole)/2]),
		"an unknown verdict":        strings.Replace(string(whole), `"result":"pass"`, `"result":"well"`, 1),
		"no run":                    strings.Replace(string(whole), `"runs":3`, `"runs":0`, 1),
	} {
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		_, err := ReadBaseline(file)
		require.ErrorIs(t, err, errBaseline, why)
	}
	require.NoError(t, os.WriteFile(file, []byte("no JSON"), 0o600))
	_, err = ReadBaseline(file)
	require.ErrorIs(t, err, reports.ErrRecord)
}
