package cmd

import (
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"hongbao/reports"
	"hongbao/reports/compare"
)

// compareFlags are the flags of hongbao compare.
type compareFlags struct {
	minChange, saveBaseline            string
	base, candidate, out               string // the two builds, and the folder of the records
	rounds                             int
	turns, quiet, allowDifferent, json bool
}

// playsRounds reports whether two builds are given, whose rounds are played before the comparison.
func (f *compareFlags) playsRounds() bool { return f.base != "" || f.candidate != "" }

func compareCommand() *cobra.Command {
	var f compareFlags
	cmd := &cobra.Command{
		Use:   "compare BASE CANDIDATE",
		Short: "Compare two runs or two builds and report regressions",
		Long: `Compares a candidate with its base and reports each metric as better, worse, the same, or too noisy to decide. BASE and
CANDIDATE are each a run's folder, its record.json, a folder of such folders whose runs are repeats of one load, or a
baseline file.

With --base and --candidate, which are two builds of hongbao, the command first plays the load. The arguments after --
are passed to "hongbao load" of both builds. Both play at the same time, round after round, so that disturbances of the
machine affect both. The ratio within a round is therefore free of them, and CPU time per operation, which decides, is
known within a few percent. To find out whether a machine is quiet enough, compare a build with itself. The records are
written to --out and can be compared again.

A metric is worse if the whole confidence interval of its change is on the bad side and it changed by --min-change or
more. Rounds are compared in pairs (Student's t on the logarithms of ratios), other repeats as two samples (Welch's t).
All intervals together have 99% confidence, for any number of metrics. Between two single runs only a metric that
doubled or halved counts. Simulations have no noise and are compared exactly.

Exit codes: 0 no regression, 2 not comparable, 5 unknown (the load was not offered as planned, noise could hide a
slowdown of 10% in CPU time, a load failed, or a check is no longer evaluated), 6 regression, 130 interrupted (the
completed rounds were compared).`,
		Example: `  go build -o hongbao-base .        # in a checkout of the base
  go build -o hongbao-candidate .   # in a checkout of the candidate
  hongbao compare --base ./hongbao-base --candidate ./hongbao-candidate --out rounds -- scenarios/rain-peak.yaml --peak 400/s --duration 5s
  hongbao compare rounds/base rounds/candidate
  hongbao load scenarios/rain-peak.yaml --peak 1000/s --duration 10s --repeat 5 --out old
  hongbao compare --save-baseline rain-peak.baseline.json old
  hongbao load scenarios/rain-peak.yaml --peak 1000/s --duration 10s --repeat 5 --out new
  hongbao compare rain-peak.baseline.json new`,
		Args: f.checkArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkNumber("rounds", f.rounds, minRounds, maxRounds); err != nil {
				return err
			}
			switch {
			case f.playsRounds():
				c, err := newBuildComparison(&f, args, cmd.ErrOrStderr())
				if err != nil {
					return err
				}
				return c.compare(cmd, f)
			case f.saveBaseline != "":
				return saveBaseline(cmd, f.saveBaseline, args[0])
			}
			return compareRecords(cmd, args[0], args[1], f)
		},
	}
	cmd.Flags().StringVar(&f.minChange, "min-change", "5%", "ignore smaller changes, such as 5% or 0.05")
	cmd.Flags().StringVar(&f.saveBaseline, "save-baseline", "", "write the baseline of a run, the only argument, into this file")
	cmd.Flags().BoolVar(&f.allowDifferent, "allow-different", false, "compare runs of different scenarios, settings or machines, and list the differences")
	cmd.Flags().BoolVar(&f.json, "json", false, "print the comparison as JSON instead of the table")
	cmd.Flags().StringVar(&f.base, "base", "", "build of hongbao that is the base; play rounds before comparing")
	cmd.Flags().StringVar(&f.candidate, "candidate", "", "build of hongbao that is the candidate; play rounds before comparing")
	cmd.Flags().IntVar(&f.rounds, "rounds", defaultRounds, "number of valid rounds: those in which both loads were offered as planned")
	cmd.Flags().BoolVar(&f.turns, "turns", false, "play the two loads of a round one after the other (AB, BA, …) instead of at the same time")
	cmd.Flags().StringVar(&f.out, "out", "", "folder for the records of the rounds (default reports/out/compare-<time>)")
	cmd.Flags().BoolVar(&f.quiet, "quiet", false, "print no progress")
	cmd.MarkFlagsRequiredTogether("base", "candidate")
	cmd.MarkFlagsMutuallyExclusive("base", "save-baseline")
	return cmd
}

