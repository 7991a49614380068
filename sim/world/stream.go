package world

import (
	"crypto/sha256"
	"encoding/binary"
	"math/bits"
	"math/rand/v2"
)

// Stream is a stream of random numbers. It is integer only: rounding must not decide what happens.
type Stream struct{ pcg rand.PCG }

// Stream returns the random stream of that name from its beginning. It depends only on the world's seed and the name, not
// on other streams or on the time of the call. A component asks once and keeps the stream; asking twice returns the same
// numbers twice.
func (w *World) Stream(name string) *Stream {
	key := sha256.Sum256(append(binary.BigEndian.AppendUint64(nil, w.seed), name...))
	pcg := rand.NewPCG(binary.BigEndian.Uint64(key[:8]), binary.BigEndian.Uint64(key[8:16]))
	return &Stream{pcg: *pcg}
}

// Read fills p with random bytes, so that a stream can be the source of key generation. It never fails.
func (s *Stream) Read(p []byte) (int, error) {
	for i := 0; i < len(p); i += 8 {
		var word [8]byte
		binary.BigEndian.PutUint64(word[:], s.pcg.Uint64())
		copy(p[i:], word[:])
	}
	return len(p), nil
}

// IntN returns a number from 0 to n-1, each equally likely. It panics when n is not above zero.
//
// The method is Lemire's (Fast Random Integer Generation in an Interval, 2019): the high word of a product, with
// rejection of the few low words that would make some numbers more likely. It is implemented here because Go guarantees
// the values of PCG across versions, but not those of rand.Rand.
func (s *Stream) IntN(n int64) int64 {
	if n <= 0 {
		panic("world: IntN of a number not above zero")
	}
	size := uint64(n)
	high, low := bits.Mul64(s.pcg.Uint64(), size)
	if low < size {
		for unfair := -size % size; low < unfair; {
			high, low = bits.Mul64(s.pcg.Uint64(), size)
		}
	}
	return int64(high)
}

// Hit returns true num times in den on average: never if num is zero or less, always if it is den or more. It draws in
// every case, so that a changed ratio does not shift later draws. It panics if den is not above zero.
func (s *Stream) Hit(num, den int64) bool { return s.IntN(den) < num }
