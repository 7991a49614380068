package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"hongbao/reports"
	"hongbao/reports/compare"
)

// The bounds of --rounds.
const (
	defaultRounds = 7                      // detects a slowdown of 10% nearly always; see TestPlantedTenthIsFlagged in reports/compare
	minRounds     = 3                      // fewer rounds give no useful interval
	maxRounds     = reports.MaxRepeats / 2 // the same number of rounds may be repeated, and all records are stored
)

// The folders below --out.
const (
	baseDir        = "base"
	candidateDir   = "candidate"
	warmUpDir      = "warm-up"    // deleted: the first load would find cold caches
	interruptedDir = "broken-off" // records of an interrupted round
)

// buildComparison plays one load on two builds, round after round, and compares them.
type buildComparison struct {
	builds   [2]string // base and candidate
	args     []string  // arguments of hongbao load
	rounds   int       // number of valid rounds: both loads were offered as planned
	turns    bool      // play the loads of a round one after the other; false: at the same time
	dir      string
	progress io.Writer // one line per round

	minChange float64                                                                       // as a fraction
	load      func(ctx context.Context, build string, args []string, dir string) loadResult // playLoad, except in tests
}

// folderOf returns the folder of build i, in the order of contest.builds.
func folderOf(i int) string { return [...]string{baseDir, candidateDir}[i] }

// errUnusable is the error of a load that has no result to compare.
var errUnusable = errors.New("no result")

// play makes the warm-up and the rounds. A round whose load was not offered as planned is repeated; at most c.rounds rounds
// are repeated. If noise could then still hide a slowdown of 10%, the number of valid rounds is doubled, once. Evaluating
// the comparison twice at most doubles its rate of false alarms, which is 1% for one evaluation. It returns the number of
// rounds whose records are complete on disk.
func (c *buildComparison) play(ctx context.Context) (complete int, err error) {
	c.printf("warm-up (not compared)")
	if done, err := c.round(ctx, filepath.Join(c.dir, warmUpDir), "", 0); err != nil || !done {
		return 0, err
	}
	if err := os.RemoveAll(filepath.Join(c.dir, warmUpDir)); err != nil {
		return 0, err
	}
	valid, want, limit := 0, c.rounds, 2*c.rounds
	for n := 1; valid < want && n <= limit; n++ {
		name := fmt.Sprintf("%02d", n)
		done, err := c.round(ctx, c.dir, name, n)
		if err != nil || !done {
			return complete, err
		}
		complete++
		ok, violated, text := c.inspectRound(name)
		if ok {
			valid++
		}
		c.printf("round %d of %d: %s", valid, want, text)
		if violated {
			return complete, nil // an invariant was violated, so performance no longer matters
		}
		if valid == c.rounds && want == c.rounds && c.tooNoisy() {
			want, limit = 2*c.rounds, reports.MaxRepeats
			c.printf("noise could hide a slowdown of 10%%: doubling the number of rounds")
		}
	}
	return complete, nil
}

// round plays both builds into dir/base/name and dir/candidate/name. done is false if it was interrupted; its records were
// then moved to interruptedDir.
//
// Each round uses new copies of the builds. The placement of a file's pages in memory costs or saves one to two percent of
// CPU time for as long as the file is cached, so that one copy for all rounds would favour one build.
func (c *buildComparison) round(ctx context.Context, dir, name string, n int) (done bool, err error) {
	temp, err := os.MkdirTemp("", "hongbao-compare-*")
	if err != nil {
		return false, err
	}
	defer func() {
		if left := os.RemoveAll(temp); err == nil && left != nil {
			err = left
		}
	}()
	order := []int{0, 1}
	if n%2 == 0 { // A B, B A, …: a steady drift favours neither build
		slices.Reverse(order)
	}
	var builds [2]string
	for _, i := range order {
		to := filepath.Join(temp, strconv.Itoa(i))
		if err := os.Mkdir(to, 0o700); err != nil {
			return false, err
		}
		if builds[i], err = copyBuild(c.builds[i], to); err != nil {
			return false, err
		}
	}
	var results [2]loadResult
	var all sync.WaitGroup
	for _, i := range order {
		one := func() { results[i] = c.load(ctx, builds[i], c.args, filepath.Join(dir, folderOf(i), name)) }
		if c.turns {
			one()
		} else {
			all.Go(one)
		}
	}
	all.Wait()
	if ctx.Err() != nil {
		return false, c.putAside(dir, name)
	}
	return c.checkLoads(results, dir, name)
}

