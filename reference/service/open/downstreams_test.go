package open

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestOutsideIsNarrow: a service calls external systems only through concurrency limits, which are the outermost hooks.
func TestOutsideIsNarrow(t *testing.T) {
	t.Parallel()
	c := Default()
	c.Data = t.TempDir()
	require.NoError(t, c.Complete())
	s, err := New(t.Context(), c)
	require.NoError(t, err)
	t.Cleanup(s.Close)
	require.Len(t, s.live.Downstreams, 12)
	hook := func(port any) string { return reflect.ValueOf(port).Elem().FieldByName("hook").Elem().Type().String() }
	for award, d := range s.live.Downstreams {
		require.Equal(t, "*limit.concurrency", hook(d), award)
	}
	require.Equal(t, "*limit.concurrency", hook(s.live.Bank))
}
