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
	base, candidate, out               string // builds to play, and where to
	rounds                             int
	turns, quiet, allowDifferent, json bool
}

// playsRounds says whether the rounds are still to be played.
func (f *compareFlags) playsRounds() bool { return f.base != "" || f.candidate != "" }

func compareCommand() *cobra.Command {
	var f compareFlags
	cmd := &cobra.Command{
		Use:   "compare BASE CANDIDATE",
		Short: "Say what moved from one run to another",
		Long: `Compares a candidate with its base: what is better, worse, the same, or too noisy to tell. Either is a run's
folder, its record.json, a folder of such folders whose runs are repeats of one another, or a baseline file.

With --base and --candidate, which name two builds of hongbao, it plays the load first: what follows -- is given to
hongbao load of both at the same time, round after round, so that whatever the machine does it does to both. Each
round's ratio is free of it, and processor time an operation, which decides, is known within a few percent. One build
compared with itself says whether the machine will do. The records lie in --out and can be compared again.

A figure is worse when the interval of its change lies on the bad side altogether and it moved by --min-change or more.
Rounds are compared in pairs (Student's t on the logarithms of ratios), other repeats as a whole (Welch's t), and all
intervals hold together with 99% confidence however many figures there are. Of single runs only what doubled or halved
counts. Simulations have no noise and are compared exactly.

Exit codes: 0 no regression, 2 not comparable, 5 unknown (the load was not offered as planned, noise could hide a
slowdown of a tenth of processor time, a load came to nothing, or a check is no longer evaluated), 6 a regression,
130 interrupted, after a comparison of the rounds there are.`,
		Example: `  hongbao compare --base ./hongbao-base --candidate ./hongbao -- scenarios/rain-peak.yaml --peak 400/s --duration 5s
  hongbao compare reports/out/rounds/base reports/out/rounds/candidate
  hongbao load scenarios/rain-peak.yaml --target embedded --peak 3000/s --duration 20s --repeat 5 --out new
  hongbao compare deploy/ci/rain-peak.baseline.json new
  hongbao compare --save-baseline deploy/ci/rain-peak.baseline.json new`,
		Args: func(_ *cobra.Command, args []string) error {
			if f.playsRounds() {
				return nil // they are another command's
			}
			if want := f.wantArgs(); len(args) != want {
				return usage("name %d, not %d; see hongbao compare --help", want, len(args))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case f.playsRounds():
				return playAndCompare(cmd, args, f)
			case f.saveBaseline != "":
				return saveBaseline(cmd, f.saveBaseline, args[0])
			}
			return compareRecords(cmd, args[0], args[1], f)
		},
	}
	cmd.Flags().StringVar(&f.minChange, "min-change", "5%", "smaller changes are of no account")
	cmd.Flags().StringVar(&f.saveBaseline, "save-baseline", "", "write what a later comparison needs to know of RUN, the only argument, into this file")
	cmd.Flags().BoolVar(&f.allowDifferent, "allow-different", false, "compare runs of different scenarios, settings or machines, and say what differs")
	cmd.Flags().BoolVar(&f.json, "json", false, "print the comparison as JSON instead of the table")
	cmd.Flags().StringVar(&f.base, "base", "", "build of hongbao to play rounds on, as the base")
	cmd.Flags().StringVar(&f.candidate, "candidate", "", "build of hongbao to play rounds on, as the candidate")
	cmd.Flags().IntVar(&f.rounds, "rounds", defaultRounds, "rounds to play in which both loads are as planned")
	cmd.Flags().BoolVar(&f.turns, "turns", false, "play the two of a round one after the other (AB, BA, …) instead of at the same time")
	cmd.Flags().StringVar(&f.out, "out", "", "folder for the rounds' records (default reports/out/compare-<time>)")
	cmd.Flags().BoolVar(&f.quiet, "quiet", false, "do not say how far it is")
	cmd.MarkFlagsRequiredTogether("base", "candidate")
	cmd.MarkFlagsMutuallyExclusive("base", "save-baseline")
	return cmd
}

// wantArgs is how many arguments there are.
func (f *compareFlags) wantArgs() int {
	if f.saveBaseline != "" {
		return 1
	}
	return 2
}

// compareRecords is hongbao compare.
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
		return usage("%w\n  hint: compare runs of one scenario, setting and machine; --allow-different compares others of one kind all the same", err)
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
		return as(errUnknown, errors.New("the comparison is unknown: its table says why"))
	}
	return nil
}

// playAndCompare is hongbao compare --base --candidate.
func playAndCompare(cmd *cobra.Command, args []string, f compareFlags) error {
	c, err := newBuildComparison(&f, args, cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	return c.compare(cmd, f)
}

// compare plays the rounds and compares them.
func (c *buildComparison) compare(cmd *cobra.Command, f compareFlags) error {
	complete, err := c.play(cmd.Context())
	if err != nil {
		return err
	}
	if err := cmd.Context().Err(); err != nil && complete < 2 {
		return as(errInterrupted, fmt.Errorf("interrupted after %d rounds: there is nothing to compare", complete))
	}
	c.printf("")
	err = compareRecords(cmd, filepath.Join(c.dir, baseDir), filepath.Join(c.dir, candidateDir), f)
	c.printf("\nrecords: %s", c.dir)
	if cmd.Context().Err() != nil {
		return as(errInterrupted, fmt.Errorf("interrupted after %d rounds: that is what was compared", complete))
	}
	return err
}

// saveBaseline is hongbao compare --save-baseline.
func saveBaseline(cmd *cobra.Command, file, run string) error {
	b, err := readRun(run)
	if err != nil {
		return err
	}
	if b.Doubt != "" {
		return as(errUnknown, errors.New("no baseline: the figures prove nothing: "+b.Doubt))
	}
	for _, c := range b.Checks {
		if c.Result != reports.Pass {
			return as(errUnknown, errors.New("no baseline: check "+c.Name+" is "+string(c.Result)))
		}
	}
	if err := compare.WriteBaseline(file, b); err != nil {
		return usage("--save-baseline %s: %w\n  hint: name a file in a folder that can be written", file, err)
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "baseline %s (runs: %d)\n", file, b.Runs)
	return err
}

// readRun reads one side of a comparison.
func readRun(path string) (*compare.Baseline, error) {
	b, err := compare.ReadBaseline(path)
	if err != nil {
		return nil, usage("%w\n  hint: name a run's folder, its record.json, or a file that --save-baseline wrote", err)
	}
	return b, nil
}

// parseShare reads a share such as 5% or 0.05.
func parseShare(s string) (float64, error) {
	digits, percent := strings.CutSuffix(s, "%")
	x, err := strconv.ParseFloat(digits, 64)
	if percent {
		x /= 100
	}
	if err != nil || !(x >= 0 && x < 1000) { // NaN is neither
		return 0, usage("--min-change %s: write a share, such as 5%%", s)
	}
	return x, nil
}
