package slab

import (
	"math"
	"slices"
	"unsafe"
)

// MaxKey is the largest key of Heads. It bounds the directory of chunks at 32 MiB, whatever key is set.
const MaxKey = math.MaxUint32

// Heads maps a dense key, such as a wallet's ActID, to a record number; 0 means none. A range of 1,024 keys takes memory, four
// bytes per key, from the first Set in it. The zero value is empty and ready.
type Heads struct {
	chunks []*[chunkLen]uint32 // nil if nothing was set in it
	held   int64               // chunks that are not nil
}

// Get returns the number stored under key, and 0 for a key that was never set or is outside 0..MaxKey.
func (h *Heads) Get(key int64) uint32 {
	c := uint64(key) >> chunkBits
	if c >= uint64(len(h.chunks)) || h.chunks[c] == nil {
		return 0
	}
	return h.chunks[c][key&chunkMask]
}

// Set stores i under key. It panics for a key outside 0..MaxKey.
func (h *Heads) Set(key int64, i uint32) {
	if key < 0 || key > MaxKey {
		panic("slab: key out of range")
	}
	c := int(key >> chunkBits)
	if c >= len(h.chunks) {
		h.chunks = slices.Grow(h.chunks, c+1-len(h.chunks))[:c+1]
	}
	if h.chunks[c] == nil {
		h.chunks[c] = new([chunkLen]uint32)
		h.held++
	}
	h.chunks[c][key&chunkMask] = i
}

// Next returns the smallest key above after with a number other than 0, and false if there is none. Start with -1 to visit
// every key in ascending order.
func (h *Heads) Next(after int64) (int64, bool) {
	for key := max(after+1, 0); key>>chunkBits < int64(len(h.chunks)); {
		chunk := h.chunks[key>>chunkBits]
		if chunk == nil {
			key = (key>>chunkBits + 1) << chunkBits
			continue
		}
		if chunk[key&chunkMask] != 0 {
			return key, true
		}
		key++
	}
	return 0, false
}

// Bytes returns the memory held.
func (h *Heads) Bytes() int64 {
	var i uint32
	return h.held*chunkLen*int64(unsafe.Sizeof(i)) + int64(cap(h.chunks))*int64(unsafe.Sizeof(&i))
}
