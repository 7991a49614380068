package storetest

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
)

// ItemStore is the set of ports of a store of items.
type ItemStore interface {
	wallet.Items
	wallet.ItemReader
}

// Items tests an adapter of wallet.Items and wallet.ItemReader.
func Items(t *testing.T, open func(t *testing.T) ItemStore) {
	t.Run("create is idempotent", func(t *testing.T) { itemOnce(t, open(t)) })
	t.Run("advance follows the arrows only", func(t *testing.T) { itemFollows(t, open(t)) })
	t.Run("advance stores all fields", func(t *testing.T) { itemKeeps(t, open(t)) })
	t.Run("malformed items are refused", func(t *testing.T) { itemRefused(t, open(t)) })
	t.Run("of lists the newest first, page by page", func(t *testing.T) { itemsOf(t, open(t)) })
	t.Run("unsettled walks from place to place", func(t *testing.T) { itemsUnsettled(t, open(t)) })
	t.Run("settled items are found when they expire", func(t *testing.T) { itemsExpire(t, open(t)) })
	t.Run("reader lists by owner", func(t *testing.T) { itemsByOwner(t, open(t)) })
	t.Run("one of many callers creates and advances", func(t *testing.T) { oneAdvances(t, open(t)) })
	checkModel(t, open, itemsModel)
}

// cup returns the order number of a person's win of a cup of tea.
func cup(id wallet.ActID, rain int32) wallet.OrderNo {
	return wallet.OrderNo{ActID: id, Scene: "fireworks-tea", Rain: rain, Award: wallet.HeyteaCoupon, Stage: wallet.Official}
}

// item returns an open item that was won after the given time since eve.
func item(no wallet.OrderNo, after time.Duration) wallet.Item {
	return wallet.Item{No: no, Asked: "tea", Account: asker, Opened: eve.Add(after), Created: eve.Add(after + time.Second),
		Changed: eve.Add(after + time.Second), Expires: wallet.Never}
}

// inState returns an item in a state, changed after the given time since eve, with a grant if that state has one.
func inState(i wallet.Item, s wallet.ItemState, after time.Duration) wallet.Item {
	i.State, i.Changed = s, eve.Add(after)
	if s.Grants() {
		i.Award, i.Reward = i.No.Award, i.Asked
	}
	return i
}

func createItem(t testable, s wallet.Items, i wallet.Item) {
	t.Helper()
	write(s.Create(t.Context(), i)).records(t, i)
}

// advance moves an item to its state and returns the recorded item.
func advance(t testable, s wallet.Items, i wallet.Item) wallet.Item {
	t.Helper()
	got := call(s.Advance(t.Context(), []wallet.Item{i})).ok(t)
	require.Len(t, got, 1)
	return got[0]
}

func itemOnce(t *testing.T, s ItemStore) {
	want := item(cup(7, 1), time.Minute)
	createItem(t, s, want)
	later := inState(want, wallet.ItemIssued, time.Hour)
	later.Created++
	write(s.Create(t.Context(), later)).keeps(t, want, "the first record is kept")
	for _, no := range neighbours(want.No) {
		createItem(t, s, inState(item(no, 0), wallet.ItemIssued, 0))
	}
	createItem(t, s, inState(item(cup(7, 3), 0), wallet.ItemVoid, 0))
	call(s.Count(t.Context(), wallet.Official)).returns(t, map[wallet.ItemState]int64{wallet.ItemOpen: 1, wallet.ItemIssued: 4, wallet.ItemVoid: 1}, "one of the neighbours is of another stage")
	call(s.Get(t.Context(), []wallet.OrderNo{cup(9, 9), want.No, cup(7, 3), want.No})).returns(t, []wallet.Item{{}, want, inState(item(cup(7, 3), 0), wallet.ItemVoid, 0), want})
	require.Empty(t, call(s.Get(t.Context(), nil)).ok(t))
}

