package oracle

import (
	"cmp"
	"slices"

	"hongbao/reference/wallet"
)

// Listing is one request for a person's rewards other than cash, from the request to its answer.
type Listing struct{ ask }

// RewardsSent records that the person asked for the list.
func (o *Oracle) RewardsSent(p Person, r wallet.RewardsRequest, now wallet.Instant) Listing {
	return Listing{ask{person: p, start: now, stage: o.stage(cmp.Or(r.At, now)), family: r.App.Family(), after: r.After, limit: r.Limit}}
}

// RewardsAnswered records the answer (P3). Each reward must belong to the person, be in the right order and not be in an
// earlier state than before; every reward acknowledged before must be listed, in whichever app it was won.
func (o *Oracle) RewardsAnswered(l Listing, page wallet.RewardsPage, err error, now wallet.Instant) {
	if err != nil {
		return
	}
	o.evaluated(phaseIsolation, 1)
	if page.Stage != l.stage {
		o.fail(phaseIsolation, 0, "person %d asked at %s for the rewards of stage %s, but received those of stage %s", l.person, l.start, l.stage, page.Stage)
		return
	}
	if len(page.Items) > l.limit {
		o.fail(userView, 0, "person %d asked at %s for at most %d rewards, but received %d", l.person, l.start, l.limit, len(page.Items))
	}
	o.listed(&l.ask, page.Items, page.Next == (wallet.Cursor{}), now)
}

// fewRewards is the number of rewards that a wallet page must list in full; a wallet may cut longer lists.
const fewRewards = 10

// pageRewards checks the rewards on the first page of the wallet.
func (o *Oracle) pageRewards(a *ask, page wallet.Page, now wallet.Instant) {
	if o.cfg.Rewards && a.after == (wallet.Cursor{}) && !slices.Contains(page.Missing, missingRewards) {
		o.listed(a, page.Items, len(page.Items) < fewRewards, now)
	}
}

// listed checks a list of rewards; all reports that it is the end of the list.
func (o *Oracle) listed(l *ask, items []wallet.Item, all bool, now wallet.Instant) {
	o.evaluated(userView, 1)
	place, last := l.after, wallet.Cursor{}
	var shown []uint32
	for n := range items {
		it := &items[n]
		if !place.After(it.Opened, it.No) {
			o.fail(userView, 0, "person %d, reward list read from %s to %s: order %s follows one that is not newer", l.person, l.start, now, it.No)
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
		o.fail(userView, 0, "person %d, reward list read from %s to %s: the list lacks order %s, acknowledged at %s", l.person, l.start, now, w.order, w.acked)
		return
	}
}

// rewardShown checks one reward of a list and returns it, 0 if it must not be listed.
func (o *Oracle) rewardShown(l *ask, it *wallet.Item, now wallet.Instant) uint32 {
	if it.No.Stage != l.stage {
		o.fail(phaseIsolation, 0, "person %d, reward list of stage %s read from %s to %s: the list shows order %s", l.person, l.stage, l.start, now, it.No)
		return 0
	}
	i := o.rewardOf(l.person, it)
	if i == 0 || o.rewards.list[i].person != l.person {
		o.fail(userView, 0, "person %d, reward list read from %s to %s: the list shows order %s, which does not belong to this person", l.person, l.start, now, it.No)
		return 0
	}
	w := &o.rewards.list[i]
	o.given(w, it, now)
	switch {
	case !it.State.Grants():
		o.fail(userView, 0, "person %d, reward list read from %s to %s: the list shows order %s, which is %s", l.person, l.start, now, it.No, it.State)
		return 0
	case it.Opened != w.opened:
		o.fail(userView, 0, "person %d, reward list read from %s to %s: the list shows order %s as won at %s, but it was won at %s", l.person, l.start, now, it.No, it.Opened, w.opened)
		return 0
	case o.sees(l.person, l.family, w.account.Family, l.start) == sightNever:
		o.fail(userView, 0, "person %d, reward list read from %s to %s: the list shows order %s, won in the other account system, but no phone has joined the two", l.person, l.start, now, it.No)
		return 0
	}
	o.rewardState(w, it, l.start, now)
	return i
}

// rewardState checks that a reward never returns to an earlier state, and that it stays used once a use is acknowledged.
func (o *Oracle) rewardState(w *reward, it *wallet.Item, start, now wallet.Instant) {
	o.evaluated(rewardOnce, 1)
	if w.shown != 0 && w.shown < start && it.State < w.state {
		o.fail(rewardOnce, 0, "order %s of person %d was %s at %s, but is %s at %s", w.order, w.person, w.state, w.shown, it.State, now)
	}
	if it.State > w.state || w.shown == 0 {
		w.state, w.shown = it.State, now
	}
	if it.State >= wallet.ItemSettled && it.Expires != 0 {
		w.expires = it.Expires
	}
}

// anybody stands for the unknown person of an item from the stores.
const anybody Person = -1

// rewardOf returns the reward that an item represents, 0 if nobody asked for it. If no answer has named the order, the
// account in the item decides. The wire format omits that account; then a matching win of the person who sees it decides.
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
