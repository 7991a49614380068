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

// switchJSON is one switch in --json.
type switchJSON struct {
	Name       wallet.Switch `json:"name"`
	On         bool          `json:"on"`
	Passive    bool          `json:"passive"`
	Dependency string        `json:"dependency"`
	Does       string        `json:"does"`
	DoesZH     string        `json:"does_zh"`
	Notice     string        `json:"notice"`
	NoticeZH   string        `json:"notice_zh"`
	Tripped    []string      `json:"tripped"`
	SinceUs    int64         `json:"since_us"`
}

func switchCommands(f *operatorFlags) *cobra.Command {
	cmd := &cobra.Command{Use: "switch", Short: "Degrade switches: list them, turn them on and off", Args: noArguments, RunE: help}
	list := &cobra.Command{Use: "list", Short: "List the switches, what they do and what users notice", Args: cobra.NoArgs,
		Example: "  hongbao operator switch list\n  hongbao operator switch list --json",
		RunE: f.run(func(cmd *cobra.Command, o *client.Operator, _ []string) error {
			all, err := o.Switches(cmd.Context())
			if err != nil {
				return err
			}
			out := make([]switchJSON, len(all))
			for i, s := range all {
				out[i] = switchJSON{s.Name, s.On, s.Passive, s.Dependency, s.Does, s.DoesZH, s.Notice, s.NoticeZH, s.Tripped, int64(s.Since)}
			}
			return f.print(cmd.OutOrStdout(), out, func(w io.Writer) { listSwitches(w, all) })
		})}
	set := &cobra.Command{Use: "set NAME on|off", Short: "Turn a switch on or off, for all instances", Args: cobra.ExactArgs(2),
		Example: "  hongbao operator switch set stop-withdrawals on\n  hongbao operator switch set stop-withdrawals off",
		RunE: f.run(func(cmd *cobra.Command, o *client.Operator, args []string) error {
			if args[1] != "on" && args[1] != "off" {
				return usage("%q is neither on nor off", args[1])
			}
			if err := o.SetSwitch(cmd.Context(), wallet.Switch(args[0]), args[1] == "on"); err != nil {
				return err
			}
			all, err := o.Switches(cmd.Context())
			if err != nil {
				return fmt.Errorf("%s is turned %s, but cannot be read back: %w", args[0], args[1], err)
			}
			return f.print(cmd.OutOrStdout(), map[string]any{"name": args[0], "on": args[1] == "on"}, func(w io.Writer) {
				listSwitches(w, slices.DeleteFunc(all, func(s client.Switch) bool { return string(s.Name) != args[0] }))
				fmt.Fprintf(w, "%s is %s; every instance hears of it within some seconds\n", args[0], args[1])
			})
		})}
	cmd.AddCommand(list, set)
	return cmd
}

// listSwitches writes the switches for people.
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

// settingsJSON is the settings in --json.
type settingsJSON struct {
	Version        int64   `json:"version"`
	ReleaseNum     int64   `json:"release_num"`
	ReleaseDen     int64   `json:"release_den"`
	WhiteList      []int64 `json:"white_list"`
	WithdrawPerDay int64   `json:"withdraw_per_day_fen"`
	WithdrawTimes  int     `json:"withdraw_times"`
	ShortPage      int     `json:"short_page"`
}

// settingsOf returns settings as --json prints them.
func settingsOf(s wallet.Settings) settingsJSON {
	out := settingsJSON{s.Version, s.Release.Num, s.Release.Den, []int64{}, int64(s.WithdrawPerDay), s.WithdrawTimes, s.ShortPage}
	for _, id := range s.Release.WhiteList {
		out.WhiteList = append(out.WhiteList, int64(id))
	}
	return out
}

func settingsCommands(f *operatorFlags) *cobra.Command {
	cmd := &cobra.Command{Use: "settings", Short: "Settings that change while the service runs", Args: noArguments, RunE: help}
	show := func(cmd *cobra.Command, s wallet.Settings) error {
		return f.print(cmd.OutOrStdout(), settingsOf(s), func(w io.Writer) {
			fmt.Fprintf(w, "version %d\nwithdrawing is open to %d in %d people, and to %d wallets in any case\na day's withdrawals: %d fen, %d times (0: no bound)\nshort pages have %d lines\n",
				s.Version, s.Release.Num, s.Release.Den, len(s.Release.WhiteList), int64(s.WithdrawPerDay), s.WithdrawTimes, s.ShortPage)
		})
	}
	get := &cobra.Command{Use: "show", Short: "Print the settings in force", Args: cobra.NoArgs, Example: "  hongbao operator settings show --json",
		RunE: f.run(func(cmd *cobra.Command, o *client.Operator, _ []string) error {
			s, err := o.Settings(cmd.Context())
			if err != nil {
				return err
			}
			return show(cmd, s)
		})}
	var release string
	var white []int64
	var perDay int64
	var times, short int
	set := &cobra.Command{Use: "set", Short: "Change settings; what is not named stays", Args: cobra.NoArgs,
		Example: "  hongbao operator settings set --release 1/10 --white-list 12,99\n  hongbao operator settings set --per-day 20000 --times 3",
		RunE: f.run(func(cmd *cobra.Command, o *client.Operator, _ []string) error {
			s, err := o.Settings(cmd.Context())
			if err != nil {
				return err
			}
			for name, change := range map[string]func() error{
				"release": func() error {
					var rest string
					if n, _ := fmt.Sscanf(release+" .", "%d/%d %s", &s.Release.Num, &s.Release.Den, &rest); n != 3 || rest != "." {
						return usage("--release %q is no share such as 1/10", release)
					}
					return nil
				},
				"white-list": func() error {
					s.Release.WhiteList = nil
					for _, id := range white {
						s.Release.WhiteList = append(s.Release.WhiteList, wallet.ActID(id))
					}
					return nil
				},
				"per-day": func() error { s.WithdrawPerDay = wallet.Money(perDay); return nil },
				"times":   func() error { s.WithdrawTimes = times; return nil },
				"short":   func() error { s.ShortPage = short; return nil },
			} {
				if cmd.Flags().Changed(name) {
					if err := change(); err != nil {
						return err
					}
				}
			}
			if s.Version, err = o.ChangeSettings(cmd.Context(), s); err != nil {
				return err
			}
			return show(cmd, s)
		})}
	set.Flags().StringVar(&release, "release", "", "open withdrawing to a share of people, such as 1/10")
	set.Flags().Int64SliceVar(&white, "white-list", nil, "wallets to which it is open in any case")
	set.Flags().Int64Var(&perDay, "per-day", 0, "fen that a person may withdraw in one day; 0 for no bound")
	set.Flags().IntVar(&times, "times", 0, "how often a person may withdraw in one day; 0 for no bound")
	set.Flags().IntVar(&short, "short", 0, "lines of a page while pages are cut short")
	cmd.AddCommand(get, set)
	return cmd
}
