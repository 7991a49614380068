package redis_test

import (
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/stretchr/testify/require"

	"hongbao/reference/store/redis"
	"hongbao/reference/wallet"
)

// TestDiscard deletes all load-test data that any role has written, and nothing else; it refuses live data.
func TestDiscard(t *testing.T) {
	mini := miniredis.RunT(t)
	live := dial(t, redis.Config{Addrs: []string{mini.Addr()}, Prefix: "a:"}).client
	shadow := dial(t, redis.Config{Addrs: []string{mini.Addr()}, Prefix: "a:" + redis.ShadowPrefix, Expire: time.Hour}).client
	for _, w := range writes {
		require.NoError(t, w.call(t.Context(), rolesOf(live)), w.name)
	}
	before := mini.Keys()
	for _, w := range writes {
		require.NoError(t, w.call(t.Context(), rolesOf(shadow)), w.name)
	}
	const more = 3000 // several steps of a scan
	for i := range more {
		require.NoError(t, mini.Set("a:shadow:more:"+strings.Repeat("x", i%7)+string(rune('a'+i%26))+time.Duration(i).String(), "1"))
	}
	written := len(mini.Keys()) - len(before)
	require.Greater(t, written, more)

	_, err := live.Discard(t.Context())
	require.ErrorIs(t, err, wallet.ErrInvalid)
	require.Len(t, mini.Keys(), len(before)+written)
	deleted, err := shadow.Discard(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, written, deleted)
	require.Equal(t, before, mini.Keys(), "live data is unchanged")
	deleted, err = shadow.Discard(t.Context())
	require.NoError(t, err)
	require.Zero(t, deleted, "nothing remains")
	mini.SetError("LOADING the data")
	_, err = shadow.Discard(t.Context())
	require.ErrorIs(t, err, wallet.ErrUnavailable)
}

// TestDiscardEverywhere is the same on servers and on a Cluster, whose nodes each store a part.
func TestDiscardEverywhere(t *testing.T) {
	onEach(t, func(t *testing.T, e endpoint) {
		live, shadow := rolesOf(e.client.Apart(e.begin+"a:")), e.client.Apart(e.begin+"a:"+redis.ShadowPrefix)
		for _, w := range writes {
			require.NoError(t, w.call(t.Context(), live), w.name)
			require.NoError(t, w.call(t.Context(), rolesOf(shadow)), w.name)
		}
		deleted, err := shadow.Discard(t.Context())
		require.NoError(t, err)
		require.GreaterOrEqual(t, deleted, int64(len(writes))/2, "some roles write to the same key")
		for _, w := range writes {
			stored, err := w.done(t.Context(), live)
			require.NoError(t, err)
			require.NotZero(t, stored, w.name)
			left, err := w.done(t.Context(), rolesOf(shadow))
			require.NoError(t, err)
			require.Zero(t, left, w.name)
		}
		deleted, err = shadow.Discard(t.Context())
		require.NoError(t, err)
		require.Zero(t, deleted)
	})
}
