package storetest

import (
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"hongbao/reference/wallet"
)

// StockStore is the set of ports of the stock counters.
type StockStore interface {
	wallet.StockCounter
	wallet.StockParts
	wallet.StockMirror
}

// Stock tests an adapter of the stock counters.
func Stock(t *testing.T, open func(t *testing.T) StockStore) {
	t.Run("plain counters", func(t *testing.T) { plainCounters(t, open(t)) })
	t.Run("orders are remembered", func(t *testing.T) { ordersRemembered(t, open(t)) })
	t.Run("given back", func(t *testing.T) { stockGivenBack(t, open(t)) })
	t.Run("loans", func(t *testing.T) { stockLoans(t, open(t)) })
	t.Run("mirror", func(t *testing.T) { stockMirror(t, open(t)) })
	t.Run("malformed", func(t *testing.T) { stockMalformed(t, open(t)) })
	t.Run("many callers never over", func(t *testing.T) { stockNeverOver(t, open(t)) })
	checkModel(t, open, stockModel)
}

// coupon returns the order number of a person's coupon.
func coupon(id wallet.ActID) wallet.OrderNo {
	no := number(id, 1)
	no.Scene, no.Award = "fireworks-tea", wallet.HeyteaCoupon
	return no
}

func stockKey(part int) wallet.StockKey {
	return wallet.StockKey{Template: wallet.Template{Reward: "milk-tea", Stage: wallet.Official}, Part: part}
}

// otherKeys returns keys that differ from stockKey(0) in one part each.
func otherKeys() []wallet.StockKey {
	stage, reward := stockKey(0), stockKey(0)
	stage.Stage, reward.Reward = wallet.ExternalDrill, "tea-voucher"
	return []wallet.StockKey{stage, reward, stockKey(1)}
}

func plainCounters(t *testing.T, s StockStore) {
	for i := range int64(3) {
		call(s.Add(t.Context(), stockKey(0), 1)).returns(t, i+1, "every call counts, even a repeat: the weakness of the source's counter")
	}
	call(s.Add(t.Context(), stockKey(0), -2)).returns(t, 1)
	call(s.Count(t.Context(), stockKey(0))).returns(t, 1)
	for _, k := range otherKeys() {
		require.Zero(t, call(s.Count(t.Context(), k)).ok(t), "%v is another key", k)
	}
}

func takeStock(t testable, s StockStore, k wallet.StockKey, id wallet.ActID, limit int64, last bool, want wallet.StockAnswer, why string) {
	t.Helper()
	call(s.Take(t.Context(), k, coupon(id), limit, last)).returns(t, want, why)
}

func issuedStock(t testable, s StockStore, k wallet.StockKey, want int64) {
	t.Helper()
	call(s.Issued(t.Context(), k)).returns(t, want)
}

func ordersRemembered(t *testing.T, s StockStore) {
	for _, c := range []struct {
		id    wallet.ActID
		limit int64
		last  bool
		want  wallet.StockAnswer
		why   string
	}{
		{1, 2, false, wallet.StockGranted, "enough is left"},
		{1, 2, false, wallet.StockGranted, "a repeat counts nothing"},
		{65_537, 2, true, wallet.StockGranted, "a distant wallet, and the last coupon"},
		{2, 2, false, wallet.StockEmpty, "no stock is left, and nothing is recorded"},
		{2, 3, false, wallet.StockGranted, "so additional stock can be granted to it"},
		{3, 3, true, wallet.StockRefused, "the refusal is recorded"},
		{3, 9, false, wallet.StockRefused, "and is final, whatever stock is added"},
		{1, 0, true, wallet.StockGranted, "a grant is final, even when the stock is cut"},
		{4, 9, false, wallet.StockGranted, "neighbours of refused orders are other orders"},
		{5, -1, false, wallet.StockEmpty, "a limit below zero grants nothing"},
		{5, -1, true, wallet.StockRefused, "a recorded refusal"},
		{5, 9, true, wallet.StockRefused, "is final"},
	} {
		takeStock(t, s, stockKey(0), c.id, c.limit, c.last, c.want, c.why)
	}
	issuedStock(t, s, stockKey(0), 4)
	for _, k := range otherKeys() {
		issuedStock(t, s, k, 0)
	}
	for _, no := range neighbours(coupon(1))[:4] { // the last one is of another stage
		if no == coupon(2) {
			continue
		}
		call(s.Take(t.Context(), stockKey(0), no, 4, false)).returns(t, wallet.StockEmpty, "%s is another order", no)
	}
}

