package oracle

import (
	"errors"

	"hongbao/reference/wallet"
)

// Use is one use of a reward that somebody asks for.
type Use struct {
	person Person
	order  wallet.OrderNo
	start  wallet.Instant
	own    uint32 // the reward, if it is the person's; else 0
	sees   sight  // whether the person sees it in the app that asks
}

// UseSent tells that the person asked to use a reward, which may be somebody else's.
func (o *Oracle) UseSent(p Person, r wallet.UseRequest, now wallet.Instant) Use {
	u := Use{person: p, order: r.Order, start: now}
	if i := o.rewards.orders[r.Order]; i != 0 && o.rewards.list[i].person == p {
		u.own, u.sees = i, o.sees(p, r.App.Family(), o.rewards.list[i].account.Family, now)
		o.rewards.list[i].is |= useSent
	}
	return u
}

// UseAnswered tells what came back from one try; wallet.ErrUnknown where nothing did.
func (o *Oracle) UseAnswered(u Use, it wallet.Item, err error, now wallet.Instant) {
	o.saw(rewardUseOnce, 1)
	if u.own == 0 {
		if err == nil {
			o.fail(rewardUseOnce, 0, "person %d used order %s at %s, which is somebody else's", u.person, u.order, now)
		}
		return
	}
	w := &o.rewards.list[u.own]
	switch {
	case err == nil && u.sees == sightNever:
		o.fail(rewardUseOnce, 0, "order %s of person %d was used at %s in the other account system, before a phone joined them", u.order, u.person, now)
	case err == nil && (it.No != u.order || it.State != wallet.ItemUsed):
		o.fail(rewardUseOnce, 0, "person %d asked at %s to use order %s and was answered order %s, %s", u.person, now, u.order, it.No, it.State)
	case err == nil:
		w.is |= useAcked
		if w.shown == 0 || w.state < wallet.ItemUsed {
			w.state, w.shown = wallet.ItemUsed, now
		}
	case wallet.CodeOf(err) == wallet.CodeUnknown || wallet.CodeOf(err) == wallet.CodeInternal:
		w.is |= useUnknown
	case w.has(useAcked) && u.sees == sightSure && wallet.CodeOf(err) != wallet.CodeOverloaded && wallet.CodeOf(err) != wallet.CodeUnavailable:
		o.fail(rewardUseOnce, 0, "order %s of person %d was acknowledged as used, and a use is answered %s at %s", u.order, u.person, wallet.ReasonOf(err), now)
	case errors.Is(err, wallet.ErrExpired) && w.expires != 0 && now < w.expires:
		o.fail(rewardUseOnce, 0, "order %s of person %d can be used until %s, and was answered as expired at %s", u.order, u.person, w.expires, now)
	case u.sees == sightSure && (wallet.CodeOf(err) == wallet.CodeUnauthorised || wallet.CodeOf(err) == wallet.CodeNotFound):
		o.fail(rewardUseOnce, 0, "order %s is person %d's, who was answered %s at %s", u.order, u.person, wallet.ReasonOf(err), now)
	}
}
