// Package cmd is the command line of hongbao: one file a subcommand, with its flags, its progress and its exit codes. It
// must hold neither money rules nor the wiring of stores.
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

// Main runs the command line of this process and exits.
func Main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run executes one command line and returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := &cobra.Command{
		Use:   "hongbao",
		Short: "Rehearse a festival of red packets: replay it, break it, and see whether the money was safe",
		Long: `hongbao replays a festival of red packets against a reference wallet service and checks that nothing is
issued beyond its budget, lost, doubled or hidden.

  hongbao sim scenarios/spring-festival-2022.yaml --scale 1/1000 --strategy all
  hongbao scenario list
  hongbao report reports/out/demo

Exit codes: 0 pass, 1 internal error, 2 usage or bad scenario, 3 an invariant was violated, 4 a threshold was missed,
5 unknown (a check was never evaluated, or the load was not offered as planned), 6 a regression (compare), 130 interrupted.`,
		SilenceUsage: true, SilenceErrors: true,
		Args: noArguments, RunE: help,
	}
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(simCommand(), loadCommand(), scenarioCommand(), reportCommand(), compareCommand(), signCommand(), serveCommand(), keysCommand(), operatorCommand())
	classifyErrors(root)
	cmd, err := root.ExecuteContextC(ctx)
	code, known := exitCode(err)
	if !known { // the parser's own: an unknown flag, a wrong number of arguments
		code, err = exitUsage, fmt.Errorf("%w; see %s --help", err, cmd.CommandPath())
	}
	if err != nil && err.Error() != "" {
		fmt.Fprintln(stderr, "hongbao:", err)
	}
	return code
}

// noArguments is the Args of a command that only has commands below it: whatever comes is none of them.
func noArguments(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("there is no command %q", args[0])
	}
	return nil
}

// help is the RunE of such a command.
func help(cmd *cobra.Command, _ []string) error { return cmd.Help() }
