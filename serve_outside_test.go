package main

import (
	"fmt"

	"testing"

	"github.com/stretchr/testify/require"
)

// TestOutsideIsNarrow: a service reaches other people's systems through gates alone.
func TestOutsideIsNarrow(t *testing.T) {
	t.Parallel()
	c := defaultConfig()
	c.Data = t.TempDir()
	require.NoError(t, c.finish())
	s, err := newService(t.Context(), c)
	require.NoError(t, err)
	t.Cleanup(s.close)
	require.Len(t, s.live.behind.downstreams, 12)
	for award, d := range s.live.behind.downstreams {
		require.Equal(t, "limit.narrowDownstream", fmt.Sprintf("%T", d), award)
	}
	require.Equal(t, "limit.narrowBank", fmt.Sprintf("%T", s.live.bank))
}
