// Package slab keeps very many small records in few allocations: a Slab of records with stable numbers, Heads that
// map a dense key to the first record of the key's chain, and Sparse for keys that are not dense.
//
// The caller builds chains: its record type has a field `next uint32`, and adding a record is
//
//	i := records.Append(record{next: heads.Get(key)})
//	heads.Set(key, i)
//
// so that a chain runs from the newest record to the oldest and ends at 0, which is not a record number.
//
// Units: sizes are bytes, and count capacity, not use. Growing never copies a record, so a pointer from At stays
// valid. The garbage collector does not scan records without pointers. Nothing in this package is safe for concurrent use, and
// nothing is ever freed.
package slab

import (
	"math"
	"unsafe"
)

// A chunk is the unit of growth: 1,024 records are few enough for a small run, and enough that fifty million records need no
// more than some fifty thousand allocations.
const (
	chunkBits = 10
	chunkLen  = 1 << chunkBits
	chunkMask = chunkLen - 1
)

// Slab is a growing list of records, numbered from 1. The zero value is empty and ready.
type Slab[T any] struct {
	chunks []*[chunkLen]T // record i is at [i>>chunkBits][i&chunkMask]; the first position stays empty
	n      uint32
}

// Append adds a record and returns its number. It panics if no number is left: at 4,294,967,295 records.
func (s *Slab[T]) Append(v T) uint32 {
	if s.n == math.MaxUint32 {
		panic("slab: full")
	}
	s.n++
	if int(s.n>>chunkBits) >= len(s.chunks) {
		s.chunks = append(s.chunks, new([chunkLen]T))
	}
	s.chunks[s.n>>chunkBits][s.n&chunkMask] = v
	return s.n
}

// At returns the record with number i, which Append must have returned.
func (s *Slab[T]) At(i uint32) *T { return &s.chunks[i>>chunkBits][i&chunkMask] }

// Len returns the number of records: their numbers are 1 to Len.
func (s *Slab[T]) Len() int { return int(s.n) }

// Truncate removes all records but the first n, and reuses their numbers.
func (s *Slab[T]) Truncate(n int) {
	if n < 0 || n > s.Len() {
		panic("slab: truncated to more than Len")
	}
	s.n = uint32(n)
}

// Bytes returns the memory held.
func (s *Slab[T]) Bytes() int64 {
	var v T
	return int64(len(s.chunks))*chunkLen*int64(unsafe.Sizeof(v)) + int64(cap(s.chunks))*int64(unsafe.Sizeof(&v))
}
