//go:build !unix

package open

// lockData does nothing on systems without file locks.
func lockData(*Config) (unlock func(), err error) { return func() {}, nil }
