package cmd

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"hongbao/reference/sdk/client"
	"hongbao/reference/wallet"
)

// settingsJSON is the --json form of the settings.
type settingsJSON struct {
	Version        int64   `json:"version"`
	ReleaseNum     int64   `json:"release_num"`
	ReleaseDen     int64   `json:"release_den"`
	WhiteList      []int64 `json:"white_list"`
	WithdrawPerDay int64   `json:"withdraw_per_day_fen"`
	WithdrawTimes  int     `json:"withdraw_times"`
	ShortPage      int     `json:"short_page"`
}

// settingsOf returns the --json form of settings.
func settingsOf(s wallet.Settings) settingsJSON {
	out := settingsJSON{s.Version, s.Release.Num, s.Release.Den, []int64{}, int64(s.WithdrawPerDay), s.WithdrawTimes, s.ShortPage}
	for _, id := range s.Release.WhiteList {
		out.WhiteList = append(out.WhiteList, int64(id))
	}
	return out
}

func settingsCommands(f *operatorFlags) *cobra.Command {
	cmd := &cobra.Command{Use: "settings", Short: "Show and change the settings of a running service", Args: subcommandOnly, RunE: help}
	cmd.AddCommand(settingsShow(f), settingsSet(f))
	return cmd
}

// printSettings prints the settings of an answer, or returns its error.
func (f *operatorFlags) printSettings(cmd *cobra.Command, s wallet.Settings, err error) error {
	if err != nil {
		return err
	}
	return f.print(cmd.OutOrStdout(), settingsOf(s), func(w io.Writer) {
		fmt.Fprintf(w, "version %d\nwithdrawals are open to %d in %d people, and always to %d wallets\nlimits per person and day: %d fen, %d withdrawals (0 = no limit)\nshort pages have %d lines\n",
			s.Version, s.Release.Num, s.Release.Den, len(s.Release.WhiteList), int64(s.WithdrawPerDay), s.WithdrawTimes, s.ShortPage)
	})
}

func settingsShow(f *operatorFlags) *cobra.Command {
	return &cobra.Command{Use: "show", Short: "Print the active settings", Args: noArguments, Example: "  hongbao operator settings show --json",
		RunE: f.run(func(cmd *cobra.Command, o *client.OperatorClient, _ []string) error {
			s, err := o.Settings(cmd.Context())
			return f.printSettings(cmd, s, err)
		})}
}

// settingsFlags are the flags of hongbao operator settings set. Only flags that are given change a setting.
type settingsFlags struct {
	release      string
	whiteList    []int64
	perDay       int64
	times, short int
}

func settingsSet(f *operatorFlags) *cobra.Command {
	var c settingsFlags
	cmd := &cobra.Command{Use: "set", Short: "Change settings; those without a flag stay unchanged", Args: noArguments,
		Example: "  hongbao operator settings set --release 1/10 --white-list 12,99\n  hongbao operator settings set --per-day 20000 --times 3",
		RunE: f.run(func(cmd *cobra.Command, o *client.OperatorClient, _ []string) error {
			if err := c.check(cmd.Flags().Changed); err != nil {
				return err
			}
			s, err := o.Settings(cmd.Context())
			if err != nil {
				return err
			}
			if err := c.apply(&s, cmd.Flags().Changed); err != nil {
				return err
			}
			s.Version, err = o.ChangeSettings(cmd.Context(), s)
			return f.printSettings(cmd, s, err)
		})}
	cmd.Flags().StringVar(&c.release, "release", "", "share of people to whom withdrawals are open, such as 1/10")
	cmd.Flags().Int64SliceVar(&c.whiteList, "white-list", nil, "wallets to which withdrawals are always open")
	cmd.Flags().Int64Var(&c.perDay, "per-day", 0, "fen that a person may withdraw per day; 0 = no limit")
	cmd.Flags().IntVar(&c.times, "times", 0, "number of withdrawals of a person per day; 0 = no limit")
	cmd.Flags().IntVar(&c.short, "short", 0, "number of lines on a page while pages are shortened")
	return cmd
}

// check returns a usage error for values that no settings may have.
func (c *settingsFlags) check(given func(flag string) bool) error {
	s := wallet.Settings{Release: wallet.Release{Num: 1, Den: 1}}
	if err := c.apply(&s, given); err != nil {
		return err
	}
	return classifyReply(s.Validate())
}

// apply sets in s the settings whose flags are given.
func (c *settingsFlags) apply(s *wallet.Settings, given func(flag string) bool) error {
	if given("release") {
		var rest string
		if n, _ := fmt.Sscanf(c.release+" .", "%d/%d %s", &s.Release.Num, &s.Release.Den, &rest); n != 3 || rest != "." {
			return usage("--release %s: want a share such as 1/10", c.release)
		}
	}
	if given("white-list") {
		s.Release.WhiteList = nil
		for _, id := range c.whiteList {
			s.Release.WhiteList = append(s.Release.WhiteList, wallet.ActID(id))
		}
	}
	if given("per-day") {
		s.WithdrawPerDay = wallet.Money(c.perDay)
	}
	if given("times") {
		s.WithdrawTimes = c.times
	}
	if given("short") {
		s.ShortPage = c.short
	}
	return nil
}