// pathTo lists the states that lead to a state.
var pathTo = map[wallet.ItemState][]wallet.ItemState{
	wallet.ItemOpen:       {},
	wallet.ItemVoid:       {wallet.ItemVoid},
	wallet.ItemIssued:     {wallet.ItemIssued},
	wallet.ItemProcessing: {wallet.ItemIssued, wallet.ItemProcessing},
	wallet.ItemSettled:    {wallet.ItemIssued, wallet.ItemProcessing, wallet.ItemSettled},
	wallet.ItemUsing:      {wallet.ItemIssued, wallet.ItemProcessing, wallet.ItemSettled, wallet.ItemUsing},
	wallet.ItemUsed:       {wallet.ItemIssued, wallet.ItemProcessing, wallet.ItemSettled, wallet.ItemUsing, wallet.ItemUsed},
	wallet.ItemExpired:    {wallet.ItemIssued, wallet.ItemProcessing, wallet.ItemSettled, wallet.ItemExpired},
	wallet.ItemRefunded:   {wallet.ItemIssued, wallet.ItemProcessing, wallet.ItemRefunded},
	wallet.ItemReturning:  {wallet.ItemIssued, wallet.ItemProcessing, wallet.ItemSettled, wallet.ItemReturning},
	wallet.ItemMoved:      {}, // an initial state
}

func itemFollows(t *testing.T, s ItemStore) {
	rain := int32(0)
	for from := wallet.ItemOpen; from <= wallet.ItemMoved; from++ {
		for to := wallet.ItemOpen; to <= wallet.ItemMoved; to++ {
			rain++
			i := item(cup(1, rain), 0)
			if from == wallet.ItemMoved {
				i.State = from
			}
			createItem(t, s, i)
			for _, by := range pathTo[from] {
				i = inState(i, by, time.Minute)
				require.Equal(t, i, advance(t, s, i))
			}
			want, next := i, inState(item(i.No, 0), to, time.Hour)
			if from.Follows(to) {
				want = next
			}
			require.Equal(t, want, advance(t, s, next), "from %s to %s", from, to)
			require.Equal(t, want, call(s.Get(t.Context(), []wallet.OrderNo{i.No})).ok(t)[0])
		}
	}
	require.Empty(t, call(s.Advance(t.Context(), nil)).ok(t))
	first, second := item(cup(2, 1), 0), item(cup(3, 1), 0)
	createItem(t, s, first)
	createItem(t, s, second)
	a, b := inState(first, wallet.ItemIssued, 0), inState(second, wallet.ItemVoid, 0)
	call(s.Advance(t.Context(), []wallet.Item{b, inState(item(cup(4, 1), 0), wallet.ItemIssued, 0), a, b})).returns(t, []wallet.Item{b, {}, a, b}, "results in the order of the request: an unknown item is zero, a duplicate is returned twice")
}

func itemKeeps(t *testing.T, s ItemStore) {
	i := item(cup(5, 1), 0)
	createItem(t, s, i)
	i = inState(i, wallet.ItemIssued, time.Minute)
	i.Award, i.Reward = wallet.EcommerceCoupon, "voucher" // instead of the requested reward
	i.Counted = i.No
	i.Counted.Award = wallet.Cash
	require.Equal(t, i, advance(t, s, i))
	i.State, i.Changed = wallet.ItemProcessing, eve.Add(time.Hour)
	require.Equal(t, i, advance(t, s, i))
	i.State, i.Ref, i.Expires = wallet.ItemSettled, strings.Repeat("x", wallet.MaxItemRef), eve.Add(24*time.Hour)
	require.Equal(t, i, advance(t, s, i))
	i.State, i.Ref = wallet.ItemUsing, "A-1\x00é" // another name, with arbitrary bytes
	require.Equal(t, i, advance(t, s, i))
	require.Equal(t, i, call(s.Get(t.Context(), []wallet.OrderNo{i.No})).ok(t)[0])
}

