package cmd

import (
	"github.com/spf13/cobra"

	"hongbao/reference/sdk/client"
)

func announcementsCommand(f *operatorFlags) *cobra.Command {
	return &cobra.Command{Use: "announcements", Short: "List current and future announcements", Args: noArguments, Example: "  hongbao operator announcements",
		RunE: f.run(func(cmd *cobra.Command, o *client.OperatorClient, _ []string) error {
			all, err := o.Announcements(cmd.Context())
			if err != nil {
				return err
			}
			return printList(f, cmd, all, announcementOf, announcementLine)
		})}
}
