package stock_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/reference/stock"
	"hongbao/reference/store/mem"
	"hongbao/reference/wallet"
)

// coupons returns a coupon with a threshold and a fallback, the fallback, and a coupon with a threshold and a greeting.
func coupons() []stock.Coupon {
	return []stock.Coupon{
		{Reward: tea, Total: 20, ThresholdNum: 1, ThresholdDen: 10, Fallback: voucher},
		{Reward: voucher, Total: 3, ThresholdDen: 1},
		{Reward: "museum", Total: 10, ThresholdNum: 1, ThresholdDen: 2},
	}
}

func templates() []wallet.Template {
	return []wallet.Template{official(tea), official(voucher), official("museum")}
}

func policy(t *testing.T, s wallet.Stocks) (*stock.Policy, *stock.Reader) {
	r := stock.NewReader(s, templates())
	d, err := stock.NewPolicy(s, r, coupons())
	require.NoError(t, err)
	require.NoError(t, r.Refresh(t.Context()))
	return d, r
}

func reserve(t *testing.T, d *stock.Policy, id int, want stock.Outcome, why string) stock.Answer {
	t.Helper()
	a, err := d.Grant(t.Context(), number(id), tea)
	require.NoError(t, err)
	require.Equal(t, want, a.Outcome, why)
	return a
}

// TestThreshold: ten percent are reserved (C2). With 2 of 20 left the coupon is still granted; with fewer its fallback
// is granted, and then a greeting. Answers are final, whatever happens to the stock.
func TestThreshold(t *testing.T) {
	d, r := policy(t, split(t, 3))
	for id := range 18 {
		require.Equal(t, tea, reserve(t, d, id+1, stock.Granted, "above the threshold").Reward)
		require.NoError(t, r.Refresh(t.Context()))
	}
	reserve(t, d, 19, stock.Granted, "exactly the threshold is left")
	reserve(t, d, 20, stock.Granted, "the reading is out of date, and one more is left")
	require.NoError(t, r.Refresh(t.Context()))
	stand, err := d.Stock(official(tea))
	require.NoError(t, err)
	require.Equal(t, stock.Level{Issued: 20, Total: 20}, stand)
	for range 2 {
		reserve(t, d, 7, stock.Granted, "a repeat of what was granted")
		for id := 21; id < 24; id++ {
			a := reserve(t, d, id, stock.Fallback, "below the threshold")
			require.Equal(t, voucher, a.Reward)
			require.Equal(t, number(id).Scene, a.Order.Scene, "counted under the requesting scene")
			require.Equal(t, wallet.Cash, a.Order.Award, "under a number that no order of a coupon has")
			require.NoError(t, a.Order.Validate())
		}
		reserve(t, d, 24, stock.Greeting, "the fallback is gone too")
	}
	require.NoError(t, d.GiveBack(t.Context(), stock.Answer{Order: number(1), Reward: tea}))
	require.NoError(t, d.GiveBack(t.Context(), stock.Answer{Order: number(2), Reward: tea}))
	require.NoError(t, d.GiveBack(t.Context(), stock.Answer{Order: number(3), Reward: tea}))
	require.NoError(t, r.Refresh(t.Context()))
	reserve(t, d, 22, stock.Fallback, "an order with the fallback does not get the coupon too")
	reserve(t, d, 24, stock.Greeting, "a greeting stays a greeting")
	reserve(t, d, 25, stock.Granted, "returned coupons are granted again")
}

// TestLateReading: an order that is refused because the reading was out of date gets the result of the threshold, so
// that a repeat with a fresh reading returns the same.
func TestLateReading(t *testing.T) {
	d, r := policy(t, split(t, 1))
	for id := range 20 {
		reserve(t, d, id+1, stock.Granted, "the stock was not read since")
	}
	first := reserve(t, d, 21, stock.Fallback, "refused by the count")
	require.NoError(t, r.Refresh(t.Context()))
	require.Equal(t, first, reserve(t, d, 21, stock.Fallback, "below the threshold"))
}

func TestSoldOut(t *testing.T) {
	d, _ := policy(t, split(t, 2))
	no := number(1)
	no.Scene, no.Award = "fireworks-shop", wallet.EcommerceCoupon
	for id := range 6 {
		no.ActID = wallet.ActID(id + 1)
		a, err := d.Grant(t.Context(), no, voucher)
		require.NoError(t, err)
		require.Equal(t, map[bool]stock.Outcome{true: stock.Granted, false: stock.SoldOut}[id < 3], a.Outcome, "until none is left")
	}
	cash := no
	cash.Award = wallet.Cash
	_, err := d.Grant(t.Context(), cash, voucher)
	require.ErrorIs(t, err, wallet.ErrInvalid, "cash has a budget, not a stock")
	_, err = d.Grant(t.Context(), no, "nothing")
	require.ErrorIs(t, err, wallet.ErrNotFound)
	_, err = d.Stock(official("nothing"))
	require.ErrorIs(t, err, wallet.ErrNotFound)
}

