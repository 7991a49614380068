package timerheap

import (
	"slices"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// Pop returns values by time, and values of the same time in the order in which they were added.
func TestOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var h Heap[int]
		var model []Item[int]
		pop := func() {
			require.Equal(t, model[0], *h.First())
			require.Equal(t, model[0], h.Pop())
			model = model[1:]
			require.Equal(t, len(model), h.Len())
		}
		for n := range rapid.IntRange(1, 300).Draw(t, "steps") {
			if len(model) > 0 && rapid.IntRange(0, 2).Draw(t, "pop") == 0 {
				pop()
				continue
			}
			i := Item[int]{Value: n, At: rapid.Int64Range(-2, 5).Draw(t, "at"), Order: h.last + 1}
			h.Add(i.At, i.Value)
			after := slices.IndexFunc(model, func(m Item[int]) bool { return m.At > i.At })
			if after < 0 {
				after = len(model)
			}
			model = slices.Insert(model, after, i)
		}
		for len(model) > 0 {
			pop()
		}
	})
}

// The Order of the caller orders items of the same time.
func TestPushOrder(t *testing.T) {
	var h Heap[struct{}]
	for _, order := range []uint64{3, 1, 2, 1 << 63} {
		h.Push(Item[struct{}]{At: 7, Order: order})
	}
	h.Push(Item[struct{}]{At: 6, Order: 9})
	var got []uint64
	for h.Len() > 0 {
		got = append(got, h.Pop().Order)
	}
	require.Equal(t, []uint64{9, 1, 2, 3, 1 << 63}, got)
}

// Four items without a value fill a cache line, and Bytes counts capacity.
func TestBytes(t *testing.T) {
	require.EqualValues(t, 16, unsafe.Sizeof(Item[struct{}]{}))
	var h Heap[struct{}]
	require.Zero(t, h.Bytes())
	h.Add(1, struct{}{})
	held := h.Bytes()
	require.GreaterOrEqual(t, held, int64(16))
	h.Pop()
	require.Equal(t, held, h.Bytes())
}
