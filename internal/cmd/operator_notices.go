package cmd

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"hongbao/reference/sdk/client"
	"hongbao/reference/wallet"
)

// maxAnnouncement bounds how long a text is shown. It is longer than a festival.
const maxAnnouncement = 90 * 24 * time.Hour

func announceCommand(f *operatorFlags) *cobra.Command {
	var a wallet.Announcement
	var apps []string
	var from string
	var lasts time.Duration
	cmd := &cobra.Command{Use: "announce", Short: "Show a text to users; it appears within a second", Args: cobra.NoArgs,
		Example: `  hongbao operator announce --text 'The rain begins at 20:00' --zh '红包雨 20:00 开始' --for 2h
  hongbao operator announce --zh '提现稍后到账' --app xigua,toutiao --from 2022-01-31T20:00:00+08:00 --for 30m`,
		RunE: f.run(func(cmd *cobra.Command, o *client.OperatorClient, _ []string) error {
			begin := time.Now().Truncate(time.Second)
			if from != "" {
				var err error
				if begin, err = time.Parse(time.RFC3339, from); err != nil {
					return usage("--from: %w", err)
				}
			}
			if lasts <= 0 || lasts > maxAnnouncement {
				return usage("--for %s: want a time above zero, at most %s", lasts, maxAnnouncement)
			}
			a.From, a.To = wallet.InstantOf(begin), wallet.InstantOf(begin.Add(lasts))
			for _, name := range apps {
				app, ok := wallet.ParseApp(name)
				if !ok {
					return usage("--app %q: unknown app", name)
				}
				a.Apps = append(a.Apps, app)
			}
			var err error
			if a.ID, err = o.Announce(cmd.Context(), a); err != nil {
				return err
			}
			return f.print(cmd.OutOrStdout(), announcementOf(a), func(w io.Writer) { fmt.Fprintln(w, announcementLine(a)) })
		})}
	fl := cmd.Flags()
	fl.StringVar(&a.Text, "text", "", "the text in English")
	fl.StringVar(&a.TextZH, "zh", "", "the text in Chinese")
	fl.StringSliceVar(&apps, "app", nil, "apps whose users see it (default all)")
	fl.StringVar(&from, "from", "", "start time, such as 2022-01-31T20:00:00+08:00 (default now)")
	fl.DurationVar(&lasts, "for", time.Hour, "how long it is shown")
	cmd.MarkFlagsOneRequired("text", "zh")
	return cmd
}

// announcementJSON is the --json form of an announcement.
type announcementJSON struct {
	ID     int64    `json:"id"`
	Text   string   `json:"text"`
	TextZH string   `json:"text_zh"`
	Apps   []string `json:"apps"`
	FromUs int64    `json:"from_us"`
	ToUs   int64    `json:"to_us"`
}

func announcementOf(a wallet.Announcement) announcementJSON {
	out := announcementJSON{a.ID, a.Text, a.TextZH, []string{}, int64(a.From), int64(a.To)}
	for _, app := range a.Apps {
		out.Apps = append(out.Apps, app.String())
	}
	return out
}

// announcementLine returns an announcement as one line.
func announcementLine(a wallet.Announcement) string {
	who := "all apps"
	if len(a.Apps) > 0 {
		who = strings.Join(announcementOf(a).Apps, ", ")
	}
	return fmt.Sprintf("%d  %s to %s  %s  %s", a.ID, a.From.Time().Format(time.RFC3339), a.To.Time().Format(time.RFC3339), who, strings.TrimSpace(a.Text+"  "+a.TextZH))
}

func announcementsCommand(f *operatorFlags) *cobra.Command {
	return &cobra.Command{Use: "announcements", Short: "List current and future announcements", Args: cobra.NoArgs, Example: "  hongbao operator announcements",
		RunE: f.run(func(cmd *cobra.Command, o *client.OperatorClient, _ []string) error {
			all, err := o.Announcements(cmd.Context())
			if err != nil {
				return err
			}
			return printList(f, cmd, all, announcementOf, announcementLine)
		})}
}

func takeDownCommand(f *operatorFlags) *cobra.Command {
	return &cobra.Command{Use: "take-down ID", Short: "Withdraw an announcement", Args: cobra.ExactArgs(1), Example: "  hongbao operator take-down 3",
		RunE: f.runNumber("an announcement", func(cmd *cobra.Command, o *client.OperatorClient, id int64) error {
			return o.WithdrawAnnouncement(cmd.Context(), id)
		})}
}

// versionJSON is the --json form of a version of the page configuration.
type versionJSON struct {
	Version int64  `json:"version"`
	By      string `json:"by"`
	AtUs    int64  `json:"at_us"`
}

