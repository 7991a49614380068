package rewards_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
)

// TestBatches: full batches are issued at once, the rest once its oldest item has waited long enough.
func TestBatches(t *testing.T) {
	r := newRig(t, tree(10, 100)).boot()
	fake := r.fakes[wallet.EcommerceCoupon]
	for id := wallet.ActID(1); id <= 7; id++ {
		r.grant(won(id, "shop", 1))
		r.clock.pass(time.Millisecond)
	}
	n, err := r.service.Settle(r.ctx)
	require.NoError(t, err)
	require.Equal(t, 6, n)
	require.Equal(t, []int{3, 3}, fake.batches)
	n, err = r.service.Settle(r.ctx)
	require.NoError(t, err)
	require.Zero(t, n, "the seventh waits for a full batch")
	r.clock.pass(2 * time.Second)
	n, err = r.service.Settle(r.ctx)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	require.Equal(t, []int{3, 3, 1}, fake.batches)
}

// TestRate: all calls together stay within the downstream's rate, and no item is lost.
func TestRate(t *testing.T) {
	r := newRig(t, tree(10, 2))
	r.fakes[wallet.AvatarPendant].traits.PerSecond = 5
	r.boot()
	fake := r.fakes[wallet.AvatarPendant]
	for id := wallet.ActID(1); id <= 40; id++ {
		r.grant(won(id, "pendant", 1))
	}
	require.Equal(t, 5, fake.requests(), "only one second's calls")
	_, err := r.use(won(1, "pendant", 1))
	require.ErrorIs(t, err, wallet.ErrLimited)
	require.Equal(t, wallet.ItemSettled, r.record(won(1, "pendant", 1)).State, "the refused call did nothing")
	for seconds := 1; seconds <= 8; seconds++ {
		r.clock.pass(time.Second)
		for range 3 {
			_, err := r.service.Settle(r.ctx)
			require.NoError(t, err)
		}
		require.LessOrEqual(t, fake.requests(), 5+5*seconds)
	}
	r.settle()
	n, err := r.items.Count(r.ctx, wallet.Official)
	require.NoError(t, err)
	require.Equal(t, map[wallet.ItemState]int64{wallet.ItemSettled: 40}, n)
}

// TestCallback: an accepted item is settled by its callback, which is verified by a query, or by a query of the chores.
func TestCallback(t *testing.T) {
	r := newRig(t, tree(10, 2)).boot()
	fake := r.fakes[wallet.HeyteaCoupon]
	fake.slow = 2
	no := won(1, "tea", 1)
	require.Equal(t, wallet.ItemProcessing, r.grant(no).State)
	confirm := func(c wallet.Callback) error { return r.service.Confirm(r.ctx, c) }
	settled := wallet.Callback{Award: wallet.HeyteaCoupon, Order: no, Receipt: wallet.Receipt{State: wallet.ItemSettled, Expires: wallet.Never}}
	require.NoError(t, confirm(settled))
	require.Equal(t, wallet.ItemProcessing, r.record(no).State, "the callback says settled, but the query does not confirm it")
	require.NoError(t, confirm(settled))
	require.Equal(t, wallet.ItemSettled, r.record(no).State)
	calls := fake.requests()
	require.NoError(t, confirm(settled), "a repeat")
	require.Equal(t, calls, fake.requests(), "the downstream is not queried")
	require.NoError(t, confirm(wallet.Callback{Award: wallet.HeyteaCoupon, Order: no, Receipt: wallet.Receipt{State: wallet.ItemUsed}}))
	require.Equal(t, wallet.ItemSettled, r.record(no).State, "a false callback changes nothing")

	for why, c := range map[string]struct {
		c    wallet.Callback
		want error
	}{
		"another type": {wallet.Callback{Award: wallet.AdCoupon, Order: no}, wallet.ErrInvalid},
		"never won":    {wallet.Callback{Award: wallet.HeyteaCoupon, Order: won(2, "tea", 1)}, wallet.ErrNotFound},
		"no order":     {wallet.Callback{Award: wallet.HeyteaCoupon}, wallet.ErrInvalid},
	} {
		require.ErrorIs(t, confirm(c.c), c.want, why)
	}
	r.on[wallet.SwitchHoldDownstreams] = true
	held := won(3, "tea", 1)
	r.grant(held)
	early := settled
	early.Order = held
	require.ErrorIs(t, confirm(early), wallet.ErrUnavailable, "it was not requested yet")
	delete(r.on, wallet.SwitchHoldDownstreams)

	fake.slow = 3
	r.grant(won(4, "tea", 1))
	r.settle()
	require.Equal(t, wallet.ItemSettled, r.record(won(4, "tea", 1)).State, "no callback came: the chores queried it")

	fake.slow = 1
	r.grant(won(5, "tea", 1))
	fake.orders[won(5, "tea", 1)].declined = true // accepted first, then declined
	refused := settled
	refused.Order, refused.Receipt = won(5, "tea", 1), wallet.Receipt{State: wallet.ItemRefunded}
	require.NoError(t, confirm(refused))
	require.Equal(t, wallet.ItemRefunded, r.record(won(5, "tea", 1)).State)
}

