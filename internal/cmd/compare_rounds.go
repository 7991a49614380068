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
	"time"

	"hongbao/reports"
	"hongbao/reports/compare"
)

// The bounds of --rounds.
const (
	defaultRounds = 7                      // a slowdown of a tenth is seen nearly always; see TestPlantedTenthIsFlagged of reports
	minRounds     = 3                      // of fewer no interval is of use
	maxRounds     = reports.MaxRepeats / 2 // as many again may be in doubt, and all are kept
)

// The folders of a comparison that plays its rounds.
const (
	baseDir        = "base"
	candidateDir   = "candidate"
	warmUpDir      = "warm-up"    // thrown away, as files and pages that are cached from then on would favour the later
	interruptedDir = "broken-off" // of an interrupted round
)

// buildComparison plays one load on two builds, round by round.
type buildComparison struct {
	builds   [2]string // base and candidate
	args     []string  // of hongbao load
	rounds   int       // in which both loads must be the one that was asked for
	turns    bool      // one after the other; else at the same time
	dir      string
	progress io.Writer // a line a round

	minChange float64                                                                       // as a share
	load      func(ctx context.Context, build string, args []string, dir string) loadResult // playLoad
}

// folderOf returns the folder of a side, in the order of contest.builds.
func folderOf(side int) string { return [...]string{baseDir, candidateDir}[side] }

// errUnusable is the error of a load that is none to compare.
var errUnusable = errors.New("nothing is known")

// play makes the warm-up and the rounds. A round whose load was not the one that was asked for is played again, though
// not for ever: as many again as there should be. If noise could then hide what the rounds promise to show, there are
// twice as many, once. Two looks at one comparison make twice the false alarms of one at most, which is a hundredth.
// It returns the rounds that lie complete on disk.
func (c *buildComparison) play(ctx context.Context) (complete int, err error) {
	c.printf("warm-up, which is thrown away")
	if done, err := c.round(ctx, filepath.Join(c.dir, warmUpDir), "", 0); err != nil || !done {
		return 0, err
	}
	if err := os.RemoveAll(filepath.Join(c.dir, warmUpDir)); err != nil {
		return 0, err
	}
	sound, want, most := 0, c.rounds, 2*c.rounds
	for n := 1; sound < want && n <= most; n++ {
		name := fmt.Sprintf("%02d", n)
		done, err := c.round(ctx, c.dir, name, n)
		if err != nil || !done {
			return complete, err
		}
		complete++
		ok, violated, text := c.inspectRound(name)
		if ok {
			sound++
		}
		c.printf("round %d of %d: %s", sound, want, text)
		if violated {
			return complete, nil // money was not safe: nobody needs figures any more
		}
		if sound == c.rounds && want == c.rounds && c.tooNoisy() {
			want, most = 2*c.rounds, reports.MaxRepeats
			c.printf("noise could hide a slowdown of a tenth: as many rounds again")
		}
	}
	return complete, nil
}

