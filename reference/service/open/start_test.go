package open

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestStart: an instance that Start could not run leaves the data folder free, and stop may be called again.
func TestStart(t *testing.T) {
	c := Default()
	c.Listen, c.Debug, c.Data = "127.0.0.1:0", "", t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	first, stop, err := Start(ctx, c)
	require.NoError(t, err)
	keys := first.Keys()
	_, ok := keys.Caller("demo")
	require.True(t, ok)

	second := c
	second.Data, second.Listen = t.TempDir(), first.URL()[len("http://"):]
	_, _, err = Start(t.Context(), second)
	require.ErrorIs(t, err, ErrConfig, "the port is in use")
	second.Listen = "127.0.0.1:0"
	_, stopSecond, err := Start(t.Context(), second)
	require.NoError(t, err)
	require.NoError(t, stopSecond())

	cancel() // ends it too
	require.NoError(t, stop())
	require.NoError(t, stop())
	_, stop, err = Start(t.Context(), c)
	require.NoError(t, err, "the data folder is free")
	require.NoError(t, stop())
}
