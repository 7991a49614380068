package rewards_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
)

// TestUse: an item is used once, by its owner, before it expires; a repeat returns the first result.
func TestUse(t *testing.T) {
	r := newRig(t, tree(10, 2)).boot()
	tea, voucher := won(1, "tea", 1), won(1, "shop", 1)
	r.grant(tea)
	r.grant(voucher)
	_, err := r.use(voucher)
	require.ErrorIs(t, err, wallet.ErrNotUsable, "not settled yet")
	_, err = r.use(won(1, "tea", 9))
	require.ErrorIs(t, err, wallet.ErrNotFound)
	_, err = r.service.UseReward(r.ctx, wallet.UseRequest{Caller: wallet.Caller{App: wallet.Douyin, User: 2}, Order: tea})
	require.ErrorIs(t, err, wallet.ErrNotYours)
	_, err = r.service.UseReward(r.ctx, wallet.UseRequest{Caller: wallet.Caller{App: wallet.Douyin, User: 2}, Order: won(1, "tea", 9)})
	require.ErrorIs(t, err, wallet.ErrNotYours, "others must not learn whether it exists")
	_, err = r.service.UseReward(r.ctx, wallet.UseRequest{Caller: wallet.Caller{App: 99, User: 1}, Order: tea})
	require.ErrorIs(t, err, wallet.ErrInvalid)
	_, err = r.service.UseReward(r.ctx, wallet.UseRequest{Caller: wallet.Caller{App: wallet.Douyin, User: 1}})
	require.ErrorIs(t, err, wallet.ErrInvalid, "no order")

	for _, s := range []wallet.Switch{wallet.SwitchStopUse, wallet.SwitchHoldDownstreams} {
		r.on[s] = true
		_, err = r.use(tea)
		require.ErrorIs(t, err, wallet.ErrSwitchedOff)
		delete(r.on, s)
	}
	first, err := r.use(tea)
	require.NoError(t, err)
	require.Equal(t, wallet.ItemUsed, first.State)
	r.clock.pass(time.Hour)
	r.on[wallet.SwitchStopUse] = true
	again, err := r.use(tea)
	require.NoError(t, err, "it is already used")
	require.Equal(t, first, again)
	require.Equal(t, 1, r.fakes[wallet.HeyteaCoupon].orders[tea].used)
	_, err = r.service.Refund(r.ctx, tea)
	require.ErrorIs(t, err, wallet.ErrNotUsable, "it was used")
}

// TestUseOfAnotherStage: an item won in one stage cannot be used in another (A1).
func TestUseOfAnotherStage(t *testing.T) {
	r := newRig(t, tree(10, 2))
	r.clock.now = start.Add(-time.Hour)
	r.boot()
	drill := won(1, "tea", 1)
	drill.Stage = wallet.ExternalDrill
	require.Equal(t, wallet.ItemSettled, r.grant(drill).State)
	r.clock.now = start
	_, err := r.use(drill)
	require.ErrorIs(t, err, wallet.ErrNotUsable)
	r.clock.now = far
	_, err = r.use(drill)
	require.ErrorIs(t, err, wallet.ErrNoActivity)
	r.clock.now = start - 1
	_, err = r.use(drill)
	require.NoError(t, err)
}

// TestExpiry: from its expiry on an item cannot be used, and the chores record that; if the clocks disagree, the
// downstream's decides.
func TestExpiry(t *testing.T) {
	r := newRig(t, tree(10, 2)).boot()
	r.fakes[wallet.HeyteaCoupon].lifetime = time.Hour
	for id := wallet.ActID(1); id <= 3; id++ {
		r.grant(won(id, "tea", 1))
	}
	r.clock.pass(time.Hour - time.Microsecond)
	_, err := r.use(won(1, "tea", 1))
	require.NoError(t, err)
	r.fakes[wallet.HeyteaCoupon].orders[won(2, "tea", 1)].expires -= 10
	_, err = r.use(won(2, "tea", 1))
	require.ErrorIs(t, err, wallet.ErrExpired, "the downstream says so")
	require.Equal(t, wallet.ItemExpired, r.record(won(2, "tea", 1)).State)
	r.clock.pass(time.Microsecond)
	_, err = r.use(won(3, "tea", 1))
	require.ErrorIs(t, err, wallet.ErrExpired, "it is not recorded yet")
	n, err := r.service.Settle(r.ctx)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	require.Equal(t, wallet.ItemExpired, r.record(won(3, "tea", 1)).State)
	require.Equal(t, wallet.ItemUsed, r.record(won(1, "tea", 1)).State)
	_, err = r.use(won(3, "tea", 1))
	require.ErrorIs(t, err, wallet.ErrExpired)
}

