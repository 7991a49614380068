package cmd

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"hongbao/reference/sdk/client"
	"hongbao/reference/wallet"
)

// switchJSON is the --json form of a switch.
type switchJSON struct {
	Name       wallet.Switch  `json:"name"`
	On         bool           `json:"on"`
	Passive    bool           `json:"passive"`
	Dependency string         `json:"dependency"`
	Does       string         `json:"does"`
	DoesZH     string         `json:"does_zh"`
	Notice     string         `json:"notice"`
	NoticeZH   string         `json:"notice_zh"`
	Tripped    []string       `json:"tripped"`
	Since      wallet.Instant `json:"since_us"`
}

func switchCommands(f *operatorFlags) *cobra.Command {
	cmd := &cobra.Command{Use: "switch", Short: "Degrade switches: list them, turn them on and off", Args: subcommandOnly, RunE: help}
	list := &cobra.Command{Use: "list", Short: "List the switches with their effect and what users notice", Args: noArguments,
		Example: "  hongbao operator switch list\n  hongbao operator switch list --json",
		RunE: f.run(func(cmd *cobra.Command, o *client.OperatorClient, _ []string) error {
			all, err := o.Switches(cmd.Context())
			if err != nil {
				return err
			}
			out := make([]switchJSON, len(all))
			for i, s := range all {
				out[i] = switchJSON(s)
			}
			return f.print(cmd.OutOrStdout(), out, func(w io.Writer) { listSwitches(w, all) })
		})}
	set := &cobra.Command{Use: "set NAME on|off", Short: "Turn a switch on or off, for all instances", Args: arguments(2, 2, "a switch and on or off"),
		Example: "  hongbao operator switch set stop-withdrawals on\n  hongbao operator switch set stop-withdrawals off",
		RunE: f.run(func(cmd *cobra.Command, o *client.OperatorClient, args []string) error {
			if args[1] != "on" && args[1] != "off" {
				return usage("%q: want on or off", args[1])
			}
			if err := o.SetSwitch(cmd.Context(), wallet.Switch(args[0]), args[1] == "on"); err != nil {
				return err
			}
			all, err := o.Switches(cmd.Context())
			if err != nil {
				return fmt.Errorf("%s is turned %s, but the list of switches cannot be read: %w", args[0], args[1], err)
			}
			return f.print(cmd.OutOrStdout(), map[string]any{"name": args[0], "on": args[1] == "on"}, func(w io.Writer) {
				listSwitches(w, slices.DeleteFunc(all, func(s client.Switch) bool { return string(s.Name) != args[0] }))
				fmt.Fprintf(w, "%s is %s; all instances apply it within a few seconds\n", args[0], args[1])
			})
		})}
	cmd.AddCommand(list, set)
	return cmd
}

// listSwitches writes the switches as text.
func listSwitches(w io.Writer, all []client.Switch) {
	for _, s := range all {
		state := "off"
		if s.On {
			state = "ON"
		}
		if len(s.Tripped) > 0 {
			state += ", tripped by " + strings.Join(s.Tripped, "; ")
		}
		kind := "active"
		if s.Passive {
			kind = "passive"
		}
		fmt.Fprintf(w, "%s: %s (%s, %s)\n", s.Name, state, kind, s.Dependency)
		for _, line := range []string{s.Does, s.DoesZH, "users: " + s.Notice, "用户: " + s.NoticeZH} {
			fmt.Fprintf(w, "    %s\n", line)
		}
	}
}
