//go:build unix

package open

import (
	"os"
	"path/filepath"
	"syscall"
)

// lockData keeps a second process off the embedded stores: their Redis is in the first one's memory. The system lets
// go of the lock when the process ends, however it does.
func lockData(c *Config) (unlock func(), err error) {
	if !c.embedded() {
		return func() {}, nil
	}
	f, err := os.OpenFile(filepath.Join(c.Data, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, configError("--data %s: %w", c.Data, err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, configError("--data %s is in use by another hongbao: stop it, or choose another folder\n  hint: several instances share Redis and MySQL, see `hongbao serve --help`", c.Data)
	}
	return func() { f.Close() }, nil
}
