// Package mutants plants bugs in the wallet, one at a time, and checks that the oracle catches each of them: a check that
// has never caught anything proves nothing when it passes.
//
// A mutant is a change of source text. It is compiled through an overlay, so that the source tree is never changed, and
// runs in the same simulation that people use. Runs are in virtual time and last about a second. Every mutant must be a
// bug that could harm a user.
package mutants

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/scanner"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/reports"
)

// mutant is one planted bug.
type mutant struct {
	name     string // what the wallet does wrong
	edits    []edit
	scenario string // of scenarios/regress, in which the bug shows
	strategy string
	checks   []string // that must fail; others may fail too
	says     string   // part of the first violation's message, if the check alone does not identify the bug; "" otherwise
}

// The strategies, as named on the command line.
const (
	underSync  = "sync"
	underAsync = "async"
	underToken = "token"
)

// all returns every mutant.
func all() []mutant {
	return slices.Concat(grants(), views(), payouts(), control(), stores(), rewards(), packets())
}

// edit replaces old, which must occur exactly once in the file, by new.
type edit struct{ file, old, new string }

// level returns the new text in as many lines as the old one has, where that is easy: what is exported further down in the
// file then stays where it was, and importers see no difference (see link).
func (e edit) level() string {
	lines, want := strings.SplitAfter(e.new, "\n"), strings.Count(e.old, "\n")
	have := len(lines) - 1
	if have < want && (have > 0 || e.new == "") {
		lines[0] += strings.Repeat("\n", want-have)
	}
	for i := range have - want {
		if strings.Contains(lines[i], "//") {
			return e.new
		}
		lines[i] = joined(lines[i])
	}
	return strings.Join(lines, "")
}

// joined returns a line of Go without its end, but for the semicolon that the end stands for.
func joined(line string) (out string) {
	var s scanner.Scanner
	s.Init(token.NewFileSet().AddFile("", -1, len(line)), []byte(line), nil, 0)
	out = strings.TrimSuffix(line, "\n") + " "
	for {
		switch _, tok, lit := s.Scan(); {
		case tok == token.EOF:
			return out
		case tok == token.SEMICOLON && lit == "\n":
			return strings.TrimSuffix(line, "\n") + "; "
		}
	}
}

// root is the module's folder, relative to this one.
const root = "../.."

// seeds bounds the runs that a mutant may survive: most are caught by the first seed, and a bug that needs a rare
// coincidence of two events by one of a few.
const seeds = 6

// The exit codes of hongbao sim.
const (
	exitPass      = 0
	exitViolation = 3
)

func TestOracleCatchesMutants(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: each mutant is a separate program, which the race detector does not check")
	}
	for _, m := range all() {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			run, _ := runUntilCaught(t, build(t, rehearsal, m.edits), m)
			require.Equal(t, reports.Fail, run.Verdict, "the mutant survives %d seeds", seeds)
			for _, name := range m.checks {
				c := check(t, run.Checks, name)
				require.Equal(t, reports.Fail, c.Result, "%s lets it pass; what fails is %q", name, failed(run.Checks))
				require.Positive(t, c.Violations)
				require.Contains(t, c.First, m.says)
			}
		})
	}
}

// TestUnharmedWalletPasses is the control: without a mutant the same runs pass, and every check is evaluated.
func TestUnharmedWalletPasses(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: it is a separate program, which the race detector does not check")
	}
	bin := build(t, command, nil)
	for _, scenario := range scenarios(t) {
		t.Run(scenario, func(t *testing.T) {
			t.Parallel()
			code, r := rehearse(t, bin, scenario, "all", 1)
			require.Equal(t, exitPass, code, "%q", failed(r.Checks))
			require.Equal(t, reports.Pass, r.Verdict)
			require.Len(t, r.Runs, 3)
			for _, run := range r.Runs {
				for _, c := range run.Checks {
					require.Positive(t, c.Evaluations, "%s under %s was never evaluated", c.Name, run.Strategy)
				}
			}
		})
	}
}

// TestReplayRepeatsViolation runs the command that a failed record names, and expects the same run.
func TestReplayRepeatsViolation(t *testing.T) {
	t.Parallel()
	m := all()[0]
	_, seed := runUntilCaught(t, build(t, rehearsal, m.edits), m)
	bin := build(t, command, m.edits)
	code, first := rehearse(t, bin, m.scenario, m.strategy, seed)
	require.Equal(t, exitViolation, code)
	require.Contains(t, first.Replay, "hongbao sim scenarios/regress/"+m.scenario+".yaml")
	require.Contains(t, first.Replay, "--strategy "+m.strategy)
	require.Contains(t, first.Replay, fmt.Sprintf("--seed %d", seed))
	require.Contains(t, check(t, first.Checks, m.checks[0]).First, m.strategy+": ")
	args := strings.Fields(first.Replay)
	require.Equal(t, "hongbao", args[0])
	code, again := run(t, bin, args[1:])
	require.Equal(t, exitViolation, code)
	require.Equal(t, first.Digest, again.Digest)
	require.Equal(t, first.Checks, again.Checks)
}

