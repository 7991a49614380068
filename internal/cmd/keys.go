package cmd

import (
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"hongbao/reference/service/open"
)

func keysCommand() *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "keys",
		Short: "Generate the key files of a service, once for all instances",
		Long: `Writes keys.json (the keys of upstreams, operators and user sessions) and token-keys.json (the keys of clients' tokens)
into a folder, and prints the two paths. All instances of a service need the same two files. An existing file is never
replaced, because its keys may be in use.`,
		Example: `  hongbao keys
  hongbao keys --data /etc/hongbao`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c := open.Config{Keys: filepath.Join(dir, "keys.json"), TokenKeys: filepath.Join(dir, "token-keys.json")}
			if err := open.PrepareDataFolder(dir); err != nil {
				return err
			}
			if err := open.MakeKeys(&c); err != nil {
				return usage("%w", err)
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s\n%s\n", c.Keys, c.TokenKeys)
			return nil
		},
	}
	cmd.Flags().StringVar(&dir, "data", "data", "folder of the key files")
	return cmd
}
