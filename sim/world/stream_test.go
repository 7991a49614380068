package world

import (
	"encoding/binary"
	"io"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func draw(s *Stream, n int) []uint64 {
	out := make([]uint64, n)
	for i := range out {
		out[i] = s.pcg.Uint64()
	}
	return out
}

func TestStreamsAreIndependent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed, name, other := rapid.Uint64().Draw(t, "seed"), rapid.String().Draw(t, "name"), rapid.String().Draw(t, "other")
		want := draw(New(seed, epoch).Stream(name), 8)

		w := New(seed, epoch)
		b := w.Stream(other)
		draw(b, 3)
		a := w.Stream(name)
		got := draw(a, 4)
		draw(b, 5)
		require.Equal(t, want, append(got, draw(a, 4)...), "no other stream and no order matters")
		require.Equal(t, want, draw(w.Stream(name), 8), "a name is a stream")
		require.NotEqual(t, want, draw(New(seed+1, epoch).Stream(name), 8))
		if name != other {
			require.NotEqual(t, want, draw(w.Stream(other), 8))
		}
	})
}

// TestStreamValues pins the numbers: a change would give every recorded seed another run.
func TestStreamValues(t *testing.T) {
	s := New(2022, epoch).Stream("red-packet rain")
	require.Equal(t, []uint64{0xd26e0ca7ced82076, 0xda545f88cd2d0d05, 0xd73dfe686a3c4758}, draw(s, 3))
	require.Equal(t, int64(114546), s.IntN(1_000_000))
}

func TestRead(t *testing.T) {
	s := New(1, epoch).Stream("keys")
	var whole, part [16]byte
	for _, n := range []int{16, 9, 1, 0} { // also lengths that are not whole words
		got, err := s.Read(part[:n])
		require.NoError(t, err)
		require.Equal(t, n, got)
	}
	_, err := io.ReadFull(New(1, epoch).Stream("keys"), whole[:])
	require.NoError(t, err)
	first := draw(New(1, epoch).Stream("keys"), 2)
	require.Equal(t, binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, first[0]), first[1]), whole[:])
}

// TestIntNIsFair counts over a range that fits two and two thirds times into 64 bits. Without rejection a product would
// give every third number 2/8 of the draws instead of 1/3, and a remainder would favour the lowest third.
func TestIntNIsFair(t *testing.T) {
	const draws, n = 90_000, 3 << 61
	s := New(1, epoch).Stream("fair")
	var thirds, residues [3]int
	for range draws {
		v := s.IntN(n)
		require.True(t, v >= 0 && v < n)
		thirds[v/(n/3)]++
		residues[v%3]++
	}
	for i := range 3 {
		require.InDelta(t, draws/3, thirds[i], 800, "third %d; five standard deviations are 707", i)
		require.InDelta(t, draws/3, residues[i], 800, "residue %d", i)
	}
	for _, n := range []int64{1, 2, 3, 10} { // small ranges: each number occurs
		counts := make([]int, n)
		for range draws {
			counts[s.IntN(n)]++
		}
		for v, got := range counts {
			require.InDelta(t, draws/n, got, 800, "%d of %d", v, n)
		}
	}
	require.Panics(t, func() { s.IntN(0) })
	require.Panics(t, func() { s.IntN(-1) })
}

func TestHit(t *testing.T) {
	for _, c := range []struct {
		num, den int64
		want     float64
	}{
		{0, 1, 0},       // never
		{-1, 3, 0},      // less than never is never
		{1, 1, 1},       // always
		{5, 3, 1},       // more than always is always
		{1, 1000, .001}, // rare
		{2, 3, .667},    // not a power of two
	} {
		s := New(1, epoch).Stream("hit")
		const draws = 50_000
		hits := 0
		for range draws {
			if s.Hit(c.num, c.den) {
				hits++
			}
		}
		require.InDelta(t, c.want, float64(hits)/draws, .01, "%d/%d", c.num, c.den)
		if c.want == 0 || c.want == 1 {
			require.Equal(t, int(c.want)*draws, hits, "%d/%d is certain", c.num, c.den)
		}
	}
	never, always := New(1, epoch).Stream("x"), New(1, epoch).Stream("x")
	never.Hit(0, 100)
	always.Hit(100, 100)
	require.Equal(t, never.pcg.Uint64(), always.pcg.Uint64(), "a ratio changes its own draw only")
	require.Panics(t, func() { never.Hit(1, 0) })
}