// TestCallbackOfWhatWasTakenBack: the downstream refunded a settled item by itself, and sends a callback.
func TestCallbackOfWhatWasTakenBack(t *testing.T) {
	r := newRig(t, tree(10, 2)).boot()
	no := won(1, "tea", 1)
	r.grant(no)
	r.fakes[wallet.HeyteaCoupon].orders[no].state = wallet.ItemRefunded
	require.NoError(t, r.service.Confirm(r.ctx, wallet.Callback{Award: wallet.HeyteaCoupon, Order: no, Receipt: wallet.Receipt{State: wallet.ItemRefunded}}))
	require.Equal(t, wallet.ItemRefunded, r.record(no).State)
	require.Zero(t, issued(r, "tea"))
}

// unqueryable is a downstream whose queries have no reply.
type unqueryable struct{ wallet.Downstream }

func (unqueryable) Query(context.Context, wallet.Item) (wallet.Receipt, error) {
	return wallet.Receipt{}, wallet.ErrUnknown
}

// TestNeverTwice: an item that may have been issued is not issued again before the downstream has denied it.
func TestNeverTwice(t *testing.T) {
	r := newRig(t, tree(10, 2))
	r.faulty = func(s *fakeDownstream) wallet.Downstream { return lossyDownstream{unqueryable{s}} }
	r.boot()
	no := won(1, "museum", 1)
	require.Equal(t, wallet.ItemProcessing, r.grant(no).State)
	for range 5 {
		r.clock.pass(time.Hour) // the downstream has forgotten the request
		_, err := r.service.Settle(r.ctx)
		require.ErrorIs(t, err, wallet.ErrUnknown)
	}
	require.Equal(t, 1, r.fakes[wallet.CulturalCoupon].orders[no].given)
	r.faulty = func(s *fakeDownstream) wallet.Downstream { return s }
	r.boot()
	r.settle()
	require.Equal(t, wallet.ItemSettled, r.record(no).State)
	require.Equal(t, 1, r.fakes[wallet.CulturalCoupon].orders[no].given)
}

// TestRateOfUncompensated: an item refused by the rate is acknowledged even if its scene has no compensation: no call
// was made, so none has failed.
func TestRateOfUncompensated(t *testing.T) {
	r := newRig(t, tree(10, 2))
	r.fakes[wallet.AdCoupon].traits.PerSecond = 1
	r.boot()
	require.Equal(t, wallet.ItemSettled, r.grant(won(1, "ad", 1)).State)
	require.Equal(t, wallet.ItemIssued, r.grant(won(2, "ad", 1)).State)
	r.settle()
	require.Equal(t, wallet.ItemSettled, r.record(won(2, "ad", 1)).State)
}

// TestRateOfMany: an instance takes its share of the rate; a share below one call a second gives one call from time to
// time.
func TestRateOfMany(t *testing.T) {
	for _, c := range []struct {
		instances, atOnce, after10s int
	}{{1, 5, 50}, {2, 2, 25}, {50, 1, 1}} {
		r := newRig(t, tree(10, 2))
		r.fakes[wallet.AvatarPendant].traits.PerSecond = 5
		r.instances = c.instances
		r.boot()
		fake := r.fakes[wallet.AvatarPendant]
		for id := wallet.ActID(1); id <= 60; id++ {
			r.grant(won(id, "pendant", 1))
		}
		require.Equal(t, c.atOnce, fake.requests())
		for range 100 {
			r.clock.pass(100 * time.Millisecond)
			_, err := r.service.Settle(r.ctx)
			require.NoError(t, err)
		}
		require.InDelta(t, c.atOnce+c.after10s, fake.requests(), 5, "%d instances", c.instances)
		require.LessOrEqual(t, fake.requests(), c.atOnce+c.after10s)
	}
}

// TestUsedElsewhere: an item that the downstream knows to be used is recorded as used, through all states between.
func TestUsedElsewhere(t *testing.T) {
	r := newRig(t, tree(10, 2)).boot()
	fake := r.fakes[wallet.HeyteaCoupon]
	fake.slow = 1
	for n, state := range []wallet.ItemState{wallet.ItemUsed, wallet.ItemExpired, wallet.ItemRefunded} {
		no := won(wallet.ActID(n+1), "tea", 1)
		r.grant(no)
		fake.orders[no].state = state
		r.settle()
		require.Equal(t, state, r.record(no).State)
	}
}

// TestPaused: stuck items are not driven while compensation is paused; batches continue, because they are not stuck.
func TestPaused(t *testing.T) {
	r := newRig(t, tree(10, 2)).boot()
	r.fakes[wallet.HeyteaCoupon].slow = 1
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
