//go:build unix

package attack

import (
	"net"
	"syscall"
)

// connProbe checks an idle connection without blocking (MSG_PEEK).
type connProbe struct {
	raw    syscall.RawConn // nil: the connection cannot be probed
	peek   func(fd uintptr) bool
	result *peekResult
}

type peekResult struct {
	n   int
	err error
	buf [1]byte
}

func newConnProbe(c net.Conn) connProbe {
	s, ok := c.(syscall.Conn)
	if !ok {
		return connProbe{}
	}
	raw, err := s.SyscallConn()
	if err != nil {
		return connProbe{}
	}
	p := &peekResult{}
	return connProbe{raw: raw, result: p, peek: func(fd uintptr) bool {
		p.n, _, p.err = syscall.Recvfrom(int(fd), p.buf[:], syscall.MSG_PEEK)
		return true // do not wait, whatever the result
	}}
}

// alive reports whether the connection is open and has no unread bytes. Under TLS a target may send session tickets at
// any time, so there unread bytes are allowed.
func (l connProbe) alive(secure bool) bool {
	if l.raw == nil {
		return true
	}
	if l.raw.Read(l.peek) != nil {
		return false
	}
	return l.result.err == syscall.EAGAIN || l.result.err == syscall.EINTR || l.result.n > 0 && secure
}
