package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"hongbao/reference/server/auth"
	"hongbao/reference/token"
)

func keysCommand() *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "keys",
		Short: "Make the keys of a service, once for all its instances",
		Long: `Writes keys.json (callers, operators, the key of users' sessions) and token-keys.json (the keys of clients' tokens) into a
folder. All instances of a service need the same two files. It never replaces a file: the keys in it may be in use.`,
		Example: "  hongbao keys --data /etc/hongbao",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c := serveConfig{Keys: filepath.Join(dir, "keys.json"), TokenKeys: filepath.Join(dir, "token-keys.json")}
			if err := dataFolder(dir); err != nil {
				return err
			}
			if err := makeKeys(&c); err != nil {
				return usage("%w", err)
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s\n%s\n", c.Keys, c.TokenKeys)
			return nil
		},
	}
	cmd.Flags().StringVar(&dir, "data", "data", "folder to write into")
	return cmd
}

// prepareFolder creates a folder if it is missing, and checks that files can be created in it.
func prepareFolder(dir string, mode fs.FileMode) error {
	if err := os.MkdirAll(dir, mode); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".try-*")
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// dataFolder prepares a folder for keys and stores, which nobody else may read.
func dataFolder(dir string) error {
	if err := prepareFolder(dir, 0o700); err != nil {
		return configError("--data %s: %w\n  hint: name a folder that can be written", dir, err)
	}
	return nil
}

// makeKeys makes the key files that are not there.
func makeKeys(c *serveConfig) error {
	if err := auth.Save(c.Keys, auth.Generate()); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	ring, err := token.NewKeyring(rand.Reader)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(c.TokenKeys, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(ring.Save(f), f.Sync(), f.Close())
}

// openKeys reads the keys. An embedded service makes them at its first start. One of several instances does not: each
// would make its own, and refuse what the others have signed.
func openKeys(c *serveConfig) (auth.Keys, *token.Keyring, error) {
	if c.embedded() {
		if err := makeKeys(c); err != nil {
			return auth.Keys{}, nil, configError("%w", err)
		}
	}
	const hint = "\n  hint: make the keys once with `hongbao keys --data DIR` and give both files to every instance"
	keys, err := auth.Load(c.Keys)
	if err != nil {
		return auth.Keys{}, nil, configError("%w"+hint, err)
	}
	f, err := os.Open(c.TokenKeys)
	if err != nil {
		return auth.Keys{}, nil, configError("%w"+hint, err)
	}
	defer f.Close()
	ring, err := token.LoadKeyring(f)
	if err != nil {
		return auth.Keys{}, nil, configError("%s: %w", c.TokenKeys, err)
	}
	return keys, ring, nil
}
