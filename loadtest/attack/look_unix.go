//go:build unix

package attack

import (
	"net"
	"syscall"
)

// look looks at an idle connection without waiting.
type look struct {
	raw    syscall.RawConn // nil: it cannot be looked at
	peek   func(fd uintptr) bool
	result *peeked
}

type peeked struct {
	n   int
	err error
	buf [1]byte
}

func newLook(c net.Conn) look {
	s, ok := c.(syscall.Conn)
	if !ok {
		return look{}
	}
	raw, err := s.SyscallConn()
	if err != nil {
		return look{}
	}
	p := &peeked{}
	return look{raw: raw, result: p, peek: func(fd uintptr) bool {
		p.n, _, p.err = syscall.Recvfrom(int(fd), p.buf[:], syscall.MSG_PEEK)
		return true // whatever it found: no waiting
	}}
}

// quiet says whether the connection is open and silent. Under TLS a target may send tickets at any time, so there bytes
// that wait are no fault.
func (l look) quiet(secure bool) bool {
	if l.raw == nil {
		return true
	}
	if l.raw.Read(l.peek) != nil {
		return false
	}
	return l.result.err == syscall.EAGAIN || l.result.err == syscall.EINTR || l.result.n > 0 && secure
}