// TestFallbackIsNobodyElses: an order that wins the fallback's own scene in the same rain gets a separate coupon, and
// so do orders that get the fallback from two scenes: each is counted.
func TestFallbackIsNobodyElses(t *testing.T) {
	for name, s := range map[string]wallet.Stocks{"split": split(t, 2), "lease": lease(t, mem.NewStockLeases(), mem.NewStock(), "a", 2)} {
		t.Run(name, func(t *testing.T) {
			d, err := stock.NewPolicy(s, stock.NewReader(s, templates()), []stock.Coupon{
				{Reward: tea, Total: 0, ThresholdNum: 1, ThresholdDen: 10, Fallback: voucher}, {Reward: voucher, Total: 3, ThresholdDen: 1},
				{Reward: "museum", Total: 0, ThresholdNum: 1, ThresholdDen: 10, Fallback: voucher},
			})
			require.NoError(t, err)
			own, other := number(1), number(1)
			own.Scene, own.Award = "fireworks-shop", wallet.EcommerceCoupon
			other.Scene, other.Award = "fireworks-museum", wallet.CulturalCoupon
			for _, c := range []struct {
				no   wallet.OrderNo
				t    wallet.RewardID
				want stock.Outcome
			}{{own, voucher, stock.Granted}, {number(1), tea, stock.Fallback}, {other, "museum", stock.Fallback}, {number(2), tea, stock.Greeting}} {
				for range 2 {
					a, err := d.Grant(t.Context(), c.no, c.t)
					require.NoError(t, err)
					require.Equal(t, c.want, a.Outcome, "%s", c.no)
				}
			}
		})
	}
}

// TestRefuse: an order keeps what it has, and gets nothing more, not even by a late attempt.
func TestRefuse(t *testing.T) {
	d, _ := policy(t, split(t, 2))
	reserve(t, d, 1, stock.Granted, "before")
	for id, want := range map[int]stock.Outcome{1: stock.Granted, 2: stock.Greeting} {
		a, err := d.Refuse(t.Context(), number(id), tea)
		require.NoError(t, err)
		require.Equal(t, want, a.Outcome)
	}
	_, err := d.Refuse(t.Context(), number(3), voucher)
	require.NoError(t, err)
	reserve(t, d, 2, stock.Greeting, "a late attempt gets neither the coupon nor its fallback")

	for id := range 30 {
		_, err := d.Grant(t.Context(), number(id+10), tea)
		require.NoError(t, err)
	}
	a, err := d.Refuse(t.Context(), number(30), tea)
	require.NoError(t, err)
	require.Equal(t, stock.Fallback, a.Outcome, "it already has the fallback")
}

// TestBlind: with reading turned off, coupons are granted until none is left, and then the fallback (D3).
func TestBlind(t *testing.T) {
	d, r := policy(t, split(t, 2))
	d.SkipRead = func() bool { return true }
	for id := range 20 {
		require.NoError(t, r.Refresh(t.Context()))
		reserve(t, d, id+1, stock.Granted, "the threshold is not checked")
	}
	reserve(t, d, 21, stock.Fallback, "the count is checked")
}

// unreadable is a store whose count cannot be read.
type unreadable struct{ wallet.Stocks }

func (unreadable) Issued(context.Context, wallet.Template) (int64, error) {
	return 0, wallet.ErrUnavailable
}

// TestWeakReading: a count that cannot be read refuses no order, and is not taken for zero.
func TestWeakReading(t *testing.T) {
	s := split(t, 1)
	r := stock.NewReader(unreadable{s}, templates())
	d, err := stock.NewPolicy(s, r, coupons())
	require.NoError(t, err)
	require.ErrorIs(t, r.Refresh(t.Context()), wallet.ErrUnavailable)
	reserve(t, d, 1, stock.Granted, "the count in Take still applies")
	_, err = d.Stock(official(tea))
	require.ErrorIs(t, err, wallet.ErrUnavailable)

	for id := range 19 { // one is left
		require.NoError(t, s.Take(t.Context(), number(id+1), tea, 20))
	}
	fresh, err := stock.NewPolicy(s, stock.NewReader(s, templates()), coupons())
	require.NoError(t, err)
	reserve(t, fresh, 30, stock.Fallback, "a new instance reads before it grants")
}

// TestUnknownStaysUnknown: no step of a grant turns a lost reply into a success or a refusal.
func TestUnknownStaysUnknown(t *testing.T) {
	b := calm()
	s, err := stock.NewSplitKey(faultyKeys{mem.NewStock(), b}, 1)
	require.NoError(t, err)
	d, r := policy(t, s)
	ask := func(id int) error { _, err := d.Grant(t.Context(), number(id), tea); return err }
	b.fate = func() fate { return unheard }
	require.ErrorIs(t, ask(1), wallet.ErrUnknown, "of a take")
	b.fate = func() fate { return served }
	require.NoError(t, ask(1))
	require.NoError(t, r.Refresh(t.Context()))
	stand, err := d.Stock(official(tea))
	require.NoError(t, err)
	require.EqualValues(t, 1, stand.Issued, "the repeat found the first attempt")
	for id := range 20 {
		require.NoError(t, ask(id+1))
	}
	require.NoError(t, r.Refresh(t.Context()))
	b.fate = func() fate { return unheard }
	require.ErrorIs(t, ask(40), wallet.ErrUnknown, "of a decline")
	require.ErrorIs(t, d.GiveBack(t.Context(), stock.Answer{Order: number(1), Reward: tea}), wallet.ErrUnknown)
}