// round plays both builds into dir/side/name. False: it was interrupted, and what there is of it has been put aside.
//
// Each round has copies of the builds of its own. How the pages of one file happen to lie in memory is worth a percent or
// two of processor time and stays for as long as the file is cached, so one copy for all rounds would favour a side.
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
	if n%2 == 0 { // A B, B A, …: what drifts evenly favours neither
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
	var came [2]loadResult
	var all sync.WaitGroup
	for _, i := range order {
		one := func() { came[i] = c.load(ctx, builds[i], c.args, filepath.Join(dir, folderOf(i), name)) }
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
	return c.checkLoads(came, dir, name)
}

// checkLoads says whether both loads of a round came to something. An error says what one of them lacks.
func (c *buildComparison) checkLoads(came [2]loadResult, dir, name string) (bool, error) {
	for i := range came {
		why := came[i].unusable(filepath.Join(dir, folderOf(i), name))
		switch {
		case why == "":
		case came[i].code == exitUsage:
			return false, usage("the %s's load: %s", folderOf(i), strings.TrimPrefix(came[i].stderrTail, "hongbao: "))
		default:
			return false, as(errUnknown, fmt.Errorf("%w: the %s's load came to nothing: %s", errUnusable, folderOf(i), why))
		}
	}
	return true, nil
}

// putAside moves what an interrupted round left, so that the others can be compared.
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

// tooNoisy says whether the rounds played so far are too noisy.
func (c *buildComparison) tooNoisy() bool {
	base, err := compare.ReadBaseline(filepath.Join(c.dir, baseDir))
	if err != nil {
		return false // the comparison proper will say it
	}
	candidate, err := compare.ReadBaseline(filepath.Join(c.dir, candidateDir))
	if err != nil {
		return false
	}
	d, err := compare.Compare(base, candidate, c.minChange, true)
	return err == nil && d.Blind
}

// inspectRound reads a round's records. sound: both loads were the one that was asked for.
func (c *buildComparison) inspectRound(name string) (sound, violated bool, text string) {
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
			text = "played again: the " + side + "'s load was not the one that was asked for: " + round.Doubt
		}
		if round.Late {
			late = "; offered late, so its latencies say nothing"
		}
		if b, err := compare.BaselineOf(r); err == nil {
			cost[i] = b.Typical(compare.Deciding)
		}
	}
	if text != "" {
		return false, violated, text
	}
	if cost[0] > 0 && cost[1] > 0 {
		text = fmt.Sprintf("base %.0f µs, candidate %.0f µs of processor time an operation, %+.1f%%", cost[0], cost[1], 100*(cost[1]/cost[0]-1))
	}
	return true, violated, text + late
}

func (c *buildComparison) printf(format string, args ...any) {
	fmt.Fprintf(c.progress, format+"\n", args...)
}

// newBuildComparison checks what was asked for.
func newBuildComparison(f *compareFlags, args []string, tell io.Writer) (*buildComparison, error) {
	c := &buildComparison{builds: [2]string{f.base, f.candidate}, args: args, rounds: f.rounds, turns: f.turns, dir: f.out, progress: tell, load: playLoad}
	var err error
	if c.minChange, err = parseShare(f.minChange); err != nil {
		return nil, err
	}
	if f.quiet || f.json {
		c.progress = io.Discard
	}
	if c.rounds < minRounds || c.rounds > maxRounds {
		return nil, usage("--rounds %d: %d to %d", c.rounds, minRounds, maxRounds)
	}
	for i, build := range c.builds {
		found, err := exec.LookPath(build)
		if err == nil {
			c.builds[i], err = filepath.Abs(found)
		}
		if err != nil {
			return nil, usage("--%s: %w\n  hint: name a build of hongbao, such as ./hongbao", folderOf(i), err)
		}
	}
	if len(args) == 0 {
		return nil, usage("no load to play\n  hint: hongbao compare --base ./old --candidate ./new -- scenarios/rain-peak.yaml --peak 400/s --duration 5s")
	}
	for _, a := range args {
		for _, ours := range []string{"--out", "--target", "--repeat", "--find-max", "--conformance", "--json", "--books"} {
			if a == ours || strings.HasPrefix(a, ours+"=") {
				return nil, usage("%s is not for a load that is compared: each is played once, embedded, into a folder of its own", ours)
			}
		}
	}
	if c.dir == "" {
		c.dir = filepath.Join("reports", "out", "compare-"+time.Now().Format("20060102-150405"))
	}
	for _, side := range []string{baseDir, candidateDir} {
		if _, err := os.Stat(filepath.Join(c.dir, side)); err == nil {
			return nil, usage("--out %s holds rounds already\n  hint: name a new folder, or compare these: hongbao compare %s %s", c.dir, filepath.Join(c.dir, baseDir), filepath.Join(c.dir, candidateDir))
		}
	}
	return c, prepareOut(c.dir)
}
