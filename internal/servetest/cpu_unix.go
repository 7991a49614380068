//go:build unix

package servetest

import (
	"syscall"
	"testing"
	"time"
)

// ProcessorTime returns the CPU time, user's and system's, that this process has used: unlike the time on the wall it says what
// a grant costs on a machine that others use too.
func ProcessorTime(tb testing.TB) time.Duration {
	tb.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