// TestUseOfWhatTheDownstreamLost: the downstream does not know an item that it had confirmed, so the item is issued
// again, and an alarm is raised.
func TestUseOfWhatTheDownstreamLost(t *testing.T) {
	r := newRig(t, tree(10, 2)).boot()
	r.grant(won(1, "tea", 1))
	delete(r.fakes[wallet.HeyteaCoupon].orders, won(1, "tea", 1))
	i, err := r.use(won(1, "tea", 1))
	require.NoError(t, err)
	require.Equal(t, wallet.ItemUsed, i.State)
	require.Len(t, r.alarms, 1)
}

// TestRefund: its coupon returns to the stock once, and it cannot be used any more.
func TestRefund(t *testing.T) {
	r := newRig(t, tree(10, 2)).boot()
	for id := wallet.ActID(1); id <= 4; id++ {
		r.grant(won(id, "museum", 1))
	}
	require.Equal(t, wallet.ItemVoid, r.grant(won(5, "museum", 1)).State)
	r.on[wallet.SwitchHoldDownstreams] = true
	_, err := r.service.Refund(r.ctx, won(1, "museum", 1))
	require.ErrorIs(t, err, wallet.ErrSwitchedOff)
	delete(r.on, wallet.SwitchHoldDownstreams)
	for range 2 {
		i, err := r.service.Refund(r.ctx, won(1, "museum", 1))
		require.NoError(t, err)
		require.Equal(t, wallet.ItemRefunded, i.State)
	}
	_, err = r.use(won(1, "museum", 1))
	require.ErrorIs(t, err, wallet.ErrNotUsable)
	require.Equal(t, wallet.ItemSettled, r.grant(won(6, "museum", 1)).State)
	require.Equal(t, wallet.ItemVoid, r.grant(won(7, "museum", 1)).State, "one coupon was returned, not two")
	require.Equal(t, wallet.ItemRefunded, r.grant(won(1, "museum", 1)).State, "a late repeat of the win gets nothing new")

	r.grant(won(1, "shop", 1)) // issued; its downstream was not called yet
	i, err := r.service.Refund(r.ctx, won(1, "shop", 1))
	require.NoError(t, err)
	require.Equal(t, wallet.ItemRefunded, i.State, "it is settled first and then refunded")
	for why, no := range map[string]wallet.OrderNo{"a greeting": won(5, "museum", 1), "never won": won(9, "museum", 1)} {
		_, err = r.service.Refund(r.ctx, no)
		require.ErrorIs(t, err, wallet.ErrNotFound, why)
	}
	r.fakes[wallet.HeyteaCoupon].slow = 100
	r.grant(won(1, "tea", 1))
	_, err = r.service.Refund(r.ctx, won(1, "tea", 1))
	require.ErrorIs(t, err, wallet.ErrUnavailable, "it is still processing")
}

// stubborn is a downstream that refuses to use or to refund confirmed items.
type stubborn struct{ wallet.Downstream }

func (stubborn) Use(context.Context, wallet.Item) (wallet.Receipt, error) {
	return wallet.Receipt{}, wallet.ErrDeclined
}

func (stubborn) Refund(context.Context, wallet.Item) (wallet.Receipt, error) {
	return wallet.Receipt{}, wallet.ErrDeclined
}

