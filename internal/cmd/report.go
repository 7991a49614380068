package cmd

import (
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"hongbao/reports"
	"hongbao/reports/render"
)

func reportCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "report RUN…",
		Short: "Render the reports of runs again from their record.json",
		Long: `Reads the record.json of each run, writes report.html, summary.md and junit.xml to the same folder again, and prints the
tables. RUN is a run's folder, or the record.json in it.

The exit code reports only whether all runs could be rendered. The tables contain the verdicts.`,
		Example: `  hongbao sim scenarios/rain-peak.yaml --scale 1/1000 --out reports/out/demo
  hongbao report reports/out/demo
  hongbao report reports/out/demo --json`,
		Args: arguments(1, anyNumber, "at least one run"),
		RunE: func(cmd *cobra.Command, args []string) error {
			for _, path := range args {
				if err := renderAgain(cmd, path, asJSON); err != nil {
					return err
				}
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the record as JSON instead of the tables")
	return cmd
}

// renderAgain renders and prints one run.
func renderAgain(cmd *cobra.Command, dir string, asJSON bool) error {
	const hint = "give the folder of a run, such as reports/out/demo"
	if filepath.Base(dir) == reports.RecordFile {
		dir = filepath.Dir(dir)
	}
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		return usage("%s is not a run's folder\n  hint: %s", dir, hint)
	}
	r, err := reports.Read(dir)
	if err != nil {
		return usage("%w\n  hint: %s", err, hint)
	}
	if err := render.Write(dir, r); err != nil {
		return err
	}
	return show(cmd, r, dir, asJSON)
}
