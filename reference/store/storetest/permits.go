package storetest

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"hongbao/reference/wallet"
)

// Permits tests an adapter of wallet.Permits.
func Permits(t *testing.T, open func(t *testing.T) wallet.Permits) {
	t.Run("story", func(t *testing.T) { permitsStory(t, open(t)) })
	t.Run("many take", func(t *testing.T) { manyTakePermits(t, open(t)) })
	t.Run("model", func(t *testing.T) {
		s, name := open(t), 0
		rapid.Check(t, func(rt *rapid.T) {
			name++
			permitsModel(rt, s, "n"+strings.Repeat("x", name%8)+string(rune('a'+name%26)), int64(name)<<8)
		})
	})
}

func permitsStory(t *testing.T, s wallet.Permits) {
	for _, c := range []struct {
		why                 string
		name                string
		window, want, limit int64
		took, left          int64
	}{
		{"the first", "a", 7, 1, 10, 1, 9},
		{"several at once", "a", 7, 4, 10, 4, 5},
		{"no more than remain", "a", 7, 9, 10, 5, 0},
		{"no permits remain", "a", 7, 1, 10, 0, 0},
		{"another name", "b", 7, 1, 10, 1, 9},
		{"another window", "a", 8, 1, 10, 1, 9},
		{"a limit that was lowered", "a", 8, 5, 1, 0, 0},
		{"a limit that was raised", "a", 8, 5, 20, 5, 14},
		{"a limit of zero", "c", 8, 5, 0, 0, 0},
		{"the largest", "d", 8, wallet.MaxPermits, wallet.MaxPermits, wallet.MaxPermits, 0},
	} {
		took, left, err := s.Take(t.Context(), c.name, c.window, c.want, c.limit)
		require.NoError(t, err, c.why)
		require.Equal(t, []int64{c.took, c.left}, []int64{took, left}, c.why)
	}
	for _, c := range []struct {
		why         string
		name        string
		want, limit int64
	}{
		{"no name", "", 1, 1}, {"a long name", strings.Repeat("n", 65), 1, 1}, {"zero wanted", "a", 0, 1},
		{"a limit below zero", "a", 1, -1}, {"too many", "a", wallet.MaxPermits + 1, 1}, {"too large a limit", "a", 1, wallet.MaxPermits + 1},
	} {
		_, _, err := s.Take(t.Context(), c.name, 9, c.want, c.limit)
		require.ErrorIs(t, err, wallet.ErrInvalid, c.why)
	}
}

// manyTakePermits: concurrent takers get exactly the limit in total.
func manyTakePermits(t *testing.T, s wallet.Permits) {
	const takers, each, limit = 8, 20, 100
	var sum atomic.Int64
	var all sync.WaitGroup
	for range takers {
		all.Go(func() {
			for range each {
				took, _, err := s.Take(t.Context(), "many", 3, 1, limit)
				if err == nil {
					sum.Add(took)
				}
			}
		})
	}
	all.Wait()
	require.EqualValues(t, limit, sum.Load())
}

// permitsModel: the permits taken in a window are those wanted, up to the limit.
func permitsModel(t *rapid.T, s wallet.Permits, name string, window int64) {
	limit, taken := rapid.Int64Range(0, 50).Draw(t, "limit"), int64(0)
	for range rapid.IntRange(1, 12).Draw(t, "takes") {
		want := rapid.Int64Range(1, 20).Draw(t, "want")
		took, left, err := s.Take(t.Context(), name, window, want, limit)
		require.NoError(t, err)
		require.Equal(t, min(want, limit-taken), took)
		taken += took
		require.Equal(t, limit-taken, left)
	}
}
