package storetest

import (
	"maps"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"hongbao/reference/wallet"
)

// walkItems returns all items in a state before a time, in steps of limit.
func walkItems(t testable, s wallet.Items, state wallet.ItemState, before wallet.Instant, limit int) []wallet.Item {
	t.Helper()
	return walkList(t, limit, due(t, s, state, before), func([]wallet.Item) {})
}

// due returns the list of the items in a state before a time.
func due(t testable, s wallet.Items, state wallet.ItemState, before wallet.Instant) pagedList[wallet.Item] {
	return func(from wallet.ScanCursor, limit int) ([]wallet.Item, wallet.ScanCursor, error) {
		return s.Due(t.Context(), state, before, from, limit)
	}
}

func itemsUnsettled(t *testing.T, s ItemStore) {
	const many = 600
	all := make([]wallet.Item, many)
	for n := range all {
		all[n] = inState(item(cup(wallet.ActID(n+1), 1), 0), wallet.ItemIssued, time.Duration(n)*time.Millisecond)
		createItem(t, s, all[n])
	}
	at := func(n int) wallet.Instant { return eve.Add(time.Duration(n) * time.Millisecond) }
	require.Empty(t, walkItems(t, s, wallet.ItemIssued, at(0), 10), "before means before")
	require.Equal(t, all[:1], walkItems(t, s, wallet.ItemIssued, at(1), 10))
	require.Equal(t, all, walkItems(t, s, wallet.ItemIssued, wallet.Never, 70))
	require.Equal(t, all, walkItems(t, s, wallet.ItemIssued, wallet.Never, 2*many))
	for _, state := range []wallet.ItemState{wallet.ItemOpen, wallet.ItemProcessing, wallet.ItemUsing, wallet.ItemVoid, wallet.ItemMoved} {
		require.Empty(t, walkItems(t, s, state, wallet.Never, 10), state)
	}

	batch := slices.Clone(all[:200]) // changes state at one time
	for n := range batch {
		batch[n] = inState(batch[n], wallet.ItemProcessing, time.Hour)
	}
	call(s.Advance(t.Context(), batch)).returns(t, batch)
	require.Equal(t, all[200:], walkItems(t, s, wallet.ItemIssued, wallet.Never, 70), "items in a later state are not listed")
	require.ElementsMatch(t, batch, walkItems(t, s, wallet.ItemProcessing, wallet.Never, 70), "each item of the same time once")

	left := walkList(t, 100, due(t, s, wallet.ItemIssued, wallet.Never), func(step []wallet.Item) {
		for n := range step { // items that settle during the walk do not shift the rest
			step[n] = inState(step[n], wallet.ItemProcessing, 2*time.Hour)
		}
		call(s.Advance(t.Context(), step)).ok(t)
	})
	require.Len(t, left, many-200)
	require.Empty(t, walkItems(t, s, wallet.ItemIssued, wallet.Never, 10))
	require.Len(t, walkItems(t, s, wallet.ItemProcessing, wallet.Never, 1000), many)
}

func itemsExpire(t *testing.T, s ItemStore) {
	var want []wallet.Item
	for n := range 30 {
		i := item(cup(wallet.ActID(n+1), 1), 0)
		createItem(t, s, inState(i, wallet.ItemIssued, 0))
		advance(t, s, inState(i, wallet.ItemProcessing, 0))
		i = inState(i, wallet.ItemSettled, time.Duration(n)*time.Second)
		if n%3 > 0 {
			i.Expires = eve.Add(time.Duration(100-n) * time.Hour) // the last item expires first
			want = append(want, i)
		}
		require.Equal(t, i, advance(t, s, i))
	}
	slices.Reverse(want)
	require.Empty(t, walkItems(t, s, wallet.ItemSettled, eve.Add(24*time.Hour), 7), "no item has expired yet")
	require.Equal(t, want[:1], walkItems(t, s, wallet.ItemSettled, want[0].Expires+1, 7))
	require.Equal(t, want, walkItems(t, s, wallet.ItemSettled, wallet.Never, 7), "items without expiry are not listed")
	advance(t, s, inState(want[3], wallet.ItemUsing, 0))
	require.Equal(t, slices.Delete(slices.Clone(want), 3, 4), walkItems(t, s, wallet.ItemSettled, wallet.Never, 7), "an item in use does not expire")
}

func oneAdvances(t *testing.T, s ItemStore) {
	const wins = 60
	var created, moved atomic.Int64
	together(t, func(t *testing.T, caller int) {
		for n := range wins {
			i := item(cup(wallet.ActID(n+1), 1), 0)
			if second(s.Create(t.Context(), i)).ok(t) {
				created.Add(1)
			}
			i = inState(i, wallet.ItemIssued, time.Duration(caller)*time.Second)
			i.Ref = string(rune('a' + caller))
			if advance(t, s, i).Ref == i.Ref {
				moved.Add(1)
			}
		}
	})
	require.EqualValues(t, wins, created.Load())
	require.EqualValues(t, wins, moved.Load(), "one caller advances each item, and the others see its reference")
}

// itemsModel compares the store with a map over random sequences of calls on few numbers.
func itemsModel(t *rapid.T, s ItemStore) {
	model := map[wallet.OrderNo]wallet.Item{}
	for step := range rapid.IntRange(1, 40).Draw(t, "steps") {
		no := cup(wallet.ActID(rapid.IntRange(1, 3).Draw(t, "owner")), int32(rapid.IntRange(0, 1).Draw(t, "rain")))
		after := time.Duration(step) * time.Second
		if rapid.IntRange(0, 3).Draw(t, "create") == 0 {
			i := item(no, after)
			if rapid.IntRange(0, 4).Draw(t, "moved") == 0 {
				i.State = wallet.ItemMoved
			}
			_, known := model[no]
			write(s.Create(t.Context(), i)).recorded(t, !known)
			if !known {
				model[no] = i
			}
			continue
		}
		i := inState(item(no, 0), wallet.ItemState(rapid.IntRange(0, int(wallet.ItemMoved)).Draw(t, "state")), after)
		i.Ref = rapid.SampledFrom([]string{"", "a", "bb"}).Draw(t, "ref")
		i.Expires = rapid.SampledFrom([]wallet.Instant{wallet.Never, eve, eve.Add(time.Hour)}).Draw(t, "expires")
		got := advance(t, s, i)
		was, known := model[no]
		if known && was.State.Follows(i.State) {
			i.Asked, i.Account, i.Opened, i.Created = was.Asked, was.Account, was.Opened, was.Created
			was = i
			model[no] = was
		}
		require.Equal(t, was, got)
	}
	counts := map[wallet.ItemState]int64{}
	waiting := map[wallet.ItemState][]wallet.Item{}
	for _, i := range model {
		counts[i.State]++
		if !i.State.Final() && (i.State != wallet.ItemSettled || i.Expires != wallet.Never) {
			waiting[i.State] = append(waiting[i.State], i)
		}
	}
	call(s.Count(t.Context(), wallet.Official)).returns(t, counts)
	for state := wallet.ItemOpen; state <= wallet.ItemMoved; state++ {
		require.ElementsMatch(t, waiting[state], walkItems(t, s, state, wallet.Never, 2))
	}
	require.ElementsMatch(t, slices.Collect(maps.Values(model)), call(s.Get(t.Context(), slices.Collect(maps.Keys(model)))).ok(t))
}
