package slab

import (
	"maps"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestSlabKeepsRecordsInPlace(t *testing.T) {
	var s Slab[int64]
	require.Zero(t, s.Len())
	require.Zero(t, s.Bytes())
	first := s.Append(-1)
	require.Equal(t, uint32(1), first, "0 is not a record number")
	place := s.At(first)
	for i := range int64(5 * chunkLen) {
		require.Equal(t, uint32(i+2), s.Append(i))
	}
	require.Same(t, place, s.At(first), "growing must not move a record")
	for i := range int64(5 * chunkLen) {
		require.Equal(t, i, *s.At(uint32(i + 2)))
	}
	require.Equal(t, 5*chunkLen+1, s.Len())
	require.GreaterOrEqual(t, s.Bytes(), int64(6*chunkLen*8), "six chunks are held")
	require.Less(t, s.Bytes(), int64(6*chunkLen*8+200), "and a directory")
}

func TestSlabTruncateGivesNumbersOutAgain(t *testing.T) {
	var s Slab[int]
	for i := range 3 * chunkLen {
		s.Append(i)
	}
	held := s.Bytes()
	s.Truncate(10)
	require.Equal(t, 10, s.Len())
	require.Equal(t, uint32(11), s.Append(-7))
	require.Equal(t, -7, *s.At(11))
	require.Equal(t, 9, *s.At(10))
	for range 3*chunkLen - 11 {
		s.Append(0)
	}
	require.Equal(t, held, s.Bytes(), "chunks are reused")
	require.Panics(t, func() { s.Truncate(s.Len() + 1) })
	require.Panics(t, func() { s.Truncate(-1) })
}

func TestHeadsAgainstMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var h Heads
		model := map[int64]uint32{}
		// Dense keys, keys near the borders of chunks, and isolated keys.
		keys := rapid.OneOf(rapid.Int64Range(0, 50), rapid.Int64Range(chunkLen-2, chunkLen+2), rapid.Int64Range(0, 1<<20))
		for range rapid.IntRange(0, 60).Draw(t, "sets") {
			key, i := keys.Draw(t, "key"), rapid.Uint32Range(0, 9).Draw(t, "number")
			h.Set(key, i)
			model[key] = i
		}
		for key, i := range model {
			require.Equal(t, i, h.Get(key))
		}
		maps.DeleteFunc(model, func(_ int64, i uint32) bool { return i == 0 })
		var seen []int64
		for key, ok := h.Next(-1); ok; key, ok = h.Next(key) {
			seen = append(seen, key)
		}
		require.Equal(t, slices.Sorted(maps.Keys(model)), seen)
	})
}

func TestHeadsBounds(t *testing.T) {
	var h Heads
	for _, key := range []int64{-1, math.MinInt64, MaxKey + 1, math.MaxInt64} {
		require.Zero(t, h.Get(key))
		require.Panics(t, func() { h.Set(key, 1) })
	}
	h.Set(MaxKey, 3)
	require.Equal(t, uint32(3), h.Get(MaxKey))
	require.Zero(t, h.Get(MaxKey-1))
	require.LessOrEqual(t, h.Bytes(), int64(64<<20), "one far key costs the directory and one chunk")
	key, ok := h.Next(-1)
	require.True(t, ok)
	require.Equal(t, int64(MaxKey), key)
	_, ok = h.Next(key)
	require.False(t, ok)
}

func TestHeadsBytesPerKey(t *testing.T) {
	var h Heads
	const keys = 1 << 16
	for key := range int64(keys) {
		h.Set(key, 1)
	}
	require.LessOrEqual(t, h.Bytes(), int64(keys*4+keys/16), "four bytes per dense key and a small directory")
}

func TestSparseAgainstMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s Sparse[int]
		model := map[int64]int{}
		// Dense keys, phone numbers, and the ends of the range.
		keys := rapid.OneOf(rapid.Int64Range(-100, 100), rapid.Int64Range(13_000_000_000, 19_999_999_999), rapid.Int64())
		for range rapid.IntRange(0, 200).Draw(t, "sets") { // so that the index grows a few times
			key, v := keys.Draw(t, "key"), rapid.Int().Draw(t, "row")
			*s.Touch(key) = v
			model[key] = v
		}
		for key, v := range model {
			require.Equal(t, v, s.Get(key))
			require.Equal(t, model[key+1], s.Get(key+1), "a neighbour was not touched")
		}
	})
}

func TestSparseBytes(t *testing.T) {
	var dense, lone Sparse[uint32]
	const keys = 100_000 // just above three quarters of a power of two: the index at its emptiest
	for i := range int64(keys) {
		dense.Touch(i)
		lone.Touch(i * 0x5851F42D4C957F2D)
	}
	const row = 8 + 8 // key, and row with its padding
	for _, s := range []*Sparse[uint32]{&dense, &lone} {
		require.LessOrEqual(t, s.Bytes(), int64(keys*(row+11)), "a row costs the same for any key")
	}
}

func BenchmarkSlabAppend(b *testing.B) {
	var s Slab[[4]int64]
	b.ReportAllocs()
	for i := range b.N {
		s.Append([4]int64{int64(i)})
	}
}

func BenchmarkHeadsSetGet(b *testing.B) {
	var h Heads
	b.ReportAllocs()
	for i := range b.N {
		key := int64(i) & (1<<20 - 1)
		h.Set(key, h.Get(key)+1)
	}
}

func BenchmarkSparseTouch(b *testing.B) {
	var s Sparse[uint64]
	b.ReportAllocs()
	for i := range b.N {
		*s.Touch(int64(i) & (1<<20 - 1))++
	}
}
