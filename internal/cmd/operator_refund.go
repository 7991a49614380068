package cmd

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"hongbao/reference/sdk/client"
	"hongbao/reference/wallet"
)

func refundCommand(f *operatorFlags) *cobra.Command {
	return &cobra.Command{Use: "refund ORDER", Short: "Refund an unused reward other than cash", Args: arguments(1, 1, "one order"),
		Example: "  hongbao operator refund 17_movie_1_10_3",
		RunE: f.run(func(cmd *cobra.Command, o *client.OperatorClient, args []string) error {
			no, err := wallet.ParseOrderNo(args[0])
			if err != nil {
				return err
			}
			item, err := o.RefundReward(cmd.Context(), no)
			if err != nil {
				return err
			}
			return f.print(cmd.OutOrStdout(), map[string]string{"order": no.String(), "reward": string(item.Reward), "state": item.State.String()}, func(w io.Writer) {
				fmt.Fprintf(w, "%s of %s is %s\n", item.Reward, no, item.State)
			})
		})}
}
