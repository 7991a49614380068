package cmd

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"hongbao/reference/sdk/client"
	"hongbao/reference/wallet"
)

// versionJSON is the --json form of a version of the page configuration.
type versionJSON struct {
	Version int64  `json:"version"`
	By      string `json:"by"`
	AtUs    int64  `json:"at_us"`
}

func pageCommands(f *operatorFlags) *cobra.Command {
	cmd := &cobra.Command{Use: "page", Short: "Manage the versions of the wallet page's configuration", Args: subcommandOnly, RunE: help}
	cmd.AddCommand(pageShow(f), pageVersions(f), pagePublish(f), pageRollback(f))
	return cmd
}

func pageShow(f *operatorFlags) *cobra.Command {
	return &cobra.Command{Use: "show [VERSION]", Short: "Print the active configuration, or a given version", Args: arguments(0, 1, "at most one version"),
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
	return &cobra.Command{Use: "versions", Short: "List the newest versions", Args: noArguments, Example: "  hongbao operator page versions --json",
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
	cmd := &cobra.Command{Use: "publish FILE", Short: "Activate a JSON object as the next version", Args: oneFile,
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
	cmd := &cobra.Command{Use: "rollback VERSION", Short: "Activate the content of an old version as the next version", Args: arguments(1, 1, "one version"),
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
	if err := checkAtLeast(wasFlag, was, 0); err != nil {
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
