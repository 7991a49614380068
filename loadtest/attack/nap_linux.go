package attack

import (
	"os"
	"syscall"
	"time"
	"unsafe"
)

// napper waits more exactly than time.Sleep, which the runtime lets overshoot by up to a millisecond because it waits in
// whole milliseconds for files and timers together. A timer of the kernel that is read as a file wakes it in time, and
// holds no processor meanwhile. One goroutine uses it.
type napper struct {
	file *os.File
	fd   uintptr
}

// Constants of timerfd_create(2).
const (
	clockMonotonic = 1
	timerFlags     = syscall.O_NONBLOCK | syscall.O_CLOEXEC
)

// newNapper returns nil where the kernel gives no timer.
func newNapper() *napper {
	fd, _, errno := syscall.Syscall(syscall.SYS_TIMERFD_CREATE, clockMonotonic, timerFlags, 0)
	if errno != 0 {
		return nil
	}
	return &napper{file: os.NewFile(fd, "timer"), fd: fd}
}

// nap waits for d, which is above zero. An error: it may not have.
func (n *napper) nap(d time.Duration) error {
	spec := struct{ interval, value syscall.Timespec }{value: syscall.NsecToTimespec(int64(d))}
	_, _, errno := syscall.Syscall6(syscall.SYS_TIMERFD_SETTIME, n.fd, 0, uintptr(unsafe.Pointer(&spec)), 0, 0, 0)
	if errno != 0 {
		return errno
	}
	var expired [8]byte
	_, err := n.file.Read(expired[:])
	return err
}

func (n *napper) close() { _ = n.file.Close() } // nothing is written to it
