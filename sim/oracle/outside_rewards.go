package oracle

import (
	"slices"

	"hongbao/reference/wallet"
)

// RewardList is a person's whole list of rewards other than cash, read after the drain.
type RewardList struct {
	Person Person
	Family wallet.Family  // of the app in which it was read
	Start  wallet.Instant // when its first page was requested
	Pages  []wallet.RewardsPage
}

// whole reports whether the list can be judged: it has an end.
func (l RewardList) whole() bool {
	n := len(l.Pages)
	return n > 0 && l.Pages[n-1].Next == (wallet.Cursor{})
}

// JudgeRewardList judges a whole list of rewards after the drain: each acknowledged one is in it once, in a final state,
// and is used if and only if its owner asked for that. Its pages are also passed to RewardsAnswered, which judges each
// page alone. It returns false, and judges nothing, if the list is not whole.
func (o *Oracle) JudgeRewardList(l RewardList, now wallet.Instant) bool {
	if !l.whole() {
		return false
	}
	stage := l.Pages[0].Stage
	var listed []wallet.OrderNo
	for _, page := range l.Pages {
		for n := range page.Items {
			it := &page.Items[n]
			o.evaluated(rewardOnce, 1)
			if slices.Contains(listed, it.No) {
				o.fail(rewardOnce, 0, "person %d, reward list read at %s: order %s is in the list more than once", l.Person, l.Start, it.No)
			}
			listed = append(listed, it.No)
			o.rewardAtRest(l, it)
		}
	}
	for i := o.rewards.of[l.Person]; i != 0; i = o.rewards.list[i].next {
		w := &o.rewards.list[i]
		if w.play.stage != stage || o.sees(l.Person, l.Family, w.account.Family, l.Start) != sightSure {
			continue
		}
		w.flags |= rewardReadAtEnd
		if w.acked != 0 && w.got != (gift{}) && !w.got.void && !w.has(rewardShownAtEnd) {
			o.fail(rewardOnce, 0, "order %s of person %d, acknowledged at %s, is missing from the list read at %s after the drain", w.order, l.Person, w.acked, l.Start)
		}
	}
	return true
}

// rewardAtRest checks one reward of a list after the drain.
func (o *Oracle) rewardAtRest(l RewardList, it *wallet.Item) {
	i := o.rewardOf(l.Person, it)
	if i == 0 || o.rewards.list[i].person != l.Person {
		return // checked with its page
	}
	w := &o.rewards.list[i]
	w.flags |= rewardShownAtEnd
	o.evaluated(rewardOnce, 1)
	switch it.State {
	case wallet.ItemSettled, wallet.ItemUsed, wallet.ItemExpired, wallet.ItemRefunded:
	default:
		o.fail(rewardOnce, 0, "person %d, reward list read at %s: order %s is still %s after the drain", l.Person, l.Start, it.No, it.State)
	}
	if !w.mayBeOnRecord() {
		o.fail(rewardOnce, 0, "person %d, reward list read at %s: the list shows order %s as %s, although every try was refused", l.Person, l.Start, it.No, it.State)
	}
	o.evaluated(rewardUseOnce, 1)
	switch {
	case w.has(useAcked) && it.State != wallet.ItemUsed:
		o.fail(rewardUseOnce, 0, "order %s of person %d was acknowledged as used, but is %s after the drain", it.No, l.Person, it.State)
	case it.State == wallet.ItemUsed && !w.has(useSent):
		o.fail(rewardUseOnce, 0, "order %s of person %d is used after the drain, but its owner never asked to use it", it.No, l.Person)
	}
}

// stockOutside checks each stock by the answers and lists that people received (C3): no more coupons were acknowledged or listed than exist. If
// open outcomes could exceed the stock, the check is not evaluated.
func (o *Oracle) stockOutside() {
	for child, r := range o.stocked() {
		o.templateOutside(child.Stage, r)
	}
}

// templateOutside checks one template.
func (o *Oracle) templateOutside(st wallet.Stage, r *wallet.Reward) {
	granted, open, asked := int64(0), int64(0), false
	for i := 1; i < len(o.rewards.list); i++ {
		w := &o.rewards.list[i]
		own, _ := o.branch(w.play.stage, w.play.scene)
		mine := own != nil && (own.ID == r.ID || own.Fallback == r.ID)
		if w.play.stage != st || !mine || !o.controlled(w) {
			continue
		}
		asked = true
		switch {
		case w.got == (gift{}) && w.mayBeOnRecord() && (w.acked != 0 || !w.has(rewardReadAtEnd)):
			open++
		case w.got.reward == r.ID && w.state != wallet.ItemRefunded:
			granted++
		}
	}
	if !asked || granted <= r.Stock && granted+open > r.Stock {
		return
	}
	o.require(granted <= r.Stock, stockNeverOver, wallet.Money(granted-r.Stock), "%d coupons %q of stage %s were acknowledged or listed, but the stock is %d", granted, r.ID, st, r.Stock)
}
