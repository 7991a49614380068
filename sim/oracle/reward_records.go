package oracle

import (
	"context"
	"fmt"
	"math/bits"

	"hongbao/reference/wallet"
)

// DownstreamRecord is a downstream's own record of one order.
type DownstreamRecord struct {
	Award   wallet.AwardType
	Order   wallet.OrderNo
	Account wallet.Account
	Reward  wallet.RewardID

	Issued, Used, Refunded int  // number of times
	Pending                bool // accepted but not decided
}

// RewardSources reads the records of rewards other than cash after the drain.
type RewardSources struct {
	Items       wallet.ItemReader
	Downstreams func(yield func(DownstreamRecord) bool)        // the records of all downstreams; nil: they cannot be read
	Issued      func(t wallet.Template) (count int64, ok bool) // the stock's own count, if known; nil: never known
}

// counted is the number of records of one template.
type counted struct {
	granted  int64 // coupons granted
	refunded int64
	instead  int64 // orders that received a replacement
}

// rewardAudit is the working state of Final for rewards other than cash.
type rewardAudit struct {
	*Oracle
	items        map[wallet.OrderNo]wallet.Item
	atDownstream map[wallet.OrderNo]bool
	stock        map[wallet.Template]*counted
}

// checkRewards checks the records of rewards other than cash.
func (o *Oracle) checkRewards(ctx context.Context, b RewardSources) error {
	u := &rewardAudit{o, map[wallet.OrderNo]wallet.Item{}, map[wallet.OrderNo]bool{}, map[wallet.Template]*counted{}}
	if err := b.Items.Items(ctx, func(it wallet.Item) bool { u.item(it); return true }); err != nil {
		return fmt.Errorf("oracle: items: %w", err)
	}
	if b.Downstreams != nil {
		b.Downstreams(func(h DownstreamRecord) bool { u.downstreamRecord(h); return true })
	}
	for i := 1; i < len(o.rewards.list); i++ {
		u.rewarded(&o.rewards.list[i], b.Downstreams != nil)
	}
	u.stocks(b.Issued)
	return nil
}

// item checks one record.
func (u *rewardAudit) item(it wallet.Item) {
	u.evaluated(rewardOnce, 1)
	u.items[it.No] = it
	if it.State == wallet.ItemMoved {
		return // grants nothing; the win is checked under its other number
	}
	u.count(it)
	i := u.rewardOf(anybody, &it)
	if i == 0 {
		u.fail(rewardOnce, 0, "order %s of account %v is on record, but nobody asked for it", it.No, it.Account)
		return
	}
	w := &u.rewards.list[i]
	if w.has(rewardOnRecord) {
		u.fail(rewardOnce, 0, "order %s of person %d is on record twice", it.No, w.person)
	}
	w.flags |= rewardOnRecord
	u.evaluated(phaseIsolation, 1)
	if u.stage(it.Opened) != it.No.Stage || it.Opened != w.opened {
		u.fail(phaseIsolation, 0, "order %s, won at %s in stage %s, is recorded as won at %s", it.No, w.opened, u.stage(w.opened), it.Opened)
	}
	got := gift{it.Award, it.Reward, it.State == wallet.ItemVoid}
	switch {
	case it.State == wallet.ItemOpen || it.State == wallet.ItemIssued || it.State == wallet.ItemProcessing || it.State == wallet.ItemUsing:
		u.fail(rewardOnce, 0, "order %s of person %d is still %s after the drain", it.No, w.person, it.State)
	case w.got != (gift{}) && w.got != got:
		u.fail(rewardOnce, 0, "order %s of person %d was granted as %s %q, but %s %q is on record", it.No, w.person, w.got.award, w.got.reward, got.award, got.reward)
	case w.got == (gift{}) && !u.offered(w, got):
		u.fail(rewardOnce, 0, "order %s of person %d is on record with %s %q, which its scene does not grant", it.No, w.person, got.award, got.reward)
	case !w.mayBeOnRecord() && !got.void:
		u.fail(rewardOnce, 0, "order %s of person %d is on record as %s, although every try was refused", it.No, w.person, it.State)
	case it.State != wallet.ItemVoid && u.controlled(w) != (it.Counted != wallet.OrderNo{}):
		u.fail(stockNeverOver, 1, "order %s of person %d is granted %q, but its place in the stock is counted as %s", it.No, w.person, it.Reward, it.Counted)
	case it.Account != w.account:
		u.fail(rewardOnce, 0, "order %s of person %d is on record for account %v, not %v", it.No, w.person, it.Account, w.account)
	}
}

// controlled reports whether the scene counts its grants against a stock.
func (o *Oracle) controlled(w *reward) bool {
	r, s := o.branch(w.play.stage, w.play.scene)
	return s != nil && s.StockControl && r.Stock > 0
}

// count adds a record to the counts of its template.
func (u *rewardAudit) count(it wallet.Item) {
	of := func(id wallet.RewardID) *counted {
		t := wallet.Template{Reward: id, Stage: it.No.Stage}
		if u.stock[t] == nil {
			u.stock[t] = &counted{}
		}
		return u.stock[t]
	}
	if it.Reward != it.Asked && it.State != wallet.ItemOpen {
		of(it.Asked).instead++
	}
	switch {
	case it.Counted == wallet.OrderNo{}:
	case it.State == wallet.ItemRefunded:
		of(it.Reward).refunded++
	default:
		of(it.Reward).granted++
	}
}

