package mem

import (
	"cmp"
	"context"
	"math"
	"slices"
	"unsafe"

	"hongbao/reference/wallet"
)

// A waiting item has a place in the list of its state: the time since when it waits, or at which it expires, in the
// high bits, and some bits of its record's number in the low ones. So items that reached a state at the same time have
// different places.
const (
	itemPlaceBits = 12
	lastItem      = wallet.Instant(math.MaxInt64 >> itemPlaceBits)
)

// waitingItems lists the items of one state by place. Items that have left the state stay in the list until they are
// half of it.
type waitingItems struct {
	list  []waitingItem
	stale int
}

type waitingItem struct {
	place int64
	item  uint32
}

// placeOfItem returns the place of a record in the list of its state, or 0 if it waits for nothing.
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

// placeAt returns the place of record i at a time.
func placeAt(at wallet.Instant, i uint32) int64 {
	return int64(min(at, lastItem))<<itemPlaceBits | int64(1+i%(1<<itemPlaceBits-1))
}

// addWaiting inserts a record into the list of its state.
func (s *Items) addWaiting(i uint32) {
	r := s.records.At(i)
	place := placeOfItem(i, r)
	if place == 0 {
		return
	}
	w := &s.waiting[r.state]
	n, _ := slices.BinarySearchFunc(w.list, waitingItem{place, i}, compareWaiting)
	w.list = slices.Insert(w.list, n, waitingItem{place, i})
}

// removeWaiting counts that a record has left its previous state, and compacts that state's list when half of it is
// stale.
func (s *Items) removeWaiting(i uint32, was *itemRecord) {
	if placeOfItem(i, was) == 0 {
		return
	}
	w := &s.waiting[was.state]
	if w.stale++; w.stale*2 > len(w.list) {
		w.list = slices.DeleteFunc(w.list, func(e waitingItem) bool { return !s.isCurrent(e, was.state) })
		w.stale = 0
	}
}

// isCurrent reports whether an entry of a state's list still has that state and place.
func (s *Items) isCurrent(e waitingItem, state wallet.ItemState) bool {
	r := s.records.At(e.item)
	return r.state == state && placeOfItem(e.item, r) == e.place
}

func (w *waitingItems) bytes() int64 {
	return int64(cap(w.list)) * int64(unsafe.Sizeof(waitingItem{}))
}

func compareWaiting(a, b waitingItem) int {
	return cmp.Or(cmp.Compare(a.place, b.place), cmp.Compare(a.item, b.item))
}

// Due implements wallet.Items.
func (s *Items) Due(_ context.Context, state wallet.ItemState, before wallet.Instant, from wallet.ScanCursor, limit int) ([]wallet.Item, wallet.ScanCursor, error) {
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
		if s.isCurrent(list[n], state) {
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

// cutWaiting returns at most the first limit of all, and the place to continue from. Items of one place stay together
// unless they are more than limit.
func cutWaiting(all []waitingItem, limit int) ([]waitingItem, wallet.ScanCursor) {
	if len(all) <= limit {
		return all, 0
	}
	next := all[limit].place
	n := limit
	for n > 0 && all[n-1].place == next {
		n--
	}
	if n == 0 {
		return all[:limit], wallet.ScanCursor(next + 1)
	}
	return all[:n], wallet.ScanCursor(next)
}