func itemRefused(t *testing.T, s ItemStore) {
	good := inState(item(cup(1, 1), 0), wallet.ItemIssued, 0)
	for _, c := range []struct {
		why   string
		spoil func(*wallet.Item)
	}{
		{"no owner", func(i *wallet.Item) { i.No.ActID = 0 }},
		{"cash is not an item", func(i *wallet.Item) { i.No.Award = wallet.Cash }},
		{"no requested reward", func(i *wallet.Item) { i.Asked = "" }},
		{"a reward's id too long", func(i *wallet.Item) { i.Asked = wallet.RewardID(strings.Repeat("x", wallet.MaxTemplate+1)) }},
		{"no family", func(i *wallet.Item) { i.Account.Family = 0 }},
		{"an invalid state", func(i *wallet.Item) { i.State = wallet.ItemMoved + 1 }},
		{"a name too long", func(i *wallet.Item) { i.Ref = strings.Repeat("x", wallet.MaxItemRef+1) }},
		{"an open one with a grant", func(i *wallet.Item) { i.State = wallet.ItemOpen }},
		{"an issued one without", func(i *wallet.Item) { i.Award, i.Reward = 0, "" }},
		{"cash instead of the item", func(i *wallet.Item) { i.Award = wallet.Cash }},
		{"counted for another person", func(i *wallet.Item) { i.Counted = cup(2, 1) }},
		{"before 1970", func(i *wallet.Item) { i.Created = -1 }},
		{"changed after 2041", func(i *wallet.Item) { i.Changed = wallet.Never }},
		{"expired before 1970", func(i *wallet.Item) { i.Expires = -1 }},
	} {
		i := good
		c.spoil(&i)
		write(s.Create(t.Context(), i)).fails(t, wallet.ErrInvalid, c.why)
		call(s.Advance(t.Context(), []wallet.Item{good, i})).fails(t, wallet.ErrInvalid, c.why)
	}
	write(s.Create(t.Context(), inState(good, wallet.ItemSettled, 0))).fails(t, wallet.ErrInvalid, "settled is not an initial state")
	call(s.Advance(t.Context(), make([]wallet.Item, wallet.MaxAdvance+1))).fails(t, wallet.ErrInvalid, "too many at once")
}

func itemsOf(t *testing.T, s ItemStore) {
	var want []wallet.Item
	for n := range 60 {
		no := cup(wallet.ActID(1+n%3), int32(n))
		if n%7 == 0 {
			no.Stage = wallet.ExternalDrill
		}
		i := item(no, time.Duration(n*37%20)*time.Minute) // several have the same time
		switch n % 5 {
		case 0:
			createItem(t, s, i) // open: not listed
			continue
		case 1:
			createItem(t, s, inState(i, wallet.ItemVoid, 0)) // a greeting: not listed
			continue
		case 3:
			if n%2 == 0 {
				createItem(t, s, inState(i, wallet.ItemMoved, 0)) // given up: not listed
				continue
			}
		}
		i = inState(i, wallet.ItemIssued, time.Hour)
		createItem(t, s, i)
		if n%5 == 2 {
			i = inState(i, wallet.ItemProcessing, 2*time.Hour)
			advance(t, s, i)
		}
		if no.ActID != 2 && no.Stage == wallet.Official {
			want = append(want, i)
		}
	}
	slices.SortFunc(want, func(a, b wallet.Item) int {
		if (wallet.Cursor{Opened: a.Opened, Order: a.No}).After(b.Opened, b.No) {
			return -1
		}
		return 1
	})
	wallets := []wallet.ActID{1, 3}
	for _, limit := range []int{1, 3, len(want), 100} {
		var got []wallet.Item
		for at := (wallet.Cursor{}); ; {
			page := call(s.Of(t.Context(), wallets, wallet.Official, at, limit)).ok(t)
			require.LessOrEqual(t, len(page), limit)
			if got = append(got, page...); len(page) < limit {
				break
			}
			at = wallet.Cursor{Opened: page[limit-1].Opened, Order: page[limit-1].No}
		}
		require.Equal(t, want, got, "in pages of %d", limit)
	}
	require.Empty(t, call(s.Of(t.Context(), wallets, wallet.InternalTest, wallet.Cursor{}, 10)).ok(t))
	require.Empty(t, call(s.Of(t.Context(), nil, wallet.Official, wallet.Cursor{}, 10)).ok(t))
}

func itemsByOwner(t *testing.T, s ItemStore) {
	want := map[wallet.OrderNo]wallet.Item{}
	for n := range 300 {
		i := item(cup(wallet.ActID(n*37%100+1), int32(n)), 0)
		createItem(t, s, i)
		want[i.No] = i
	}
	checkReader(t, want, func(i wallet.Item) wallet.OrderNo { return i.No },
		func(last, next wallet.Item) bool { return last.No.Compare(next.No) < 0 }, s.Items)
}
