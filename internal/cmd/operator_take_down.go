package cmd

import (
	"github.com/spf13/cobra"

	"hongbao/reference/sdk/client"
)

func takeDownCommand(f *operatorFlags) *cobra.Command {
	return &cobra.Command{Use: "take-down ID", Short: "Withdraw an announcement", Args: arguments(1, 1, "one announcement"), Example: "  hongbao operator take-down 3",
		RunE: f.runNumber("an announcement", func(cmd *cobra.Command, o *client.OperatorClient, id int64) error {
			return o.WithdrawAnnouncement(cmd.Context(), id)
		})}
}
