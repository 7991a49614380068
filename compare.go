package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"hongbao/reports"
)

// exitRegression says that a candidate is worse than its base.
const exitRegression = 6

// compareFlags are the flags of hongbao compare.
type compareFlags struct {
	minChange, saveBaseline string
	allowDifferent, json    bool
}

func compareCommand() *cobra.Command {
	var f compareFlags
	cmd := &cobra.Command{
		Use:   "compare BASE CANDIDATE",
		Short: "Say what moved from one run to another",
		Long: `Compares a candidate with its base: what is better, worse, the same, or too noisy to tell. Either is a run's
folder, its record.json, a folder of such folders whose runs are repeats of one another, or a baseline file.

Repeats give the noise. Ratios of typical values carry an interval (Welch's t on logarithms), and all intervals hold
together with 99% confidence however many figures there are (Bonferroni). A figure is worse when its interval lies on
the bad side altogether and it moved by --min-change or more. Of single runs only what doubled or halved counts.
Simulations have no noise and are compared exactly.

Exit codes: 0 no regression, 2 not comparable, 5 unknown (the load was not offered as planned, or a check is no longer
evaluated), 6 a regression.`,
		Example: `  hongbao load scenarios/rain-peak.yaml --target embedded --peak 3000/s --duration 20s --repeat 5 --out new
  hongbao compare deploy/ci/rain-peak.baseline.json new
  hongbao compare --save-baseline deploy/ci/rain-peak.baseline.json new`,
		Args: func(_ *cobra.Command, args []string) error {
			if want := f.sides(); len(args) != want {
				return usage("name %d, not %d; see hongbao compare --help", want, len(args))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.saveBaseline != "" {
				return saveBaseline(cmd, f.saveBaseline, args[0])
			}
			return compare(cmd, args[0], args[1], f)
		},
	}
	cmd.Flags().StringVar(&f.minChange, "min-change", "5%", "smaller changes are of no account")
	cmd.Flags().StringVar(&f.saveBaseline, "save-baseline", "", "write what a later comparison needs to know of RUN, the only argument, into this file")
	cmd.Flags().BoolVar(&f.allowDifferent, "allow-different", false, "compare runs of different scenarios, settings or machines, and say what differs")
	cmd.Flags().BoolVar(&f.json, "json", false, "print the comparison as JSON instead of the table")
	return cmd
}

// sides is how many arguments there are.
func (f *compareFlags) sides() int {
	if f.saveBaseline != "" {
		return 1
	}
	return 2
}

// compare is hongbao compare.
func compare(cmd *cobra.Command, base, candidate string, f compareFlags) error {
	least, err := parseShare(f.minChange)
	if err != nil {
		return err
	}
	var sides [2]*reports.Baseline
	for i, path := range []string{base, candidate} {
		if sides[i], err = readSide(path); err != nil {
			return err
		}
	}
	d, err := reports.Compare(sides[0], sides[1], least, f.allowDifferent)
	if errors.Is(err, reports.ErrDifferent) {
		return usage("%w\n  hint: compare runs of one scenario, setting and machine; --allow-different compares others of one kind all the same", err)
	} else if err != nil {
		return internal(err)
	}
	if f.json {
		err = reports.DiffJSON(cmd.OutOrStdout(), d)
	} else {
		err = reports.DiffTable(cmd.OutOrStdout(), d, colours(cmd.OutOrStdout()))
	}
	switch {
	case err != nil:
		return internal(err)
	case d.Result == reports.Fail:
		return &exit{exitRegression, errSaid}
	case d.Result != reports.Pass:
		return &exit{exitUnknown, errors.New("the comparison is unknown: its table says why")}
	}
	return nil
}

// saveBaseline is hongbao compare --save-baseline.
func saveBaseline(cmd *cobra.Command, file, run string) error {
	b, err := readSide(run)
	if err != nil {
		return err
	}
	if b.Doubt != "" {
		return &exit{exitUnknown, errors.New("no baseline: the figures prove nothing: " + b.Doubt)}
	}
	for _, c := range b.Checks {
		if c.Result != reports.Pass {
			return &exit{exitUnknown, errors.New("no baseline: check " + c.Name + " is " + string(c.Result))}
		}
	}
	if err := reports.WriteBaseline(file, b); err != nil {
		return usage("--save-baseline %s: %w\n  hint: name a file in a folder that can be written", file, err)
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "baseline %s (runs: %d)\n", file, b.Runs)
	return err
}

// readSide reads one side of a comparison.
func readSide(path string) (*reports.Baseline, error) {
	b, err := reports.ReadBaseline(path)
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
