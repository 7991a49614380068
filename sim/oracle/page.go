package oracle

import (
	"slices"

	"hongbao/reference/wallet"
)

// PageID identifies a page in flight.
type PageID uint32

// ask is a page in flight.
type ask struct {
	person     Person
	start      wallet.Instant
	stage      wallet.Stage // 0: that of any moment until the answer
	family     wallet.Family
	after      wallet.Cursor
	limit      int
	tokens     int  // client copies in the request
	withdraw   bool // it is the withdraw page
	overlapped bool // it may show less than earlier pages, because another page of the person ended meanwhile
	next       uint32
}

// PageSent records that the person asked for a page of the wallet.
func (o *Oracle) PageSent(p Person, r wallet.PageRequest, now wallet.Instant) PageID {
	id := o.free
	if id == 0 {
		o.asks = append(o.asks, ask{})
		id = uint32(len(o.asks) - 1)
	} else {
		o.free = o.asks[id].next
	}
	o.asks[id] = ask{person: p, start: now, stage: o.stage(r.At), family: r.App.Family(), after: r.After,
		limit: r.Limit, tokens: len(r.Tokens), withdraw: r.Withdraw, next: o.reading[p]}
	o.reading[p] = id
	return PageID(id)
}

// take ends a page in flight and returns it. The person's other pages in flight are marked as overlapped.
func (o *Oracle) take(id PageID) ask {
	a := o.asks[id]
	o.asks[id].next, o.free = o.free, uint32(id)
	if o.reading[a.person] == uint32(id) {
		if a.next == 0 {
			delete(o.reading, a.person)
		} else {
			o.reading[a.person] = a.next
		}
	}
	for i := o.reading[a.person]; i != 0; i = o.asks[i].next {
		o.asks[i].overlapped = true
		if o.asks[i].next == uint32(id) {
			o.asks[i].next = a.next
		}
	}
	return a
}

// PageAnswered records the answer.
func (o *Oracle) PageAnswered(id PageID, page wallet.Page, err error, now wallet.Instant) {
	a := o.take(id)
	if err != nil {
		return
	}
	o.evaluated(phaseIsolation, 1)
	if a.stage == 0 {
		a.stage = o.stage(a.start)
		if s := o.stage(now); page.Stage == s {
			a.stage = s
		}
	}
	if page.Stage != a.stage {
		o.fail(phaseIsolation, page.Income, "person %d asked at %s for the page of stage %s, but received the page of stage %s", a.person, a.start, a.stage, page.Stage)
		return
	}
	grants, paidOut := whole(page.Missing)
	if !grants {
		a.withdraw = false  // What is posted is not known then.
		a.overlapped = true // Without the ledger a page may show a posted token as not posted.
	}
	o.pageRewards(&a, page, now)
	o.pagePackets(&a, page, now)
	if !o.lines(&a, page, now) {
		return
	}
	if !o.complete(&a, page, grants, now) || !o.payouts(&a, page, paidOut, now) || !grants {
		return
	}
	if o.cfg.Strategy == wallet.StrategyToken {
		o.sums(&a, page, paidOut, now)
		return
	}
	o.remember(&a, page, paidOut, now)
}

// missingWithdrawals is the only source whose absence leaves the grants and their sum whole but not the balance (P2). A
// missing source of packets or of rewards other than cash leaves both whole.
const (
	missingWithdrawals = "withdrawals"
	missingPackets     = "packets"
	missingRewards     = "rewards"
)

// whole reports which parts of a page are whole: the grants with their sum, and the withdrawals with the balance.
func whole(missing []string) (grants, paidOut bool) {
	paidOut = true
	for _, m := range missing {
		switch m {
		case missingWithdrawals:
			paidOut = false
		case missingPackets, missingRewards:
		default:
			return false, false
		}
	}
	return true, paidOut
}