func stockGivenBack(t *testing.T, s StockStore) {
	takeStock(t, s, stockKey(0), 1, 1, true, wallet.StockGranted, "the only coupon")
	for range 2 {
		require.NoError(t, s.GiveBack(t.Context(), stockKey(0), coupon(1)), "a repeat returns nothing")
		issuedStock(t, s, stockKey(0), 0)
	}
	require.NoError(t, s.GiveBack(t.Context(), stockKey(0), coupon(2)), "the order had no coupon")
	takeStock(t, s, stockKey(0), 1, 1, true, wallet.StockRefused, "an order that returned its coupon gets no other")
	takeStock(t, s, stockKey(0), 2, 1, true, wallet.StockRefused, "a late take finds the refusal")
	takeStock(t, s, stockKey(0), 3, 1, true, wallet.StockGranted, "another order gets the coupon")
}

func stockLoans(t *testing.T, s StockStore) {
	moveOut := func(limit, want, all int64, why string) {
		t.Helper()
		moved := call(s.MoveOut(t.Context(), stockKey(0), 1, limit, want)).ok(t)
		require.Equal(t, all, moved, why)
	}
	moveIn := func(moved, want int64, why string) {
		t.Helper()
		call(s.MoveIn(t.Context(), stockKey(1), 0, moved)).returns(t, want, why)
	}
	moveOut(10, 3, 3, "the wanted number")
	moveIn(3, 3, "all of it is new")
	moveIn(3, 0, "a repeat adds nothing")
	moveOut(10, 100, 7, "at most half of the rest: 4 of 7")
	moveIn(3, 0, "an old reply adds nothing")
	moveIn(7, 4, "the new part")
	for id := range wallet.ActID(3) {
		takeStock(t, s, stockKey(0), id+1, 10, false, wallet.StockGranted, "the stock that was not moved out")
	}
	takeStock(t, s, stockKey(0), 9, 10, false, wallet.StockEmpty, "the rest is moved out")
	moveOut(10, 1, 7, "nothing is left to move out: the previous total")
	for id := range wallet.ActID(7) {
		takeStock(t, s, stockKey(1), id+1, 0, false, wallet.StockGranted, "the stock that was moved in")
	}
	takeStock(t, s, stockKey(1), 9, 0, false, wallet.StockEmpty, "nothing more is left")
	call(s.MoveOut(t.Context(), stockKey(1), 2, 3, 1)).returns(t, 1, "moves to different parts are separate")
	require.Zero(t, call(s.MoveOut(t.Context(), stockKey(2), 0, -5, 1)).ok(t), "a stock that was cut has nothing to move out")
}

func stockMirror(t *testing.T, s StockStore) {
	for _, want := range []int64{0, 7, 7, 12, 5} {
		if want > 0 {
			require.NoError(t, s.Report(t.Context(), stockKey(0).Template, want))
		}
		call(s.Reported(t.Context(), stockKey(0).Template)).returns(t, want, "the last report counts")
	}
	for _, k := range otherKeys()[:2] {
		require.Zero(t, call(s.Reported(t.Context(), k.Template)).ok(t))
	}
	issuedStock(t, s, stockKey(0), 0)
	require.Zero(t, call(s.Count(t.Context(), stockKey(0))).ok(t), "the mirror is not a counter")
}

