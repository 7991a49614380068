package cmd

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"hongbao/scenarios"
	"hongbao/scenarios/loader"
)

func scenarioCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "scenario", Short: "List, show and validate scenario files", Args: subcommandOnly, RunE: help}
	var asJSON bool
	list := &cobra.Command{
		Use: "list [DIR]", Short: "List the scenarios in a folder", Args: arguments(0, 1, "at most one folder"),
		Example: "  hongbao scenario list\n  hongbao scenario list scenarios/regress",
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := "scenarios"
			if len(args) > 0 {
				dir = args[0]
			}
			return listScenarios(cmd.OutOrStdout(), dir)
		},
	}
	show := &cobra.Command{
		Use: "show SCENARIO", Short: "Show the calendar of a scenario: its windows and grants", Args: oneScenarioFile,
		Example: "  hongbao scenario show scenarios/spring-festival-2022.yaml",
		RunE: func(cmd *cobra.Command, args []string) error {
			s, _, err := loadScenario(args[0])
			if err != nil {
				return err
			}
			if asJSON {
				enc := json.NewEncoder(cmd.OutOrStdout())
				enc.SetIndent("", "  ")
				return enc.Encode(s)
			}
			return showScenario(cmd.OutOrStdout(), s)
		},
	}
	show.Flags().BoolVar(&asJSON, "json", false, "print the loaded scenario as JSON")
	validate := &cobra.Command{
		Use: "validate SCENARIO…", Short: "Check scenario files and report the place of each error", Args: arguments(1, anyNumber, "at least one scenario file"),
		Example: "  hongbao scenario validate scenarios/*.yaml scenarios/regress/*.yaml",
		RunE: func(cmd *cobra.Command, args []string) error {
			return validateScenarios(cmd.OutOrStdout(), args)
		},
	}
	schema := &cobra.Command{
		Use: "schema", Short: "Print the JSON Schema of scenario files, for use in editors", Args: noArguments,
		Example: "  hongbao scenario schema > scenario.schema.json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := cmd.OutOrStdout().Write(loader.Schema())
			return err
		},
	}
	cmd.AddCommand(list, show, validate, schema)
	return cmd
}

// loadScenario loads a file and returns the scenario and the file's SHA-256 in hexadecimal. Errors are usage errors.
func loadScenario(file string) (*scenarios.Scenario, string, error) {
	s, err := loader.Load(file)
	if err != nil {
		return nil, "", as(errUsage, err)
	}
	src, err := os.ReadFile(file)
	if err != nil {
		return nil, "", as(errUsage, err)
	}
	sum := sha256.Sum256(src)
	return s, hex.EncodeToString(sum[:]), nil
}

// validateScenarios checks all files and returns the errors of all invalid ones.
func validateScenarios(w io.Writer, files []string) error {
	var invalid []error
	for _, file := range files {
		if _, err := loader.Load(file); err != nil {
			invalid = append(invalid, err)
			continue
		}
		fmt.Fprintf(w, "%s is valid\n", file)
	}
	if len(invalid) == 0 {
		return nil
	}
	return as(errUsage, errors.Join(invalid...))
}

// listScenarios prints one line per scenario file; an invalid file is listed as invalid.
func listScenarios(w io.Writer, dir string) error {
	all, err := loader.List(dir)
	if err != nil {
		return as(errUsage, err)
	}
	if len(all) == 0 {
		return usage("%s: no scenario files\n  hint: give a folder that contains *.yaml files", dir)
	}
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, l := range all {
		title := "invalid: see hongbao scenario validate"
		if l.Err == nil {
			title = l.Scenario.Title
		}
		fmt.Fprintf(tw, "%s\t%s\n", l.Path, title)
	}
	return tw.Flush()
}

// showScenario prints the size of a scenario and its windows.
func showScenario(w io.Writer, s *scenarios.Scenario) error {
	fmt.Fprintf(w, "%s: %s\n%s\n\n%d people, %d grants, %d ledger instances\n\n", s.Name, s.Title, s.Description, s.People.Count, s.Grants(), s.Capacity.LedgerInstances)
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "window\tplay\tstage\tstart\tlength\tgrants")
	for _, win := range s.Windows {
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\t%d\n", win.Name, win.Play, win.Stage, win.Start.In(shanghai).Format("2006-01-02 15:04:05"), win.End().Sub(win.Start), win.Grants())
	}
	return tw.Flush()
}
