package cmd

import (
	"fmt"
	"io"
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
	cmd := &cobra.Command{Use: "announce", Short: "Show a text to users; it appears within a second", Args: noArguments,
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
			if err := checkDuration("for", lasts, maxAnnouncement); err != nil {
				return err
			}
			a.From, a.To = wallet.InstantOf(begin), wallet.InstantOf(begin.Add(lasts))
			for _, name := range apps {
				app, ok := wallet.ParseApp(name)
				if !ok {
					return usage("--app %s: want an app, such as douyin", name)
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
