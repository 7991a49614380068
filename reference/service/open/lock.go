//go:build unix

package open

import (
	"os"
	"path/filepath"
	"syscall"
)

// lockData prevents a second process from using the embedded stores, whose Redis is in the memory of the first. The system
// releases the lock when the process ends, in whatever way.
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
