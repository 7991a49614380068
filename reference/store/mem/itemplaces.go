package mem

import (
	"cmp"
	"context"
	"math"
	"slices"
	"unsafe"

	"hongbao/reference/wallet"
)

// An item that waits has a place in its state's list: the instant it waits since, or expires at, and below it some bits
// of its record's number, so that a batch that came to a state in one moment has as many places.
const (
	itemPlaceBits = 12
	lastItem      = wallet.Instant(math.MaxInt64 >> itemPlaceBits)
)

// waitingItems are the items of one state by their places. What has left the state stays in the list until half of it
// is such.
type waitingItems struct {
	list []waitingItem
	gone int
}

type waitingItem struct {
	place int64
	item  uint32
}

// placeOfItem returns the place of a record in its state's list, and 0 when it waits for nothing.
func placeOfItem(i uint32, r *itemRecord) int64 {
	at := r.changed
	switch {
	case r.state == wallet.ItemSettled && r.expires == wallet.Never, r.state.Final():
		return 0
	case r.state == wallet.ItemSettled:
		at = r.expires
	}
	return placeAt(at, i)
}

// placeAt returns the place of record i at an instant.
func placeAt(at wallet.Instant, i uint32) int64 {
	return int64(min(at, lastItem))<<itemPlaceBits | int64(1+i%(1<<itemPlaceBits-1))
}

// wait puts a record in its state's list.
func (s *Items) wait(i uint32) {
	r := s.records.At(i)
	place := placeOfItem(i, r)
	if place == 0 {
		return
	}
	w := &s.waiting[r.state]
	n, _ := slices.BinarySearchFunc(w.list, waitingItem{place, i}, compareWaiting)
	w.list = slices.Insert(w.list, n, waitingItem{place, i})
}

// leave notes that a record has left the state it was in, and tidies that state's list when half of it has.
func (s *Items) leave(i uint32, was *itemRecord) {
	if placeOfItem(i, was) == 0 {
		return
	}
	w := &s.waiting[was.state]
	if w.gone++; w.gone*2 > len(w.list) {
		w.list = slices.DeleteFunc(w.list, func(e waitingItem) bool { return !s.still(e, was.state) })
		w.gone = 0
	}
}

// still says whether an entry of a state's list is of that state, at that place.
func (s *Items) still(e waitingItem, state wallet.ItemState) bool {
	r := s.records.At(e.item)
	return r.state == state && placeOfItem(e.item, r) == e.place
}

func (w *waitingItems) bytes() int64 {
	return int64(cap(w.list)) * int64(unsafe.Sizeof(waitingItem{}))
}

func compareWaiting(a, b waitingItem) int {
	return cmp.Or(cmp.Compare(a.place, b.place), cmp.Compare(a.item, b.item))
}

// Unsettled implements wallet.Items.
func (s *Items) Unsettled(_ context.Context, state wallet.ItemState, before wallet.Instant, from wallet.OpenPlace, limit int) ([]wallet.Item, wallet.OpenPlace, error) {
	if limit <= 0 || before <= 0 || state.Final() || int(state) >= len(s.waiting) {
		return nil, 0, nil
	}
	end := int64(math.MaxInt64)
	if before <= lastItem {
		end = int64(before) << itemPlaceBits
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	list := s.waiting[state].list
	n, _ := slices.BinarySearchFunc(list, waitingItem{place: int64(from)}, compareWaiting)
	var found []waitingItem
	for ; n < len(list) && list[n].place < end && len(found) <= limit; n++ {
		if s.still(list[n], state) {
			found = append(found, list[n])
		}
	}
	found, next := cutWaiting(found, limit)
	out := make([]wallet.Item, len(found))
	for i, e := range found {
		out[i] = s.item(e.item)
	}
	return out, next, nil
}

// cutWaiting returns the first limit at most, and the place to go on from. Those of one place stay together, as long as
// they are no more than limit.
func cutWaiting(all []waitingItem, limit int) ([]waitingItem, wallet.OpenPlace) {
	if len(all) <= limit {
		return all, 0
	}
	next := all[limit].place
	n := limit
	for n > 0 && all[n-1].place == next {
		n--
	}
	if n == 0 {
		return all[:limit], wallet.OpenPlace(next + 1)
	}
	return all[:n], wallet.OpenPlace(next)
}
