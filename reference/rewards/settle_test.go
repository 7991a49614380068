package rewards_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
)

// TestBatches: full batches go at once, the rest when its oldest has waited long enough.
func TestBatches(t *testing.T) {
	r := newRig(t, tree(10, 100)).boot()
	shop := r.shops[wallet.EcommerceCoupon]
	for id := wallet.ActID(1); id <= 7; id++ {
		r.grant(won(id, "shop", 1))
		r.clock.pass(time.Millisecond)
	}
	n, err := r.service.Settle(r.ctx)
	require.NoError(t, err)
	require.Equal(t, 6, n)
	require.Equal(t, []int{3, 3}, shop.batches)
	n, err = r.service.Settle(r.ctx)
	require.NoError(t, err)
	require.Zero(t, n, "the seventh waits for company")
	r.clock.pass(2 * time.Second)
	n, err = r.service.Settle(r.ctx)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	require.Equal(t, []int{3, 3, 1}, shop.batches)
}

// TestRate: all calls together stay within the downstream's rate, and nothing is lost for it.
func TestRate(t *testing.T) {
	r := newRig(t, tree(10, 2))
	r.shops[wallet.AvatarPendant].traits.PerSecond = 5
	r.boot()
	shop := r.shops[wallet.AvatarPendant]
	for id := wallet.ActID(1); id <= 40; id++ {
		r.grant(won(id, "pendant", 1))
	}
	require.Equal(t, 5, shop.heard(), "a second's calls, and no more")
	_, err := r.use(won(1, "pendant", 1))
	require.ErrorIs(t, err, wallet.ErrLimited)
	require.Equal(t, wallet.ItemSettled, r.record(won(1, "pendant", 1)).State, "nothing was done")
	for seconds := 1; seconds <= 8; seconds++ {
		r.clock.pass(time.Second)
		for range 3 {
			_, err := r.service.Settle(r.ctx)
			require.NoError(t, err)
		}
		require.LessOrEqual(t, shop.heard(), 5+5*seconds)
	}
	r.settle()
	n, err := r.items.Count(r.ctx, wallet.Official)
	require.NoError(t, err)
	require.Equal(t, map[wallet.ItemState]int64{wallet.ItemSettled: 40}, n)
}

// TestCallback: what a downstream accepted is settled by its callback, which is asked about and not believed, or by
// looking.
func TestCallback(t *testing.T) {
	r := newRig(t, tree(10, 2)).boot()
	shop := r.shops[wallet.HeyteaCoupon]
	shop.slow = 2
	no := won(1, "tea", 1)
	require.Equal(t, wallet.ItemProcessing, r.grant(no).State)
	tell := func(c wallet.Callback) error { return r.service.Confirm(r.ctx, c) }
	settled := wallet.Callback{Award: wallet.HeyteaCoupon, Order: no, Receipt: wallet.Receipt{State: wallet.ItemSettled, Expires: wallet.Never}}
	require.NoError(t, tell(settled))
	require.Equal(t, wallet.ItemProcessing, r.record(no).State, "it says settled, and asked it says it is not")
	require.NoError(t, tell(settled))
	require.Equal(t, wallet.ItemSettled, r.record(no).State)
	calls := shop.heard()
	require.NoError(t, tell(settled), "a repeat")
	require.Equal(t, calls, shop.heard(), "is not even asked about")
	require.NoError(t, tell(wallet.Callback{Award: wallet.HeyteaCoupon, Order: no, Receipt: wallet.Receipt{State: wallet.ItemUsed}}))
	require.Equal(t, wallet.ItemSettled, r.record(no).State, "a lie changes nothing")

	for why, c := range map[string]struct {
		c    wallet.Callback
		want error
	}{
		"another type":    {wallet.Callback{Award: wallet.AdCoupon, Order: no}, wallet.ErrInvalid},
		"never won":       {wallet.Callback{Award: wallet.HeyteaCoupon, Order: won(2, "tea", 1)}, wallet.ErrNotFound},
		"no order at all": {wallet.Callback{Award: wallet.HeyteaCoupon}, wallet.ErrInvalid},
	} {
		require.ErrorIs(t, tell(c.c), c.want, why)
	}
	r.on[wallet.SwitchHoldDownstreams] = true
	held := won(3, "tea", 1)
	r.grant(held)
	early := settled
	early.Order = held
	require.ErrorIs(t, tell(early), wallet.ErrUnavailable, "nobody has asked for it yet")
	delete(r.on, wallet.SwitchHoldDownstreams)

	shop.slow = 3
	r.grant(won(4, "tea", 1))
	r.settle()
	require.Equal(t, wallet.ItemSettled, r.record(won(4, "tea", 1)).State, "no callback came: it was looked at")

	shop.slow = 1
	r.grant(won(5, "tea", 1))
	shop.orders[won(5, "tea", 1)].declined = true // accepted, and then declined after all
	refused := settled
	refused.Order, refused.Receipt = won(5, "tea", 1), wallet.Receipt{State: wallet.ItemRefunded}
	require.NoError(t, tell(refused))
	require.Equal(t, wallet.ItemRefunded, r.record(won(5, "tea", 1)).State)
}

