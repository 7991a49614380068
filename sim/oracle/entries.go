package oracle

import (
	"cmp"
	"slices"
	"time"

	"hongbao/reference/wallet"
)

// unclaimed is a grant whose client learned neither its outcome nor its wallet.
type unclaimed struct {
	opened wallet.Instant // the time of the win, or of a twin's win
	play   uint16
	grant  uint32
	person Person
}

// own finds the person of a wallet that no reply named: the person who awaits every grant in it.
func (u *audit) own(id int64, es []wallet.Entry) {
	if u.owners.Get(id) != 0 {
		return
	}
	first := slices.IndexFunc(es, func(e wallet.Entry) bool { return e.Order.ActID == wallet.ActID(id) })
	if first < 0 {
		return
	}
	if !u.indexed {
		u.index()
	}
	want := unclaimed{opened: es[first].Opened, play: u.plays.of(es[first].Order)}
	at, _ := slices.BinarySearchFunc(u.unclaimed, want, compareUnclaimed)
	for ; at < len(u.unclaimed) && u.unclaimed[at].opened == want.opened && u.unclaimed[at].play == want.play; at++ {
		p := u.unclaimed[at].person
		if u.awaits(p, es) {
			u.owners.Set(id, uint32(p+1))
			return
		}
	}
}

// awaits reports whether the person asked for every grant among the entries and does not know its wallet.
func (u *audit) awaits(p Person, es []wallet.Entry) bool {
	for n := range es {
		e := &es[n]
		if e.Order == (wallet.OrderNo{}) {
			continue
		}
		found := false
		for i := u.people.Get(p); i != 0 && !found; i = u.grants.At(i).next {
			g := u.grants.At(i)
			found = g.act == 0 && g.play == u.plays.of(e.Order) && g.money() == e.Amount
		}
		if !found {
			return false
		}
	}
	return true
}

// index lists the grants whose wallet is not known.
func (u *audit) index() {
	u.indexed = true
	for p, ok := u.people.Next(-1); ok; p, ok = u.people.Next(p) {
		for i := u.people.Get(p); i != 0; i = u.grants.At(i).next {
			g := u.grants.At(i)
			if g.act != 0 || !g.mayBeOnRecord() {
				continue
			}
			for j := u.people.Get(p); j != 0; j = u.grants.At(j).next {
				if h := u.grants.At(j); twins(g, h) {
					u.unclaimed = append(u.unclaimed, unclaimed{h.opened, g.play, i, p})
				}
			}
		}
	}
	slices.SortFunc(u.unclaimed, func(a, b unclaimed) int {
		return cmp.Or(compareUnclaimed(a, b), cmp.Compare(a.grant, b.grant))
	})
}

func compareUnclaimed(a, b unclaimed) int {
	return cmp.Or(cmp.Compare(a.opened, b.opened), cmp.Compare(a.play, b.play))
}

// entry checks the entry of one grant; before are the preceding entries of the wallet.
func (u *audit) entry(e *wallet.Entry, before []wallet.Entry) {
	s := e.Order.Stage
	u.evaluated(phaseIsolation, 1)
	if e.Account.Stage != s || u.stage(e.Opened) != s {
		u.fail(phaseIsolation, e.Amount, "order %s of %d fen, won at %s in stage %s, was posted to an account of stage %s", e.Order, e.Amount, e.Opened, u.stage(e.Opened), e.Account.Stage)
	}
	u.evaluated(noOverIssuance, 1)
	if child := u.childOf(s); child != nil && e.Amount > child.SingleCap {
		u.fail(noOverIssuance, e.Amount, "order %s of %d fen is in the ledger, although it is above the cap of %d fen", e.Order, e.Amount, child.SingleCap)
	}
	p, i := u.find(e)
	if i == 0 {
		u.difference += e.Amount
		u.fail(noOverIssuance, e.Amount, "order %s of %d fen is in the ledger of wallet %d, but nobody won it", e.Order, e.Amount, e.Account.Owner)
		return
	}
	g := u.grants.At(i)
	u.evaluated(orderOnce, 1)
	if g.has(inLedger) {
		u.difference += e.Amount
		u.fail(orderOnce, e.Amount, "order %s of person %d, %d fen, is in the ledger more than once; it was posted again at %s", e.Order, p, e.Amount, e.Posted)
		return
	}
	g.flags |= inLedger
	if g.acked == 0 && !g.mayBeOnRecord() {
		u.difference += e.Amount
		u.fail(noOverIssuance, e.Amount, "order %s of %d fen is in the ledger, although every try of person %d was refused", e.Order, e.Amount, p)
	}
	switch {
	case e.Account.Kind != wallet.PersonalAccount || e.Account.Owner != int64(e.Order.ActID):
		u.difference += g.money()
		u.fail(nothingLost, e.Amount, "order %s of person %d, %d fen, was posted to account %d of wallet %d", e.Order, p, e.Amount, e.Account.Kind, e.Account.Owner)
	case e.Amount != g.money():
		u.difference += max(e.Amount-g.money(), g.money()-e.Amount)
		u.fail(nothingLost, max(e.Amount-g.money(), g.money()-e.Amount), "order %s of person %d: %d fen were won, but %d fen are in the ledger", e.Order, p, g.amount, e.Amount)
	case !u.openedAt(p, i, e.Opened):
		u.fail(nothingLost, 0, "order %s of person %d, %d fen: won at %s, but recorded in the ledger as won at %s", e.Order, p, e.Amount, g.opened, e.Opened)
	}
	u.waited(g, e)
}

// find returns the person and the grant that an entry posts, 0 if there is no such grant.
func (u *audit) find(e *wallet.Entry) (Person, uint32) {
	p := Person(u.owners.Get(int64(e.Order.ActID))) - 1
	if p < 0 {
		return 0, 0
	}
	if i := u.owner(p, e.Order); i != 0 {
		return p, i
	}
	return p, u.adopt(p, e.Order, e.Amount, e.Opened)
}

// waited records how long an acknowledged grant took to become visible and to be posted.
func (u *audit) waited(g *grant, e *wallet.Entry) {
	missed := g.seen
	if u.cfg.Strategy != wallet.StrategyToken {
		g.seen = e.Posted
		missed = e.Posted
	}
	if g.acked == 0 {
		return
	}
	wait, delay := max(missed.Sub(g.acked), 0), max(e.Posted.Sub(g.acked), 0)
	if missed == 0 {
		wait = 0
	}
	u.maxDelay = max(u.maxDelay, delay)
	// RecordValue fails above the histogram's range only.
	_ = u.waits.RecordValue(min(int64(wait/time.Millisecond), maxWaitMS))
	if u.cfg.OnGrantWait != nil {
		u.cfg.OnGrantWait(GrantWait{e.Order.Scene, e.Order.Rain, e.Order.Stage, g.opened, g.acked, wait, delay})
	}
}