// TestMutantsAreSpread requires a mutant for every package of the wallet that these runs use, for every check and for every
// scenario: a check or scenario that catches nothing is not worth its time.
func TestMutantsAreSpread(t *testing.T) {
	t.Parallel()
	var folders, checks, used []string
	for _, m := range all() {
		for _, e := range m.edits {
			folders = append(folders, filepath.Dir(e.file))
		}
		checks, used = append(checks, m.checks...), append(used, m.scenario)
	}
	for _, p := range strings.Fields(goTool(t, "list", "-deps", "./sim")) {
		folder, ok := strings.CutPrefix(p, "hongbao/")
		if !ok || !strings.HasPrefix(folder, "reference/") || slices.Contains(elsewhere(), folder) {
			continue
		}
		require.Contains(t, folders, folder, "no mutant is planted in this package")
	}
	for _, c := range replay(t, build(t, rehearsal, nil), "rewards", underToken, 1).Checks { // this scenario has all checks
		require.Contains(t, checks, c.Name, "no mutant is caught by this check")
	}
	for _, s := range scenarios(t) {
		require.Contains(t, used, s, "no mutant is caught in this scenario")
	}
}

// elsewhere lists the packages whose bugs a run of these scenarios cannot reach.
func elsewhere() []string {
	return []string{
		"reference/token/tokenpb",   // generated
		"reference/downstream/fake", // external systems
		"reference/quota",           // used by real stores and by the study of coupons
		"reference/runningtotal",    // tested by its own study
		"reference/limit",           // tested by its own study
		"reference/intercept",       // forwards calls, also those of the simulator; has its own tests
		"reference/degrade",         // only drills turn switches on
	}
}

// scenarios returns the names of the regression scenarios.
func scenarios(t *testing.T) []string {
	files, err := filepath.Glob(root + "/scenarios/regress/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for i, f := range files {
		files[i] = strings.TrimSuffix(filepath.Base(f), ".yaml")
	}
	return files
}

// The programs that mutants are built into: all of hongbao, or only what one run needs.
const (
	command   = "."
	rehearsal = "./sim/mutants/rehearsal"
)

// build compiles a program with the edits applied to the source tree, and returns its path.
func build(t *testing.T, program string, edits []edit) string {
	t.Helper()
	dir := t.TempDir()
	replace := map[string]string{}
	for _, e := range edits {
		path, err := filepath.Abs(filepath.Join(root, e.file))
		require.NoError(t, err)
		from := path
		if edited, ok := replace[path]; ok {
			from = edited
		}
		text, err := os.ReadFile(from)
		require.NoError(t, err)
		require.Equal(t, 1, strings.Count(string(text), e.old), "the mutant is stale: %s does not have once\n%s", e.file, e.old)
		replace[path] = filepath.Join(dir, strings.ReplaceAll(e.file, "/", "-"))
		require.NoError(t, os.WriteFile(replace[path], []byte(strings.Replace(string(text), e.old, e.level(), 1)), 0o600))
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	require.NoError(t, err)
	file, bin := filepath.Join(dir, "overlay.json"), filepath.Join(dir, "hongbao")
	if program == rehearsal && len(edits) > 0 && link(t, dir, bin, replace) {
		return bin
	}
	require.NoError(t, os.WriteFile(file, overlay, 0o600))
	goTool(t, "build", noInlining, "-overlay", file, "-buildvcs=false", "-ldflags=-s -w", "-o", bin, program)
	return bin
}

// goTool runs the go command in the module's folder and returns its output.
func goTool(t *testing.T, args ...string) string {
	t.Helper()
	out, err := goCommand(args...).CombinedOutput()
	require.NoError(t, err, "%s", out)
	return string(out)
}

// goCommand is the go command in the module's folder.
func goCommand(args ...string) *exec.Cmd {
	cmd := exec.Command("go", args...)
	cmd.Dir, cmd.Env = root, append(os.Environ(), "CGO_ENABLED=0")
	return cmd
}

// runUntilCaught runs the mutant with one seed after another until the checks that are to catch it have failed, and returns
// the last run.
func runUntilCaught(t *testing.T, bin string, m mutant) (run reports.Run, seed int) {
	t.Helper()
	for seed = 1; ; seed++ {
		run = replay(t, bin, m.scenario, m.strategy, seed)
		survives := slices.ContainsFunc(m.checks, func(name string) bool { return check(t, run.Checks, name).Result != reports.Fail })
		if !survives || seed == seeds {
			return run, seed
		}
	}
}

// replay runs one scenario with the rehearsal program.
func replay(t *testing.T, bin, scenario, strategy string, seed int) (run reports.Run) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), bin, "scenarios/regress/"+scenario+".yaml", strategy, strconv.Itoa(seed))
	cmd.Dir = root
	out, err := cmd.Output()
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(out, &run))
	return run
}

// rehearse replays one scenario and returns the exit code and the record.
func rehearse(t *testing.T, bin, scenario, strategy string, seed int) (int, *reports.Record) {
	t.Helper()
	return run(t, bin, []string{"sim", "scenarios/regress/" + scenario + ".yaml", "--strategy", strategy, "--seed", strconv.Itoa(seed)})
}

// run calls the program and returns its exit code and its record.
func run(t *testing.T, bin string, args []string) (int, *reports.Record) {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), bin, append(args, "--quiet", "--out", dir)...)
	cmd.Dir = root
	out, err := cmd.CombinedOutput()
	if e := (*exec.ExitError)(nil); !errors.As(err, &e) {
		require.NoError(t, err)
	}
	r, err := reports.Read(dir)
	require.NoError(t, err, "%s", out)
	return cmd.ProcessState.ExitCode(), r
}

// check returns the check of that name.
func check(t *testing.T, checks []reports.Check, name string) reports.Check {
	t.Helper()
	i := slices.IndexFunc(checks, func(c reports.Check) bool { return c.Name == name })
	require.GreaterOrEqual(t, i, 0, "there is no check %s", name)
	return checks[i]
}

// failed returns the first violation of each check that failed.
func failed(checks []reports.Check) []string {
	var out []string
	for _, c := range checks {
		if c.Result != reports.Pass {
			out = append(out, c.Name+": "+c.First)
		}
	}
	return out
}