// TestStubborn: a final refusal of a use or a refund ends the item here; its coupon stays counted.
func TestStubborn(t *testing.T) {
	r := newRig(t, tree(10, 2))
	r.faulty = func(s *fakeDownstream) wallet.Downstream { return stubborn{s} }
	r.boot()
	for id := wallet.ActID(1); id <= 2; id++ {
		r.grant(won(id, "tea", 1))
	}
	_, err := r.use(won(1, "tea", 1))
	require.ErrorIs(t, err, wallet.ErrExpired)
	_, err = r.service.Refund(r.ctx, won(2, "tea", 1))
	require.ErrorIs(t, err, wallet.ErrNotUsable)
	for id := wallet.ActID(1); id <= 2; id++ {
		require.Equal(t, wallet.ItemExpired, r.record(won(id, "tea", 1)).State)
	}
	require.EqualValues(t, 2, issued(r, "tea"))
}

// TestRefundedBehindOurBack: the downstream refunded the item by itself; the use discovers that, and the coupon is
// granted to another person.
func TestRefundedBehindOurBack(t *testing.T) {
	r := newRig(t, tree(10, 2)).boot()
	for id := wallet.ActID(1); id <= 4; id++ {
		r.grant(won(id, "museum", 1))
	}
	r.fakes[wallet.CulturalCoupon].orders[won(1, "museum", 1)].state = wallet.ItemRefunded
	_, err := r.use(won(1, "museum", 1))
	require.ErrorIs(t, err, wallet.ErrNotUsable)
	require.Equal(t, wallet.ItemRefunded, r.record(won(1, "museum", 1)).State)
	require.Equal(t, wallet.ItemSettled, r.grant(won(5, "museum", 1)).State)
}

// TestList reads a person's rewards page by page, newest first, without greetings and other stages.
func TestList(t *testing.T) {
	r := newRig(t, tree(10, 2)).boot()
	var want []wallet.OrderNo
	for rain := int32(1); rain <= 7; rain++ {
		want = append([]wallet.OrderNo{won(1, "pendant", rain)}, want...)
		r.grant(want[0])
		r.clock.pass(time.Second)
	}
	r.on[wallet.SwitchGreetOnly] = true
	r.grant(won(1, "tea", 1))
	r.grant(won(2, "pendant", 1))
	list := func(q wallet.RewardsRequest) wallet.RewardsPage {
		q.Caller = wallet.Caller{App: wallet.Toutiao, User: 1}
		page, err := r.service.Rewards(r.ctx, q)
		require.NoError(t, err)
		return page
	}
	var got []wallet.OrderNo
	for q := (wallet.RewardsRequest{Limit: 3}); ; {
		page := list(q)
		require.Equal(t, wallet.Official, page.Stage)
		for _, i := range page.Items {
			got = append(got, i.No)
		}
		if q.After = page.Next; q.After == (wallet.Cursor{}) {
			break
		}
	}
	require.Equal(t, want, got)
	require.Zero(t, list(wallet.RewardsRequest{Limit: len(want)}).Next, "a page with all items is the last")
	require.Empty(t, list(wallet.RewardsRequest{Limit: 3, At: start - 1}).Items, "the drill's list")
	for why, q := range map[string]wallet.RewardsRequest{
		"no app":         {Limit: 1, Caller: wallet.Caller{User: 1}},
		"no user":        {Limit: 1, Caller: wallet.Caller{App: wallet.Toutiao}},
		"no limit":       {Caller: wallet.Caller{App: wallet.Toutiao, User: 1}},
		"limit too high": {Limit: wallet.MaxPage + 1, Caller: wallet.Caller{App: wallet.Toutiao, User: 1}},
		"negative limit": {Limit: -1, Caller: wallet.Caller{App: wallet.Toutiao, User: 1}},
	} {
		_, err := r.service.Rewards(r.ctx, q)
		require.ErrorIs(t, err, wallet.ErrInvalid, why)
	}
	r.on[wallet.SwitchPageNoRewards] = true
	_, err := r.service.Rewards(r.ctx, wallet.RewardsRequest{Limit: 1, Caller: wallet.Caller{App: wallet.Toutiao, User: 1}})
	require.ErrorIs(t, err, wallet.ErrSwitchedOff)
}
