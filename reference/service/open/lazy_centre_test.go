package open

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/stretchr/testify/require"

	"hongbao/reference/store/redis"
	"hongbao/reference/wallet"
)

// TestLateCentre: a centre that is not there when the service starts is found when it comes.
func TestLateCentre(t *testing.T) {
	mini := miniredis.RunT(t)
	var up atomic.Bool
	l := &lazyCentre{at: redis.Config{Addrs: []string{mini.Addr()}, Dial: func(context.Context, string) (net.Conn, error) {
		if !up.Load() {
			return nil, errors.New("nobody is there")
		}
		return connect(mini), nil
	}}}
	_, _, err := l.Read(t.Context())
	require.ErrorIs(t, err, wallet.ErrUnavailable)
	require.ErrorIs(t, l.Set(t.Context(), wallet.SwitchStopCash, true), wallet.ErrUnavailable)
	require.ErrorIs(t, l.Change(t.Context(), wallet.Settings{Release: wallet.Release{Den: 1}}), wallet.ErrUnavailable)

	up.Store(true)
	require.NoError(t, l.Set(t.Context(), wallet.SwitchStopCash, true))
	require.NoError(t, l.Change(t.Context(), wallet.Settings{Release: wallet.Release{Den: 1}}))
	on, have, err := l.Read(t.Context())
	require.NoError(t, err)
	require.True(t, on[wallet.SwitchStopCash])
	require.EqualValues(t, 1, have.Version)

	l.close()
	_, _, err = l.Read(t.Context())
	require.ErrorIs(t, err, wallet.ErrUnavailable, "a service that has stopped asks nothing more")
	l.close()
}