// checkArgs checks the number of arguments.
func (f *compareFlags) checkArgs(cmd *cobra.Command, args []string) error {
	switch {
	case f.playsRounds(): // they are the arguments of hongbao load
		return nil
	case f.saveBaseline != "":
		return arguments(1, 1, "one run")(cmd, args)
	}
	return arguments(2, 2, "a base and a candidate")(cmd, args)
}

// compareRecords compares two runs or baselines and prints the result.
func compareRecords(cmd *cobra.Command, base, candidate string, f compareFlags) error {
	least, err := parseShare(f.minChange)
	if err != nil {
		return err
	}
	var sides [2]*compare.Baseline
	for i, path := range []string{base, candidate} {
		if sides[i], err = readRun(path); err != nil {
			return err
		}
	}
	d, err := compare.Compare(sides[0], sides[1], least, f.allowDifferent)
	if errors.Is(err, compare.ErrDifferent) {
		return usage("%w\n  hint: compare runs of the same scenario, settings and machine; --allow-different compares other runs of the same kind", err)
	} else if err != nil {
		return err
	}
	if f.json {
		err = compare.JSON(cmd.OutOrStdout(), d)
	} else {
		err = compare.Table(cmd.OutOrStdout(), d, colours(cmd.OutOrStdout()))
	}
	switch {
	case err != nil:
		return err
	case d.Result == reports.Fail:
		return as(errRegression, errPrinted)
	case d.Result != reports.Pass:
		return as(errUnknown, errors.New("the result of the comparison is unknown: the table gives the reason"))
	}
	return nil
}

// compare plays the rounds and compares them.
func (c *buildComparison) compare(cmd *cobra.Command, f compareFlags) error {
	complete, err := c.play(cmd.Context())
	if err != nil {
		return err
	}
	if err := cmd.Context().Err(); err != nil && complete < 2 {
		return as(errInterrupted, fmt.Errorf("interrupted after %d rounds: too few to compare", complete))
	}
	c.printf("")
	err = compareRecords(cmd, filepath.Join(c.dir, baseDir), filepath.Join(c.dir, candidateDir), f)
	c.printf("\nrecords: %s", c.dir)
	if cmd.Context().Err() != nil {
		return as(errInterrupted, fmt.Errorf("interrupted after %d rounds: only these were compared", complete))
	}
	return err
}

// saveBaseline runs hongbao compare --save-baseline. A run that is not conclusive or does not pass makes no baseline.
func saveBaseline(cmd *cobra.Command, file, run string) error {
	b, err := readRun(run)
	if err != nil {
		return err
	}
	if b.Doubt != "" {
		return as(errUnknown, errors.New("no baseline: the run is inconclusive: "+b.Doubt))
	}
	for _, c := range b.Checks {
		if c.Result != reports.Pass {
			return as(errUnknown, errors.New("no baseline: check "+c.Name+" is "+string(c.Result)))
		}
	}
	if err := compare.WriteBaseline(file, b); err != nil {
		return usage("--save-baseline %s: %w\n  hint: give a file in a writable folder", file, err)
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "baseline %s (runs: %d)\n", file, b.Runs)
	return err
}

// readRun reads one argument of a comparison: a run, repeats of a run, or a baseline.
func readRun(path string) (*compare.Baseline, error) {
	b, err := compare.ReadBaseline(path)
	if err != nil {
		return nil, usage("%w\n  hint: give a run's folder, its record.json, or a file written by --save-baseline", err)
	}
	return b, nil
}

// parseShare parses --min-change, such as 5% or 0.05.
func parseShare(s string) (float64, error) {
	digits, percent := strings.CutSuffix(s, "%")
	x, err := strconv.ParseFloat(digits, 64)
	if percent {
		x /= 100
	}
	if err != nil || !(x >= 0 && x < 1000) { // NaN fails both comparisons
		return 0, usage("--min-change %s: want a share, such as 5%%", s)
	}
	return x, nil
}
