package open

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestOutsideIsNarrow: a service reaches other people's systems through gates alone.
func TestOutsideIsNarrow(t *testing.T) {
	t.Parallel()
	c := Default()
	c.Data = t.TempDir()
	require.NoError(t, c.Complete())
	s, err := New(t.Context(), c)
	require.NoError(t, err)
	t.Cleanup(s.Close)
	require.Len(t, s.live.Downstreams, 12)
	for award, d := range s.live.Downstreams {
		require.Equal(t, "limit.narrowDownstream", fmt.Sprintf("%T", d), award)
	}
	require.Equal(t, "limit.narrowBank", fmt.Sprintf("%T", s.live.Bank))
}