// TestCallbackOfWhatWasTakenBack: the downstream took a settled reward back by itself, and tells of it.
func TestCallbackOfWhatWasTakenBack(t *testing.T) {
	r := newRig(t, tree(10, 2)).boot()
	no := won(1, "tea", 1)
	r.grant(no)
	r.shops[wallet.HeyteaCoupon].orders[no].state = wallet.ItemRefunded
	require.NoError(t, r.service.Confirm(r.ctx, wallet.Callback{Award: wallet.HeyteaCoupon, Order: no, Receipt: wallet.Receipt{State: wallet.ItemRefunded}}))
	require.Equal(t, wallet.ItemRefunded, r.record(no).State)
	require.Zero(t, issued(r, "tea"))
}

// blindShop is a downstream whose looks have no answer.
type blindShop struct{ wallet.Downstream }

func (blindShop) Look(context.Context, wallet.Item) (wallet.Receipt, error) {
	return wallet.Receipt{}, wallet.ErrUnknown
}

// TestNeverTwice: what may have been handed out is not handed out again before the downstream has said that it was not.
func TestNeverTwice(t *testing.T) {
	r := newRig(t, tree(10, 2))
	r.faulty = func(s *shop) wallet.Downstream { return deafShop{blindShop{s}} }
	r.boot()
	no := won(1, "museum", 1)
	require.Equal(t, wallet.ItemProcessing, r.grant(no).State)
	for range 5 {
		r.clock.pass(time.Hour) // the shop has forgotten that it was asked
		_, err := r.service.Settle(r.ctx)
		require.ErrorIs(t, err, wallet.ErrUnknown)
	}
	require.Equal(t, 1, r.shops[wallet.CulturalCoupon].orders[no].given)
	r.faulty = func(s *shop) wallet.Downstream { return s }
	r.boot()
	r.settle()
	require.Equal(t, wallet.ItemSettled, r.record(no).State)
	require.Equal(t, 1, r.shops[wallet.CulturalCoupon].orders[no].given)
}

// TestRateOfUncompensated: an item whose turn has not come is acknowledged also where its scene has no compensation: nobody
// was asked, so nobody has failed.
func TestRateOfUncompensated(t *testing.T) {
	r := newRig(t, tree(10, 2))
	r.shops[wallet.AdCoupon].traits.PerSecond = 1
	r.boot()
	require.Equal(t, wallet.ItemSettled, r.grant(won(1, "ad", 1)).State)
	require.Equal(t, wallet.ItemIssued, r.grant(won(2, "ad", 1)).State)
	r.settle()
	require.Equal(t, wallet.ItemSettled, r.record(won(2, "ad", 1)).State)
}

// TestRateOfMany: an instance takes its share of the rate, and a share of less than one call a second is one now and then.
func TestRateOfMany(t *testing.T) {
	for _, c := range []struct {
		instances, atOnce, after10s int
	}{{1, 5, 50}, {2, 2, 25}, {50, 1, 1}} {
		r := newRig(t, tree(10, 2))
		r.shops[wallet.AvatarPendant].traits.PerSecond = 5
		r.instances = c.instances
		r.boot()
		shop := r.shops[wallet.AvatarPendant]
		for id := wallet.ActID(1); id <= 60; id++ {
			r.grant(won(id, "pendant", 1))
		}
		require.Equal(t, c.atOnce, shop.heard())
		for range 100 {
			r.clock.pass(100 * time.Millisecond)
			_, err := r.service.Settle(r.ctx)
			require.NoError(t, err)
		}
		require.InDelta(t, c.atOnce+c.after10s, shop.heard(), 5, "%d instances", c.instances)
		require.LessOrEqual(t, shop.heard(), c.atOnce+c.after10s)
	}
}

// TestUsedElsewhere: what the downstream knows to be used is used here too, through all states between.
func TestUsedElsewhere(t *testing.T) {
	r := newRig(t, tree(10, 2)).boot()
	shop := r.shops[wallet.HeyteaCoupon]
	shop.slow = 1
	for n, state := range []wallet.ItemState{wallet.ItemUsed, wallet.ItemExpired, wallet.ItemRefunded} {
		no := won(wallet.ActID(n+1), "tea", 1)
		r.grant(no)
		shop.orders[no].state = state
		r.settle()
		require.Equal(t, state, r.record(no).State)
	}
}

// TestPaused: what is stuck is left alone while compensation is paused; batches go on, because they are not stuck.
func TestPaused(t *testing.T) {
	r := newRig(t, tree(10, 2)).boot()
	r.shops[wallet.HeyteaCoupon].slow = 1
	r.grant(won(1, "tea", 1))
	r.grant(won(1, "shop", 1))
	r.on[wallet.SwitchPauseCompensate] = true
	r.settle()
	require.Equal(t, wallet.ItemProcessing, r.record(won(1, "tea", 1)).State)
	require.Equal(t, wallet.ItemSettled, r.record(won(1, "shop", 1)).State)
	delete(r.on, wallet.SwitchPauseCompensate)
	r.settle()
	require.Equal(t, wallet.ItemSettled, r.record(won(1, "tea", 1)).State)
}
