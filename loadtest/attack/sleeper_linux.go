package attack

import (
	"os"
	"syscall"
	"time"
	"unsafe"
)

// timerfdSleeper sleeps more exactly than time.Sleep. The Go runtime waits in whole milliseconds for files and timers
// together, so time.Sleep overshoots by up to a millisecond. A kernel timer that is read as a file wakes the goroutine
// in time, and uses no processor meanwhile. One goroutine uses it.
type timerfdSleeper struct {
	file *os.File
	fd   uintptr
}

// Constants of timerfd_create(2).
const (
	clockMonotonic = 1
	timerFlags     = syscall.O_NONBLOCK | syscall.O_CLOEXEC
)

// newTimerfdSleeper returns nil if the kernel provides no timer.
func newTimerfdSleeper() *timerfdSleeper {
	fd, _, errno := syscall.Syscall(syscall.SYS_TIMERFD_CREATE, clockMonotonic, timerFlags, 0)
	if errno != 0 {
		return nil
	}
	return &timerfdSleeper{file: os.NewFile(fd, "timer"), fd: fd}
}

// sleep waits for d, which must be above zero. After an error it may not have waited.
func (n *timerfdSleeper) sleep(d time.Duration) error {
	spec := struct{ interval, value syscall.Timespec }{value: syscall.NsecToTimespec(int64(d))}
	_, _, errno := syscall.Syscall6(syscall.SYS_TIMERFD_SETTIME, n.fd, 0, uintptr(unsafe.Pointer(&spec)), 0, 0, 0)
	if errno != 0 {
		return errno
	}
	var expired [8]byte
	_, err := n.file.Read(expired[:])
	return err
}

func (n *timerfdSleeper) close() { _ = n.file.Close() } // nothing is written to it
