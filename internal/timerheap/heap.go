// Package timerheap is a priority queue of timed items: a heap with four children per node. It is half as deep as a binary
// heap, and the children of a node are adjacent in memory.
//
// Units: times are int64 nanoseconds on one clock that the caller chooses. Sizes are bytes and count capacity. The order of
// items is total, so it does not depend on the layout of the heap. The package must not read a clock or start goroutines:
// the caller compares First with the time. A heap is not safe for concurrent use.
package timerheap

import "unsafe"

// Item is a value and the time when it is due.
type Item[T any] struct {
	Value T // the first field, so that an empty value takes no memory
	At    int64
	Order uint64 // orders items of the same time, ascending
}

func (i *Item[T]) before(j *Item[T]) bool { return i.At < j.At || i.At == j.At && i.Order < j.Order }

// Heap holds items, the earliest first. The zero value is empty and ready. It has no bound: the caller bounds the number of items.
type Heap[T any] struct {
	items []Item[T]
	last  uint64 // Order of the last item that Add added
}

// Len returns the number of items.
func (h *Heap[T]) Len() int { return len(h.items) }

// First returns the earliest item. The heap must not be empty. The pointer is valid until the next change.
func (h *Heap[T]) First() *Item[T] { return &h.items[0] }

// Bytes returns the memory held.
func (h *Heap[T]) Bytes() int64 { return int64(cap(h.items)) * int64(unsafe.Sizeof(Item[T]{})) }

// Add adds a value that is due at a time. Pop returns values of the same time in the order in which they were added.
func (h *Heap[T]) Add(at int64, v T) {
	h.last++
	h.Push(Item[T]{Value: v, At: at, Order: h.last})
}

// Push adds an item with the Order that the caller chose. The order of items with equal At and Order is undefined. Do not
// use Push and Add on the same heap.
func (h *Heap[T]) Push(n Item[T]) {
	items := append(h.items, n)
	h.items = items
	i := len(items) - 1
	for i > 0 {
		parent := (i - 1) / 4
		if !n.before(&items[parent]) {
			break
		}
		items[i] = items[parent]
		i = parent
	}
	items[i] = n
}

// Pop removes the earliest item and returns it. The heap must not be empty.
func (h *Heap[T]) Pop() Item[T] {
	items := h.items
	first, last := items[0], items[len(items)-1]
	items = items[:len(items)-1]
	h.items = items
	if len(items) == 0 {
		return first
	}
	i := 0
	for {
		child := 4*i + 1
		if child >= len(items) {
			break
		}
		least := child
		for j := child + 1; j < min(child+4, len(items)); j++ {
			if items[j].before(&items[least]) {
				least = j
			}
		}
		if !items[least].before(&last) {
			break
		}
		items[i] = items[least]
		i = least
	}
	items[i] = last
	return first
}