// lines checks the page line by line, and lists the shown grants in o.shown. It returns false if the page cannot be checked
// further.
func (o *Oracle) lines(a *ask, page wallet.Page, now wallet.Instant) bool {
	o.evaluated(userView, 1)
	o.shown = o.shown[:0]
	place := a.after
	if len(page.Grants) > a.limit {
		o.fail(userView, 0, "person %d asked at %s for at most %d lines, but received %d", a.person, a.start, a.limit, len(page.Grants))
		return false
	}
	for n := range page.Grants {
		l := &page.Grants[n]
		if !place.After(l.Opened, l.Order) {
			o.fail(userView, l.Amount, "person %d, page read from %s to %s: order %s of %d fen, won at %s, follows a line that is not newer",
				a.person, a.start, now, l.Order, l.Amount, l.Opened)
			return false
		}
		place = wallet.Cursor{Opened: l.Opened, Order: l.Order}
		i := o.line(a.person, a.family, a.stage, a.start, l, now)
		if i == 0 {
			return false
		}
		o.forced(a, i, l, now)
		if slices.Contains(o.shown, i) {
			o.fail(userView, l.Amount, "person %d, page read from %s to %s: order %s of %d fen is shown twice", a.person, a.start, now, l.Order, l.Amount)
			return false
		}
		o.shown = append(o.shown, i)
		o.progress(i, l, a, now)
	}
	if page.Next != (wallet.Cursor{}) && (len(page.Grants) == 0 || page.Next.After(place.Opened, place.Order)) {
		o.fail(userView, 0, "person %d, page read from %s to %s: the cursor continues at %s, before the last line of the page", a.person, a.start, now, page.Next.Opened)
		return false
	}
	return true
}

// line checks one line alone and returns the grant it shows, 0 if the line is wrong.
func (o *Oracle) line(p Person, family wallet.Family, stage wallet.Stage, start wallet.Instant, l *wallet.Line, now wallet.Instant) uint32 {
	if l.Order.Stage != stage {
		o.fail(phaseIsolation, l.Amount, "person %d, page of stage %s read from %s to %s: the page shows order %s of %d fen", p, stage, start, now, l.Order, l.Amount)
		return 0
	}
	i := o.owner(p, l.Order)
	if i == 0 {
		i = o.adopt(p, l.Order, l.Amount, l.Opened)
	}
	if i == 0 {
		o.fail(userView, l.Amount, "person %d, page read from %s to %s: the page shows order %s of %d fen, which does not belong to this person", p, start, now, l.Order, l.Amount)
		return 0
	}
	g := o.grants.At(i)
	switch {
	case g.money() != l.Amount:
		o.fail(userView, max(l.Amount-g.money(), g.money()-l.Amount), "person %d, page read from %s to %s: the page shows order %s with %d fen, but %d fen were won", p, start, now, l.Order, l.Amount, g.amount)
		return 0
	case !o.openedAt(p, i, l.Opened):
		o.fail(userView, l.Amount, "person %d, page read from %s to %s: the page shows order %s of %d fen as won at %s, but it was won at %s", p, start, now, l.Order, l.Amount, l.Opened, g.opened)
		return 0
	case g.family() != family && o.sight(p, i, family, o.other(p, start)) == sightNever:
		o.fail(userView, l.Amount, "person %d, page read from %s to %s: the page shows order %s of %d fen, won in the other account system, but no phone has joined the two", p, start, now, l.Order, l.Amount)
		return 0
	}
	return i
}

// complete checks whether a required grant is missing from the lines, and records who had to wait.
func (o *Oracle) complete(a *ask, page wallet.Page, whole bool, now wallet.Instant) bool {
	right := true
	for i := o.people.Get(a.person); i != 0; i = o.grants.At(i).next {
		g := o.grants.At(i)
		if slices.Contains(o.shown, i) || !o.due(a.person, i, a.family, a.stage, a.start) || !o.covered(a, page, i) {
			continue // Shown, or not required, or on another page of the list.
		}
		o.missed(g, now)
		if whole && o.guarded(a, g) {
			right = false
			o.fail(userView, g.money(), "person %d, page read from %s to %s: the page lacks order %s of %d fen, acknowledged at %s",
				a.person, a.start, now, o.plays.order(g.play, wallet.ActID(g.act)), g.amount, g.acked)
		}
	}
	return right
}

// covers reports whether a position in the list is on this page: after the requested start, and not after the start of the
// next page.
func covers(a *ask, page wallet.Page, opened wallet.Instant, no wallet.OrderNo) bool {
	return a.after.After(opened, no) && (page.Next == (wallet.Cursor{}) || !page.Next.After(opened, no))
}

// missed records that a page which ended now did not show the grant.
func (o *Oracle) missed(g *grant, now wallet.Instant) {
	if o.cfg.Strategy == wallet.StrategyToken {
		g.seen = max(g.seen, now)
	}
}

// due reports whether grant i must be visible to a request sent at start: it was acknowledged before or, under
// StrategySync and StrategyAsync, acknowledged as posted.
func (o *Oracle) due(p Person, i uint32, family wallet.Family, stage wallet.Stage, start wallet.Instant) bool {
	g := o.grants.At(i)
	since := g.acked
	if o.cfg.Strategy != wallet.StrategyToken {
		since = g.seen
	}
	return g.act != 0 && !g.has(alias) && since != 0 && since < start && o.plays.list[g.play-1].stage == stage &&
		o.sight(p, i, family, o.other(p, start)) == sightSure
}
