package oracle

import (
	"slices"

	"hongbao/reference/wallet"
)

// Listing is one look at a person's rewards other than cash, from its first request to its answer.
type Listing struct {
	person Person
	start  wallet.Instant
	stage  wallet.Stage
	family wallet.Family
	after  wallet.Cursor
	limit  int // 0: the wallet's own
}

// RewardsSent tells that the person asked for the list.
func (o *Oracle) RewardsSent(p Person, r wallet.RewardsRequest, now wallet.Instant) Listing {
	at := r.At
	if at == 0 {
		at = now
	}
	return Listing{person: p, start: now, stage: o.stage(at), family: r.App.Family(), after: r.After, limit: r.Limit}
}

// RewardsAnswered tells what came back (P3): each is the person's own, in its place and no further back than it was, and
// what was acknowledged before is there, in whichever app it was won.
func (o *Oracle) RewardsAnswered(l Listing, page wallet.RewardsPage, err error, now wallet.Instant) {
	if err != nil {
		return
	}
	o.saw(phaseIsolation, 1)
	if page.Stage != l.stage {
		o.fail(phaseIsolation, 0, "person %d asked at %s for the rewards of stage %s and got those of stage %s", l.person, l.start, l.stage, page.Stage)
		return
	}
	if len(page.Items) > l.limit {
		o.fail(userView, 0, "person %d asked at %s for %d rewards and got %d", l.person, l.start, l.limit, len(page.Items))
	}
	o.listed(l, page.Items, page.Next == (wallet.Cursor{}), now)
}

// fewRewards is how many a wallet page is held to list in full; a wallet may cut longer lists.
const fewRewards = 10

// pageRewards judges the rewards that the first page of the wallet lists.
func (o *Oracle) pageRewards(a *ask, page wallet.Page, now wallet.Instant) {
	if o.cfg.Rewards && a.after == (wallet.Cursor{}) && !slices.Contains(page.Missing, missingRewards) {
		l := Listing{person: a.person, start: a.start, stage: a.stage, family: a.family}
		o.listed(l, page.Items, len(page.Items) < fewRewards, now)
	}
}

// listed judges a list of rewards; all says that nothing comes after it.
func (o *Oracle) listed(l Listing, items []wallet.Item, all bool, now wallet.Instant) {
	o.saw(userView, 1)
	place, last := l.after, wallet.Cursor{}
	var shown []uint32
	for n := range items {
		it := &items[n]
		if !place.After(it.Opened, it.No) {
			o.fail(userView, 0, "person %d, rewards of %s to %s: order %s comes after one that is not newer", l.person, l.start, now, it.No)
			return
		}
		place = wallet.Cursor{Opened: it.Opened, Order: it.No}
		last = place
		i := o.rewardShown(l, it, now)
		if i == 0 {
			return
		}
		shown = append(shown, i)
	}
	for i := o.rewards.of[l.person]; i != 0; i = o.rewards.list[i].next {
		w := &o.rewards.list[i]
		due := w.acked != 0 && w.acked < l.start && w.got != (gift{}) && !w.got.void && w.play.stage == l.stage &&
			o.sees(l.person, l.family, w.account.Family, l.start) == sightSure && l.after.After(w.opened, w.order)
		if !due || slices.Contains(shown, i) || !all && (len(items) == 0 || last.After(w.opened, w.order)) {
			continue
		}
		o.fail(userView, 0, "person %d, rewards of %s to %s: lack order %s, acknowledged at %s in another look or app", l.person, l.start, now, w.order, w.acked)
		return
	}
}

// rewardShown judges one reward of a list and returns it, 0 if it must not be there.
func (o *Oracle) rewardShown(l Listing, it *wallet.Item, now wallet.Instant) uint32 {
	if it.No.Stage != l.stage {
		o.fail(phaseIsolation, 0, "person %d, rewards of stage %s, %s to %s: show order %s", l.person, l.stage, l.start, now, it.No)
		return 0
	}
	i := o.rewardOf(l.person, it)
	if i == 0 || o.rewards.list[i].person != l.person {
		o.fail(userView, 0, "person %d, rewards of %s to %s: show order %s, which is not this person's", l.person, l.start, now, it.No)
		return 0
	}
	w := &o.rewards.list[i]
	o.given(w, it, now)
	switch {
	case !it.State.Grants():
		o.fail(userView, 0, "person %d, rewards of %s to %s: show order %s, which is %s", l.person, l.start, now, it.No, it.State)
		return 0
	case it.Opened != w.opened:
		o.fail(userView, 0, "person %d, rewards of %s to %s: show order %s as won at %s, not at %s", l.person, l.start, now, it.No, it.Opened, w.opened)
		return 0
	case o.sees(l.person, l.family, w.account.Family, l.start) == sightNever:
		o.fail(userView, 0, "person %d, rewards of %s to %s: show order %s, won in the other account system before a phone joined them", l.person, l.start, now, it.No)
		return 0
	}
	o.rewardState(w, it, l.start, now)
	return i
}

// rewardState judges that a reward never goes back, and that what was acknowledged as used is shown so.
func (o *Oracle) rewardState(w *reward, it *wallet.Item, start, now wallet.Instant) {
	o.saw(rewardOnce, 1)
	if w.shown != 0 && w.shown < start && it.State < w.state {
		o.fail(rewardOnce, 0, "order %s of person %d was %s at %s and is %s at %s", w.order, w.person, w.state, w.shown, it.State, now)
	}
	if it.State > w.state || w.shown == 0 {
		w.state, w.shown = it.State, now
	}
	if it.State >= wallet.ItemSettled && it.Expires != 0 {
		w.expires = it.Expires
	}
}

// anybody stands for the person of an item that was found in the books.
const anybody Person = -1

// rewardOf returns the reward that an item stands for, 0 if nobody asked for it. What the wallet's answer did not tell
// is taken from the item: the account that won is on it, or, as the wire does not tell it, a win of the person who sees it.
func (o *Oracle) rewardOf(p Person, it *wallet.Item) uint32 {
	if i := o.rewards.orders[it.No]; i != 0 {
		return i
	}
	won := play{it.No.Scene, it.No.Rain, it.No.Award, it.No.Stage}
	i := o.rewards.asked[wonBy{it.Account, won}]
	if it.Account == (wallet.Account{}) && p != anybody {
		for i = o.rewards.of[p]; i != 0; i = o.rewards.list[i].next {
			if w := &o.rewards.list[i]; w.play == won && w.opened == it.Opened && w.order == (wallet.OrderNo{}) {
				break
			}
		}
	}
	if i == 0 || o.rewards.list[i].order != (wallet.OrderNo{}) {
		return 0
	}
	o.rewards.list[i].order, o.rewards.orders[it.No] = it.No, i
	return i
}
