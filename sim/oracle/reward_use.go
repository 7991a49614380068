package oracle

import (
	"errors"

	"hongbao/reference/wallet"
)

// Use is one request to use a reward.
type Use struct {
	person Person
	order  wallet.OrderNo
	start  wallet.Instant
	own    uint32 // the reward, if it belongs to the person; else 0
	sees   sight  // whether the person sees it in the requesting app
}

// UseSent records that the person asked to use a reward, which may belong to somebody else.
func (o *Oracle) UseSent(p Person, r wallet.UseRequest, now wallet.Instant) Use {
	u := Use{person: p, order: r.Order, start: now}
	if i := o.rewards.orders[r.Order]; i != 0 && o.rewards.list[i].person == p {
		u.own, u.sees = i, o.sees(p, r.App.Family(), o.rewards.list[i].account.Family, now)
		o.rewards.list[i].flags |= useSent
	}
	return u
}

// UseAnswered records the result of one try; wallet.ErrUnknown if there was no answer.
func (o *Oracle) UseAnswered(u Use, it wallet.Item, err error, now wallet.Instant) {
	o.evaluated(rewardUseOnce, 1)
	if u.own == 0 {
		if err == nil {
			o.fail(rewardUseOnce, 0, "person %d used order %s at %s, which belongs to somebody else", u.person, u.order, now)
		}
		return
	}
	w := &o.rewards.list[u.own]
	switch {
	case err == nil && u.sees == sightNever:
		o.fail(rewardUseOnce, 0, "order %s of person %d was used at %s in the other account system, but no phone has joined the two", u.order, u.person, now)
	case err == nil && (it.No != u.order || it.State != wallet.ItemUsed):
		o.fail(rewardUseOnce, 0, "person %d asked to use order %[3]s, but the answer at %[2]s is order %[4]s in state %[5]s", u.person, now, u.order, it.No, it.State)
	case err == nil:
		w.flags |= useAcked
		if w.shown == 0 || w.state < wallet.ItemUsed {
			w.state, w.shown = wallet.ItemUsed, now
		}
	case wallet.CodeOf(err) == wallet.CodeUnknown || wallet.CodeOf(err) == wallet.CodeInternal: // the outcome is open
	case w.has(useAcked) && u.sees == sightSure && wallet.CodeOf(err) != wallet.CodeOverloaded && wallet.CodeOf(err) != wallet.CodeUnavailable:
		o.fail(rewardUseOnce, 0, "order %s of person %d was acknowledged as used, but a repeated use was answered with %s at %s", u.order, u.person, wallet.ReasonOf(err), now)
	case errors.Is(err, wallet.ErrExpired) && w.expires != 0 && now < w.expires:
		o.fail(rewardUseOnce, 0, "order %s of person %d can be used until %s, but was reported as expired at %s", u.order, u.person, w.expires, now)
	case u.sees == sightSure && (wallet.CodeOf(err) == wallet.CodeUnauthorised || wallet.CodeOf(err) == wallet.CodeNotFound):
		o.fail(rewardUseOnce, 0, "order %s belongs to person %d, but the answer to its use is %s at %s", u.order, u.person, wallet.ReasonOf(err), now)
	}
}
