//go:build unix

package servetest

import (
	"syscall"
	"testing"
	"time"
)

// CPUTime returns the user and system CPU time that this process has used. Unlike wall-clock time, it is a usable measure of
// cost on a machine with other load.
func CPUTime(tb testing.TB) time.Duration {
	tb.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