// downstreamRecord checks one record of a downstream against the item on record.
func (u *rewardAudit) downstreamRecord(h DownstreamRecord) {
	u.evaluated(rewardOnce, 1)
	it, on := u.items[h.Order]
	wants := on && (it.State == wallet.ItemSettled || it.State == wallet.ItemUsed || it.State == wallet.ItemExpired)
	out := h.Issued - h.Refunded
	switch {
	case u.atDownstream[h.Order]:
		u.fail(rewardOnce, 0, "order %s is recorded by two downstreams; the second is %s", h.Order, h.Award)
	case h.Issued > 1:
		u.fail(rewardOnce, wallet.Money(h.Issued-1), "the downstream of %s issued order %s %d times", h.Award, h.Order, h.Issued)
	case !on && (h.Issued > 0 || h.Pending):
		u.fail(rewardOnce, 0, "the downstream of %s issued order %s, which is not on record", h.Award, h.Order)
	case h.Pending || wants && out != 1 || on && !wants && out != 0:
		u.fail(rewardOnce, 0, "order %s is on record as %s, but its downstream issued it %d times and took it back %d times; pending: %t", h.Order, it.State, h.Issued, h.Refunded, h.Pending)
	case on && h.Issued > 0 && (h.Reward != it.Reward || h.Award != it.Award || h.Account != it.Account):
		u.fail(rewardOnce, 0, "order %s is on record as %s %q of account %v, but its downstream has %s %q of account %v", h.Order, it.Award, it.Reward, it.Account, h.Award, h.Reward, h.Account)
	}
	u.atDownstream[h.Order] = true
	u.evaluated(rewardUseOnce, 1)
	i := u.rewards.orders[h.Order]
	switch {
	case h.Used > 1:
		u.fail(rewardUseOnce, wallet.Money(h.Used-1), "order %s was used %d times at its downstream", h.Order, h.Used)
	case on && (h.Used == 1) != (it.State == wallet.ItemUsed):
		u.fail(rewardUseOnce, 0, "order %s is on record as %s, but was used %d times at its downstream", h.Order, it.State, h.Used)
	case h.Used == 1 && i != 0 && !u.rewards.list[i].has(useSent):
		u.fail(rewardUseOnce, 0, "order %s of person %d was used at its downstream, but its owner never asked to use it", h.Order, u.rewards.list[i].person)
	}
}

// rewarded checks that an acknowledged reward is on record, issued and used as acknowledged. downstreams reports whether
// the records of the downstreams were read.
func (u *rewardAudit) rewarded(w *reward, downstreams bool) {
	if w.acked == 0 {
		return
	}
	u.evaluated(rewardOnce, 1)
	it, on := u.items[w.order]
	switch {
	case !on:
		u.fail(rewardOnce, 0, "order %s of person %d, acknowledged at %s, is not on record", w.order, w.person, w.acked)
	case downstreams && !u.atDownstream[w.order] && (it.State == wallet.ItemSettled || it.State == wallet.ItemUsed || it.State == wallet.ItemExpired):
		u.fail(rewardOnce, 0, "order %s of person %d is %s, but its downstream has no record of it", w.order, w.person, it.State)
	}
	if w.has(useAcked) {
		u.evaluated(rewardUseOnce, 1)
		if it.State != wallet.ItemUsed {
			u.fail(rewardUseOnce, 0, "order %s of person %d was acknowledged as used, but is on record as %s", w.order, w.person, it.State)
		}
	}
}

// stocks checks each template that has a stock (C3, C5): no more than the stock is granted, the count is exact, and no
// replacement is granted while more than the threshold is left.
func (u *rewardAudit) stocks(issued func(wallet.Template) (int64, bool)) {
	for child, r := range u.stocked() {
		u.template(wallet.Template{Reward: r.ID, Stage: child.Stage}, r, issued)
	}
}

// belowFloor reports whether less than the threshold of the stock is left (C2), in 128 bits.
func belowFloor(left int64, r *wallet.Reward) bool {
	leftHi, leftLo := bits.Mul64(uint64(left), uint64(r.ThresholdDen))
	hi, lo := bits.Mul64(uint64(r.Stock), uint64(r.ThresholdNum))
	return leftHi < hi || leftHi == hi && leftLo < lo
}

// template checks one template.
func (u *rewardAudit) template(t wallet.Template, r *wallet.Reward, issued func(wallet.Template) (int64, bool)) {
	c := u.stock[t]
	if c == nil {
		return // nobody asked for it
	}
	u.require(c.granted <= r.Stock, stockNeverOver, wallet.Money(c.granted-r.Stock), "%d coupons %q are on record in stage %s, but the stock is %d", c.granted, t.Reward, t.Stage, r.Stock)
	if n, ok := stockCount(issued, t); ok {
		u.require(n == c.granted, stockNeverOver, wallet.Money(max(n-c.granted, c.granted-n)), "the stock counts %d coupons %q in stage %s, but %d are on record", n, t.Reward, t.Stage, c.granted)
	}
	if c.instead == 0 || u.cfg.Greetings {
		return
	}
	left := r.Stock - c.granted - c.refunded // a returned coupon may have come too late for the orders in question
	u.require(left <= 0 || belowFloor(left, r), stockNeverOver, wallet.Money(left), "%d orders of stage %s received a replacement for coupon %q, but %d of %d are left", c.instead, t.Stage, t.Reward, left, r.Stock)
}

// stockCount returns the stock's own count, if it is known.
func stockCount(issued func(wallet.Template) (int64, bool), t wallet.Template) (int64, bool) {
	if issued == nil {
		return 0, false
	}
	return issued(t)
}
