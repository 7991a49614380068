package open

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"

	"hongbao/reference/server/auth"
	"hongbao/reference/token"
)

// PrepareFolder creates a folder if it is missing, and checks that files can be created in it.
func PrepareFolder(dir string, mode fs.FileMode) error {
	if err := os.MkdirAll(dir, mode); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".try-*")
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// PrepareDataFolder prepares a folder for keys and stores that only this user may read. ErrConfig: it cannot be written.
func PrepareDataFolder(dir string) error {
	if err := PrepareFolder(dir, 0o700); err != nil {
		return configError("--data %s: %w\n  hint: name a folder that can be written", dir, err)
	}
	return nil
}

// MakeKeys creates the missing key files.
func MakeKeys(c *Config) error {
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

// OpenKeys reads the keys. An embedded service creates them at its first start. One of several instances does not: each
// would create its own keys and refuse the signatures of the others.
func OpenKeys(c *Config) (auth.Keys, *token.Keyring, error) {
	if c.embedded() {
		if err := MakeKeys(c); err != nil {
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
