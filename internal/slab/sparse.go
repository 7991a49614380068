package slab

import "unsafe"

// A page is the unit of growth of a Sparse: 64 rows waste little when every key stands alone, and keep the directory
// below a byte a row when the keys are dense.
const (
	pageBits = 6
	pageLen  = 1 << pageBits
	pageMask = pageLen - 1
)

// directoryBytes is the most that one page costs in the directory: a slot of 16 bytes and its control byte, in a Go
// map that has just doubled and is seven sixteenths full.
const directoryBytes = 40

// Sparse keeps a row under any int64 key. Rows of neighbouring keys share a page, so that dense keys cost little
// more than their rows and lone keys still work. The zero value is empty and ready.
type Sparse[T any] struct {
	pages map[int64]*[pageLen]T // by key>>pageBits
}

// Get returns the row of key; the zero row when it was never touched.
func (s *Sparse[T]) Get(key int64) T {
	if page := s.pages[key>>pageBits]; page != nil {
		return page[key&pageMask]
	}
	var none T
	return none
}

// Touch returns the row of key to write to. The pointer stays valid.
func (s *Sparse[T]) Touch(key int64) *T {
	page := s.pages[key>>pageBits]
	if page == nil {
		if s.pages == nil {
			s.pages = make(map[int64]*[pageLen]T)
		}
		page = new([pageLen]T)
		s.pages[key>>pageBits] = page
	}
	return &page[key&pageMask]
}

// Bytes returns the memory held; the directory at directoryBytes a page, since a map does not tell.
func (s *Sparse[T]) Bytes() int64 {
	var row T
	return int64(len(s.pages)) * (pageLen*int64(unsafe.Sizeof(row)) + directoryBytes)
}
