package main

import (
	"github.com/spf13/cobra"

	"hongbao/reports"
)

func reportCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "report RUN…",
		Short: "Render runs again from their record.json",
		Long:  "Reads each run's record.json, writes report.html, summary.md and junit.xml beside it again, and prints the tables.",
		Example: `  hongbao report reports/out/demo
  hongbao report reports/out/demo --json`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			for _, dir := range args {
				r, err := reports.Read(dir)
				if err != nil {
					return usage("%v", err)
				}
				if err := reports.Write(dir, r); err != nil {
					return internal(err)
				}
				if err := show(cmd, r, dir, asJSON); err != nil {
					return internal(err)
				}
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the record as JSON instead of the tables")
	return cmd
}