func stockMalformed(t *testing.T, s StockStore) {
	bad := stockKey(0)
	bad.Reward = "{tea}"
	call(s.Add(t.Context(), bad, 1)).fails(t, wallet.ErrInvalid)
	call(s.Count(t.Context(), bad)).fails(t, wallet.ErrInvalid)
	call(s.Take(t.Context(), bad, coupon(1), 1, true)).fails(t, wallet.ErrInvalid)
	call(s.Take(t.Context(), stockKey(0), coupon(0), 1, true)).fails(t, wallet.ErrInvalid)
	call(s.Take(t.Context(), otherKeys()[0], coupon(1), 1, true)).fails(t, wallet.ErrInvalid, "the order is of another stage")
	require.ErrorIs(t, s.GiveBack(t.Context(), stockKey(0), coupon(0)), wallet.ErrInvalid)
	call(s.MoveOut(t.Context(), bad, 1, 1, 1)).fails(t, wallet.ErrInvalid)
	call(s.MoveOut(t.Context(), stockKey(0), 1, 1, 0)).fails(t, wallet.ErrInvalid)
	call(s.MoveIn(t.Context(), bad, 1, 1)).fails(t, wallet.ErrInvalid)
	call(s.Issued(t.Context(), bad)).fails(t, wallet.ErrInvalid)
	require.ErrorIs(t, s.Report(t.Context(), bad.Template, 1), wallet.ErrInvalid)
	call(s.Reported(t.Context(), bad.Template)).fails(t, wallet.ErrInvalid)
}

func stockNeverOver(t *testing.T, s StockStore) {
	const orders, total = 200, 77
	var granted [orders]atomic.Int64
	together(t, func(t *testing.T, _ int) {
		for i := range orders {
			a := call(s.Take(t.Context(), stockKey(0), coupon(wallet.ActID(i+1)), total, true)).ok(t)
			if a == wallet.StockGranted {
				granted[i].Add(1)
			}
		}
	})
	n := int64(0)
	for i := range granted {
		if by := granted[i].Load(); by != 0 {
			require.EqualValues(t, callers, by, "all callers get the same result for order %d", i+1)
			n++
		}
	}
	require.EqualValues(t, total, n)
	issuedStock(t, s, stockKey(0), total)
}

// stockModel compares two parts with plain maps over random sequences of calls.
func stockModel(t *rapid.T, s StockStore) {
	type part struct {
		issued, out, into, to, from int64
		orders                      map[wallet.ActID]wallet.StockAnswer
	}
	parts := []*part{{orders: map[wallet.ActID]wallet.StockAnswer{}}, {orders: map[wallet.ActID]wallet.StockAnswer{}}}
	const limit = 6
	for range rapid.IntRange(1, 40).Draw(t, "steps") {
		n := rapid.IntRange(0, 1).Draw(t, "part")
		p, id := parts[n], wallet.ActID(rapid.IntRange(1, 20).Draw(t, "owner"))
		left := limit - p.out + p.into - p.issued
		switch rapid.SampledFrom([]string{"take", "take", "take", "give", "lend", "borrow"}).Draw(t, "step") {
		case "take":
			last := rapid.Bool().Draw(t, "last")
			want := p.orders[id]
			if want == wallet.StockEmpty && left > 0 {
				want = wallet.StockGranted
				p.issued++
			} else if want == wallet.StockEmpty && last {
				want = wallet.StockRefused
			}
			p.orders[id] = want
			takeStock(t, s, stockKey(n), id, limit, last, want, "model")
		case "give":
			if p.orders[id] == wallet.StockGranted {
				p.issued--
			}
			p.orders[id] = wallet.StockRefused
			require.NoError(t, s.GiveBack(t.Context(), stockKey(n), coupon(id)))
		case "lend":
			want := int64(rapid.IntRange(1, 4).Draw(t, "want"))
			if left > 0 {
				p.out += min(want, (left+1)/2)
				p.to += min(want, (left+1)/2)
			}
			call(s.MoveOut(t.Context(), stockKey(n), 1-n, limit, want)).returns(t, p.to)
		case "borrow":
			moved := rapid.Int64Range(0, parts[1-n].to).Draw(t, "lent") // any reply, however old
			fresh := max(0, moved-p.from)
			p.from += fresh
			p.into += fresh
			call(s.MoveIn(t.Context(), stockKey(n), 1-n, moved)).returns(t, fresh)
		}
		issuedStock(t, s, stockKey(n), p.issued)
	}
}
