// Package cmd is the command line of hongbao: the flags, the progress and the output of each subcommand, and the exit codes.
// A subcommand has one file, named after it; a large one has several with its name as prefix. It must contain neither rules about money nor the construction of stores.
package cmd

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// Main executes the command line of this process and exits with its exit code.
func Main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run executes one command line and returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := &cobra.Command{
		Use:   "hongbao",
		Short: "Rehearse a red-packet festival: replay it, inject faults, and check that the money was safe",
		Long: `hongbao replays a red-packet festival against a reference wallet service and checks that no money is issued beyond its
budget, lost, paid twice or hidden from its owner.

Exit codes: 0 pass, 1 internal error, 2 usage or bad scenario, 3 an invariant was violated, 4 a threshold was missed,
5 unknown (a check was not evaluated, or the load was not offered as planned), 6 regression (compare), 130 interrupted.`,
		Example: `  hongbao scenario list
  hongbao sim scenarios/spring-festival-2022.yaml --scale 1/1000 --strategy all --out reports/out/demo
  hongbao report reports/out/demo
  hongbao load scenarios/rain-peak.yaml --peak 1000/s --duration 5s
  hongbao serve`,
		SilenceUsage: true, SilenceErrors: true,
		Args: subcommandOnly, RunE: help,
	}
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(simCommand(), loadCommand(), scenarioCommand(), reportCommand(), compareCommand(), signCommand(), serveCommand(), keysCommand(), operatorCommand())
	classifyErrors(root)
	cmd, err := root.ExecuteContextC(ctx)
	code, known := exitCode(err)
	if !known { // from the parser: an unknown flag or a wrong number of arguments
		code, err = exitUsage, fmt.Errorf("%w; see %s --help", err, cmd.CommandPath())
	}
	if err != nil && err.Error() != "" {
		fmt.Fprintln(stderr, "hongbao:", err)
	}
	return code
}