func pageCommands(f *operatorFlags) *cobra.Command {
	cmd := &cobra.Command{Use: "page", Short: "Manage the versions of the wallet page's configuration", Args: noArguments, RunE: help}
	cmd.AddCommand(pageShow(f), pageVersions(f), pagePublish(f), pageRollback(f))
	return cmd
}

func pageShow(f *operatorFlags) *cobra.Command {
	return &cobra.Command{Use: "show [VERSION]", Short: "Print the active configuration, or a given version", Args: cobra.MaximumNArgs(1),
		Example: "  hongbao operator page show\n  hongbao operator page show 2",
		RunE: f.run(func(cmd *cobra.Command, o *client.OperatorClient, args []string) (err error) {
			version := int64(0)
			if len(args) > 0 {
				if version, err = parseNumber(args[0], "a version"); err != nil {
					return err
				}
			}
			c, err := o.PageConfig(cmd.Context(), version)
			if err != nil {
				return err
			}
			if c.Version == 0 {
				return usage("no page configuration has been published")
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s\n", c.Body)
			return err
		})}
}

func pageVersions(f *operatorFlags) *cobra.Command {
	return &cobra.Command{Use: "versions", Short: "List the newest versions", Args: cobra.NoArgs, Example: "  hongbao operator page versions --json",
		RunE: f.run(func(cmd *cobra.Command, o *client.OperatorClient, _ []string) error {
			all, err := o.PageConfigs(cmd.Context(), wallet.MaxPage)
			if err != nil {
				return err
			}
			return printList(f, cmd, all,
				func(c wallet.PageConfig) versionJSON { return versionJSON{c.Version, c.By, int64(c.At)} },
				func(c wallet.PageConfig) string {
					return fmt.Sprintf("%d  %s  by %s", c.Version, c.At.Time().Format(time.RFC3339), c.By)
				})
		})}
}

func pagePublish(f *operatorFlags) *cobra.Command {
	cmd := &cobra.Command{Use: "publish FILE", Short: "Activate a JSON object as the next version", Args: cobra.ExactArgs(1),
		Example: "  hongbao operator page publish page.json\n  hongbao operator page publish page.json --was 3",
		RunE: f.run(func(cmd *cobra.Command, o *client.OperatorClient, args []string) error {
			body, err := readAtMost(args[0], wallet.MaxPageConfig)
			if err != nil {
				return err
			}
			return f.changePage(cmd, o, func(was int64) (int64, error) { return o.PublishPageConfig(cmd.Context(), body, was) })
		})}
	addWasFlag(cmd)
	return cmd
}

func pageRollback(f *operatorFlags) *cobra.Command {
	cmd := &cobra.Command{Use: "rollback VERSION", Short: "Activate the content of an old version as the next version", Args: cobra.ExactArgs(1),
		Example: "  hongbao operator page rollback 2",
		RunE: f.runNumber("a version", func(cmd *cobra.Command, o *client.OperatorClient, to int64) error {
			return f.changePage(cmd, o, func(was int64) (int64, error) { return o.RollBackPageConfig(cmd.Context(), to, was) })
		})}
	addWasFlag(cmd)
	return cmd
}

// wasFlag is the version that a change of the page configuration is based on.
const wasFlag = "was"

func addWasFlag(cmd *cobra.Command) {
	cmd.Flags().Int64(wasFlag, 0, "version that the change is based on; if another one is active, the change is refused (default the active version)")
}

// changePage makes a change of the page configuration based on the version of --was, and prints the new version.
func (f *operatorFlags) changePage(cmd *cobra.Command, o *client.OperatorClient, change func(was int64) (int64, error)) error {
	was, err := cmd.Flags().GetInt64(wasFlag)
	if err != nil {
		return err
	}
	if !cmd.Flags().Changed(wasFlag) {
		newest, err := o.PageConfigs(cmd.Context(), 1)
		if err != nil {
			return err
		}
		if len(newest) > 0 {
			was = newest[0].Version
		}
	}
	version, err := change(was)
	if err != nil {
		return err
	}
	return f.print(cmd.OutOrStdout(), map[string]int64{"version": version}, func(w io.Writer) { fmt.Fprintf(w, "version %d is active\n", version) })
}

// readFile reads a file, but at most limit bytes and one.
func readFile(name string, limit int64) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, limit+1))
}

// readAtMost reads a file of at most limit bytes.
func readAtMost(name string, limit int) ([]byte, error) {
	b, err := readFile(name, int64(limit))
	if err != nil {
		return nil, usage("%w", err)
	}
	if len(b) > limit {
		return nil, usage("%s is larger than %d bytes", name, limit)
	}
	return b, nil
}
