//go:build unix

package attack

import (
	"net"
	"syscall"
)

// quiet says whether an idle connection is open and silent, by a look that does not wait. Under TLS a target may send
// tickets at any time, so there bytes that wait are no fault.
func quiet(c net.Conn, secure bool) bool {
	s, ok := c.(syscall.Conn)
	if !ok {
		return true
	}
	raw, err := s.SyscallConn()
	if err != nil {
		return false
	}
	silent := false
	err = raw.Read(func(fd uintptr) bool {
		var b [1]byte
		n, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK)
		silent = err == syscall.EAGAIN || err == syscall.EINTR || n > 0 && secure
		return true
	})
	return err == nil && silent
}
