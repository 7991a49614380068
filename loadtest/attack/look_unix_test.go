//go:build unix

package attack

import (
	"io"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A connection is quiet while nothing waits to be read. Under TLS something may: a server sends tickets when it likes.
func TestLook(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	here, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	defer here.Close()
	there, err := l.Accept()
	require.NoError(t, err)
	look := newLook(here)
	require.True(t, look.quiet(false))
	_, err = io.WriteString(there, "x")
	require.NoError(t, err)
	require.Eventually(t, func() bool { return !look.quiet(false) }, 5*time.Second, time.Millisecond)
	require.True(t, look.quiet(true))
	b := make([]byte, 1)
	_, err = io.ReadFull(here, b)
	require.NoError(t, err)
	require.Equal(t, "x", string(b), "looking takes nothing away")
	require.True(t, look.quiet(false))
	require.NoError(t, there.Close())
	require.Eventually(t, func() bool { return !look.quiet(true) }, 5*time.Second, time.Millisecond, "closed")
}
