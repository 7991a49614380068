//go:build unix

package attack

import (
	"io"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A connection is alive while it has no unread bytes. Under TLS it may have some: a server sends tickets at any time.
func TestLook(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	here, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	defer here.Close()
	there, err := l.Accept()
	require.NoError(t, err)
	look := newConnProbe(here)
	require.True(t, look.alive(false))
	_, err = io.WriteString(there, "x")
	require.NoError(t, err)
	require.Eventually(t, func() bool { return !look.alive(false) }, 5*time.Second, time.Millisecond)
	require.True(t, look.alive(true))
	b := make([]byte, 1)
	_, err = io.ReadFull(here, b)
	require.NoError(t, err)
	require.Equal(t, "x", string(b), "the probe does not consume bytes")
	require.True(t, look.alive(false))
	require.NoError(t, there.Close())
	require.Eventually(t, func() bool { return !look.alive(true) }, 5*time.Second, time.Millisecond, "closed")
}