func TestDeskSaysWhatIsWrong(t *testing.T) {
	for _, c := range []struct {
		why  string
		bend func(all []stock.Coupon)
	}{
		{"a malformed template", func(all []stock.Coupon) { all[0].Reward = "Tea!" }},
		{"a template twice", func(all []stock.Coupon) { all[2].Reward = tea }},
		{"a stock below zero", func(all []stock.Coupon) { all[0].Total = -1 }},
		{"a stock above its bound", func(all []stock.Coupon) { all[0].Total = wallet.MaxStock + 1 }},
		{"a threshold above 1", func(all []stock.Coupon) { all[0].ThresholdNum = 11 }},
		{"a threshold with denominator 0", func(all []stock.Coupon) { all[0].ThresholdDen = 0 }},
		{"an unknown fallback", func(all []stock.Coupon) { all[0].Fallback = "coffee" }},
		{"a fallback with a fallback", func(all []stock.Coupon) { all[1].Fallback = "museum" }},
		{"its own fallback", func(all []stock.Coupon) { all[0].Fallback = tea }},
	} {
		all := coupons()
		c.bend(all)
		_, err := stock.NewPolicy(split(t, 1), stock.NewReader(split(t, 1), nil), all)
		require.ErrorIs(t, err, wallet.ErrInvalid, c.why)
	}
	for _, parts := range []int{0, -1, stock.MaxParts + 1} {
		_, err := stock.NewSplitKey(mem.NewStock(), parts)
		require.ErrorIs(t, err, wallet.ErrInvalid)
	}
	for _, block := range []int64{0, -1, wallet.MaxStock + 1} {
		_, err := stock.NewLeased(mem.NewStockLeases(), mem.NewStock(), "a", block)
		require.ErrorIs(t, err, wallet.ErrInvalid)
	}
	_, err := stock.NewLeased(mem.NewStockLeases(), mem.NewStock(), "", 1)
	require.ErrorIs(t, err, wallet.ErrInvalid)
}

// TestSingleCountsTwice shows the source's known problem (C4), so that nobody fixes it unnoticed.
func TestSingleCountsTwice(t *testing.T) {
	store := mem.NewStock()
	s := stock.NewSingleKey(store)
	for range 3 {
		require.NoError(t, s.Take(t.Context(), number(1), tea, 3))
	}
	require.ErrorIs(t, s.Take(t.Context(), number(2), tea, 3), wallet.ErrSoldOut, "one order has used up the stock")
	n, err := s.Issued(t.Context(), official(tea))
	require.NoError(t, err)
	require.EqualValues(t, 4, n, "the refusal counts too")
	require.NoError(t, s.GiveBack(t.Context(), number(1), tea))
	has, err := s.Decline(t.Context(), number(1), tea)
	require.NoError(t, err)
	require.False(t, has, "it does not know orders")
}

// TestIdleRestsReturn: coupons of an idle instance return to the stock, and are leased again when needed.
func TestIdleRestsReturn(t *testing.T) {
	store, mirror := mem.NewStockLeases(), mem.NewStock()
	a, b := lease(t, store, mirror, "a", 100), lease(t, store, mirror, "b", 100)
	const total = 7
	require.NoError(t, a.Take(t.Context(), number(1), tea, 2)) // leases one
	q, err := store.Of(tea)
	require.NoError(t, err)
	_, err = q.Lease(t.Context(), "a", wallet.Official, 6, 6, total) // and six more, which a finds when it leases again
	require.NoError(t, err)
	require.NoError(t, a.Take(t.Context(), number(2), tea, total))
	require.ErrorIs(t, b.Take(t.Context(), number(3), tea, total), wallet.ErrSoldOut, "a has it all")
	require.NoError(t, a.ReturnUnused(t.Context(), 10))
	require.ErrorIs(t, b.Take(t.Context(), number(4), tea, total), wallet.ErrSoldOut, "a was used since the last call")
	require.NoError(t, a.ReturnUnused(t.Context(), 10))
	for id := range 4 {
		require.NoError(t, b.Take(t.Context(), number(id+5), tea, total), "the rest was returned")
	}
	require.NoError(t, a.Take(t.Context(), number(9), tea, total), "a leases again")
	require.NoError(t, stock.Publish(t.Context(), store, mirror, templates()))
	issued, err := b.Issued(t.Context(), official(tea))
	require.NoError(t, err)
	require.EqualValues(t, total, issued)
}
