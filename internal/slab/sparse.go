package slab

import "math/bits"

// Sparse keeps a row under any int64 key, dense or not: a hash index over a Slab, at about seven bytes per row in addition to
// key and row. The zero value is empty and ready.
type Sparse[T any] struct {
	index []uint32 // open addressing; 0: empty. The length is a power of two, at most three quarters full
	rows  Slab[cell[T]]
}

// cell is one row and its key.
type cell[T any] struct {
	key int64
	row T
}

// firstIndex is the index's first length: small, because many tables stay small.
const firstIndex = 16

// slot returns the slot at which the search for key starts. Multiplying by the golden ratio spreads adjacent keys.
func (s *Sparse[T]) slot(key int64) uint64 {
	return uint64(key) * 0x9E3779B97F4A7C15 >> (64 - bits.Len(uint(len(s.index)-1)))
}

// find returns the number of the key's cell in rows, 0 if there is none, and the slot that holds it or would hold it.
func (s *Sparse[T]) find(key int64) (at uint32, slot uint64) {
	for slot = s.slot(key); ; slot = (slot + 1) & uint64(len(s.index)-1) {
		if at = s.index[slot]; at == 0 || s.rows.At(at).key == key {
			return at, slot
		}
	}
}

// Get returns the row of key; the zero row if the key was never touched.
func (s *Sparse[T]) Get(key int64) T {
	if len(s.index) > 0 {
		if at, _ := s.find(key); at != 0 {
			return s.rows.At(at).row
		}
	}
	var none T
	return none
}

// Touch returns the row of key for writing. The pointer stays valid.
func (s *Sparse[T]) Touch(key int64) *T {
	if s.rows.Len()*4 >= len(s.index)*3 {
		s.grow()
	}
	at, slot := s.find(key)
	if at == 0 {
		at = s.rows.Append(cell[T]{key: key})
		s.index[slot] = at
	}
	return &s.rows.At(at).row
}

// grow doubles the index.
func (s *Sparse[T]) grow() {
	s.index = make([]uint32, max(firstIndex, 2*len(s.index)))
	for at := 1; at <= s.rows.Len(); at++ {
		_, slot := s.find(s.rows.At(uint32(at)).key)
		s.index[slot] = uint32(at)
	}
}

// Bytes returns the memory held.
func (s *Sparse[T]) Bytes() int64 { return int64(cap(s.index))*4 + s.rows.Bytes() }
