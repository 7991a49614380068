package cmd

import (
	"fmt"
	"math"
	"time"

	"github.com/spf13/cobra"
)

// arguments returns the Args of a command that takes least to most arguments. what describes them, as in "one scenario file".
func arguments(least, most int, what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) < least || len(args) > most {
			return fmt.Errorf("want %s, got %d", what, len(args))
		}
		return nil
	}
}

// The Args of several commands.
var (
	noArguments     = arguments(0, 0, "no argument")
	oneScenarioFile = arguments(1, 1, "one scenario file")
	oneFile         = arguments(1, 1, "one file")
)

// anyNumber is the most arguments of a command whose arguments are not limited.
const anyNumber = math.MaxInt

// subcommandOnly is the Args of a command that only has subcommands: an argument is an unknown subcommand.
func subcommandOnly(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("unknown command %q", args[0])
	}
	return nil
}

// help is the RunE of a command that only has subcommands.
func help(cmd *cobra.Command, _ []string) error { return cmd.Help() }

// checkNumber checks the value of a flag with bounds.
func checkNumber[T int | int64](flag string, value, least, most T) error {
	if value < least || value > most {
		return usage("--%s %d: want %d to %d", flag, value, least, most)
	}
	return nil
}

// checkAtLeast checks the value of a flag without an upper bound.
func checkAtLeast(flag string, value, least int64) error {
	if value < least {
		return usage("--%s %d: want %d or more", flag, value, least)
	}
	return nil
}

// checkDuration checks the value of a flag that is a length of time.
func checkDuration(flag string, value, most time.Duration) error {
	if value <= 0 || value > most {
		return usage("--%s %s: want a time above zero, at most %s", flag, value, most)
	}
	return nil
}