// checkLoads returns true if both loads of a round have a record, and otherwise an error with the reason.
func (c *buildComparison) checkLoads(results [2]loadResult, dir, name string) (bool, error) {
	for i := range results {
		why := results[i].unusable(filepath.Join(dir, folderOf(i), name))
		switch {
		case why == "":
		case results[i].code == exitUsage:
			return false, usage("the %s's load: %s", folderOf(i), strings.TrimPrefix(results[i].stderrTail, "hongbao: "))
		default:
			return false, as(errUnknown, fmt.Errorf("%w: the %s's load failed: %s", errUnusable, folderOf(i), why))
		}
	}
	return true, nil
}

// putAside moves the records of an interrupted round to interruptedDir, so that the other rounds can be compared.
func (c *buildComparison) putAside(dir, name string) error {
	if name == "" {
		return nil // the warm-up
	}
	to := filepath.Join(c.dir, interruptedDir)
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	for _, side := range []string{baseDir, candidateDir} {
		err := os.Rename(filepath.Join(dir, side, name), filepath.Join(to, side+"-"+name))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

// tooNoisy reports whether noise in the rounds played so far could hide a slowdown of 10%.
func (c *buildComparison) tooNoisy() bool {
	base, err := compare.ReadBaseline(filepath.Join(c.dir, baseDir))
	if err != nil {
		return false // the final comparison reports the error
	}
	candidate, err := compare.ReadBaseline(filepath.Join(c.dir, candidateDir))
	if err != nil {
		return false
	}
	d, err := compare.Compare(base, candidate, c.minChange, true)
	return err == nil && d.Blind
}

// inspectRound reads the records of a round. valid: both loads were offered as planned.
func (c *buildComparison) inspectRound(name string) (valid, violated bool, text string) {
	var cost [2]float64
	late := ""
	for i, side := range []string{baseDir, candidateDir} {
		r, err := reports.Read(filepath.Join(c.dir, side, name))
		if err != nil {
			return false, false, "the record of the " + side + " cannot be read: " + err.Error()
		}
		violated = violated || r.Violated()
		round := compare.RoundOf(name, r.Runs[0].Load)
		if round.Doubt != "" && text == "" {
			text = "repeated: the " + side + "'s load was not offered as planned: " + round.Doubt
		}
		if round.Late {
			late = "; offered late, so its latencies are not compared"
		}
		if b, err := compare.BaselineOf(r); err == nil {
			cost[i] = b.Typical(compare.Deciding)
		}
	}
	if text != "" {
		return false, violated, text
	}
	if cost[0] > 0 && cost[1] > 0 {
		text = fmt.Sprintf("base %.0f µs, candidate %.0f µs of CPU time per operation, %+.1f%%", cost[0], cost[1], 100*(cost[1]/cost[0]-1))
	}
	return true, violated, text + late
}

func (c *buildComparison) printf(format string, args ...any) {
	fmt.Fprintf(c.progress, format+"\n", args...)
}

// newBuildComparison checks the flags and the arguments of the load. Its errors are usage errors.
func newBuildComparison(f *compareFlags, args []string, progress io.Writer) (*buildComparison, error) {
	c := &buildComparison{builds: [2]string{f.base, f.candidate}, args: args, rounds: f.rounds, turns: f.turns, dir: outOr(f.out, "compare"), progress: progress, load: playLoad}
	var err error
	if c.minChange, err = parseShare(f.minChange); err != nil {
		return nil, err
	}
	if f.quiet || f.json {
		c.progress = io.Discard
	}
	for i, build := range c.builds {
		found, err := exec.LookPath(build)
		if err == nil {
			c.builds[i], err = filepath.Abs(found)
		}
		if err != nil {
			return nil, usage("--%s: %w\n  hint: give the path of a build of hongbao, such as ./hongbao", folderOf(i), err)
		}
	}
	if len(args) == 0 {
		return nil, usage("no load to play: give the arguments of hongbao load after --\n  hint: hongbao compare --base ./old --candidate ./new -- scenarios/rain-peak.yaml --peak 400/s --duration 5s")
	}
	for _, a := range args {
		for _, fixed := range []string{"--out", "--target", "--repeat", "--find-max", "--conformance", "--json", "--target-config", "--books"} {
			if a == fixed || strings.HasPrefix(a, fixed+"=") {
				return nil, usage("%s cannot be used here: each load is played once, against the embedded target, into a separate folder", fixed)
			}
		}
	}
	for _, side := range []string{baseDir, candidateDir} {
		if _, err := os.Stat(filepath.Join(c.dir, side)); err == nil {
			return nil, usage("--out %s already contains rounds\n  hint: give a new folder, or compare these rounds: hongbao compare %s %s", c.dir, filepath.Join(c.dir, baseDir), filepath.Join(c.dir, candidateDir))
		}
	}
	return c, prepareOut(c.dir)
}
