package cmd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"

	"hongbao/loadtest/attack"
	"hongbao/reference/service/open"
	"hongbao/reports"
	"hongbao/scenarios/loader"
)

func TestMain(m *testing.M) {
	testscript.Main(inModule{m}, map[string]func(){"hongbao": Main})
}

// inModule runs the tests in the root folder of the module, where users run the commands.
type inModule struct{ *testing.M }

// Run implements testscript.TestingM.
func (m inModule) Run() int {
	if err := os.Chdir("../.."); err != nil {
		panic(err)
	}
	return m.M.Run()
}

// TestScripts runs the scripts of testdata/script, which use the command line like a user. Each finds tiny.yaml in its folder.
func TestScripts(t *testing.T) {
	tiny, err := os.ReadFile("internal/cmd/testdata/tiny.yaml")
	require.NoError(t, err)
	root, err := os.Getwd()
	require.NoError(t, err)
	recordInputs(t, root)
	testscript.Run(t, testscript.Params{
		Dir:                 "internal/cmd/testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("SCENARIOS", filepath.Join(root, "scenarios"))
			return os.WriteFile(filepath.Join(e.WorkDir, "tiny.yaml"), tiny, 0o644)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "appears": appears},
	})
}

// recordInputs makes the cached results of go test depend on what the scripts read. The go command records only what a test opens
// itself, not its processes, and knows the folder of relative names only if a test has changed to it.
func recordInputs(t *testing.T, root string) {
	require.NoError(t, os.Chdir(root))
	for _, folder := range []string{"scenarios", "internal/cmd/testdata"} {
		require.NoError(t, filepath.WalkDir(folder, func(_ string, _ fs.DirEntry, err error) error { return err }))
	}
}

// exits runs hongbao and checks its exit code: exits CODE ARGUMENT…
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: exits CODE ARGUMENT…")
	}
	got := 0
	var exit *exec.ExitError
	if err := ts.Exec("hongbao", args[1:]...); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("hongbao: %v", err)
	}
	if strconv.Itoa(got) != args[0] {
		ts.Fatalf("exit code %d, want %s", got, args[0])
	}
}

// appears waits until a path exists: appears PATH.
func appears(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: appears PATH")
	}
	const timeout = 10 * time.Second
	for until := time.Now().Add(timeout); time.Now().Before(until); time.Sleep(5 * time.Millisecond) {
		if _, err := os.Stat(ts.MkAbs(args[0])); err == nil {
			return
		}
	}
	ts.Fatalf("%s does not appear", args[0])
}

// TestOutcome tests the exit codes on records, because a run of the correct wallet violates nothing.
func TestOutcome(t *testing.T) {
	for _, c := range []struct {
		why         string
		verdict     reports.Verdict
		interrupted bool
		want        int
		checks      []reports.Check
	}{
		{"all held", reports.Pass, false, exitPass, nil},
		{"an invariant was violated", reports.Fail, false, exitViolation, []reports.Check{{Name: "zero-sum", Result: reports.Fail}}},
		{"a failure without a violation is a missed threshold", reports.Fail, false, exitMissed, []reports.Check{{Name: "zero-sum", Result: reports.Pass}}},
		{"a check that was not evaluated is not a pass", reports.Unknown, false, exitUnknown, nil},
		{"an interrupted run has no verdict", reports.Unknown, true, exitInterrupted, nil},
		{"a record without a verdict is not a pass", "", false, exitUnknown, nil},
	} {
		err := outcome(&reports.Record{Verdict: c.verdict, Interrupted: c.interrupted, Checks: c.checks})
		code, known := exitCode(err)
		require.True(t, known, c.why)
		require.Equal(t, c.want, code, c.why)
	}
}

// TestErrorsOfPackages: errors of other packages that the user can correct are usage errors, unless the command has chosen a
// class.
func TestErrorsOfPackages(t *testing.T) {
	for _, err := range []error{open.ErrConfig, attack.ErrConfig} {
		code, known := exitCode(fmt.Errorf("load: %w", err))
		require.True(t, known)
		require.Equal(t, exitUsage, code)
		code, _ = exitCode(as(errUnknown, err))
		require.Equal(t, exitUnknown, code)
	}
	_, known := exitCode(errors.New("other"))
	require.False(t, known)
}

// TestInterrupted: a run that is interrupted before its first virtual second still writes its record.
func TestInterrupted(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	stop()
	dir := t.TempDir()
	var stdout, stderr bytes.Buffer
	require.Equal(t, exitInterrupted, run(ctx, []string{"sim", "internal/cmd/testdata/tiny.yaml", "--out", dir}, &stdout, &stderr))
	r, err := reports.Read(dir)
	require.NoError(t, err)
	require.True(t, r.Interrupted)
	require.Equal(t, reports.Unknown, r.Verdict)
	require.NotEmpty(t, r.Checks)
	for _, c := range r.Checks {
		require.NotEqual(t, reports.Pass, c.Result, c.Name)
	}
	require.Contains(t, stderr.String(), "the partial record is stored")
}

// TestMaxGrants: the peak round at full scale is below the default of --max-grants; 20 times as many grants are above.
func TestMaxGrants(t *testing.T) {
	peak, err := loader.Load("scenarios/rain-peak.yaml")
	require.NoError(t, err)
	require.LessOrEqual(t, peak.Grants(), int64(maxGrants), "the peak round may be replayed unscaled")
	var stdout, stderr bytes.Buffer
	require.Equal(t, exitUsage, run(t.Context(), []string{"sim", "scenarios/rain-peak.yaml", "--scale", "20/1"}, &stdout, &stderr))
	require.Contains(t, stderr.String(), "choose a smaller ratio")
	require.Empty(t, stdout.String())
}

// TestParseScale: a ratio or a whole number is accepted; the error for anything else describes the format.
func TestParseScale(t *testing.T) {
	for _, c := range []struct {
		text     string
		num, den int64 // 0: refused
	}{
		{"1/1000", 1, 1000},              // the usual form
		{"3/2", 3, 2},                    // enlarging
		{"2", 2, 1},                      // a whole number
		{"1000000/1000000000", 1e6, 1e9}, // the bounds
		{"1000001/1", 0, 0},              // above a bound
		{"0/1", 0, 0},                    // zero
		{"1/0", 0, 0},                    // division by zero
		{"-1/2", 0, 0},                   // negative
		{"1/2/3", 0, 0},                  // two slashes
		{"0.001", 0, 0},                  // a decimal fraction, which would not be exact
		{"", 0, 0},                       // empty
	} {
		num, den, err := parseScale(c.text)
		require.Equal(t, c.num == 0, err != nil, c.text)
		require.Equal(t, []int64{c.num, c.den}, []int64{num, den}, c.text)
	}
}
