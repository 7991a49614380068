package oracle

import (
	"math"

	"hongbao/reference/wallet"
)

// A person may ask for one play more than once, under several accounts or again under the same one. Grants of the same
// person, play and amount are twins. While answers are lost and accounts are joined, a wallet may record the win of one
// twin under the order of the other, so the twins may swap their times.

// twins reports whether two grants of one person are twins.
func twins(g, h *grant) bool { return g.play == h.play && g.amount == h.amount }

// adopt assigns an order with a matching amount and time to a grant whose wallet is not known yet, and returns the grant,
// 0 if there is none. The wallet then belongs to the person, unless it belongs to somebody else.
func (o *Oracle) adopt(p Person, no wallet.OrderNo, amount wallet.Money, opened wallet.Instant) uint32 {
	play := o.plays.of(no)
	if play == 0 || no.ActID < 1 || no.ActID > math.MaxUint32 {
		return 0
	}
	found := uint32(0)
	for i := o.people.Get(p); i != 0; i = o.grants.At(i).next {
		g := o.grants.At(i)
		if g.play == play && g.act == 0 && g.money() == amount && (found == 0 || g.opened == opened) {
			found = i
		}
	}
	if found == 0 || !o.openedAt(p, found, opened) {
		return 0
	}
	if holder := o.owners.Get(int64(no.ActID)); holder != 0 && Person(holder)-1 != p {
		return 0
	}
	o.owners.Set(int64(no.ActID), uint32(p+1))
	o.grants.At(found).act = uint32(no.ActID)
	return found
}

// openedAt gives grant i the time of the win, swapping it with a twin if needed, and reports whether that is possible.
func (o *Oracle) openedAt(p Person, i uint32, at wallet.Instant) bool {
	g := o.grants.At(i)
	if g.opened == at {
		return true
	}
	for j := o.people.Get(p); j != 0; j = o.grants.At(j).next {
		if h := o.grants.At(j); twins(g, h) && h.opened == at && !h.has(inLedger) {
			g.opened, h.opened = at, g.opened
			return true
		}
	}
	return false
}

// openTwin returns a twin of grant i that may be on record in a wallet not known yet, 0 if there is none.
func (o *Oracle) openTwin(p Person, i uint32) uint32 {
	g := o.grants.At(i)
	for j := o.people.Get(p); j != 0; j = o.grants.At(j).next {
		if h := o.grants.At(j); j != i && twins(g, h) && h.act == 0 && h.mayBeOnRecord() {
			return j
		}
	}
	return 0
}

// covered reports whether grant i is certainly on this page: its own position and those of its twins are.
func (o *Oracle) covered(a *ask, page wallet.Page, i uint32) bool {
	g := o.grants.At(i)
	no := o.plays.order(g.play, wallet.ActID(g.act))
	for j := o.people.Get(a.person); j != 0; j = o.grants.At(j).next {
		if h := o.grants.At(j); twins(g, h) && !covers(a, page, h.opened, no) {
			return false
		}
	}
	return true
}

// sight returns whether grant i is visible from a family, if other is the visibility of the other family's grants. A grant
// with a twin in the other family may be in the wallet of either.
func (o *Oracle) sight(p Person, i uint32, family wallet.Family, other sight) sight {
	g := o.grants.At(i)
	if other == sightSure {
		return sightSure
	}
	for j := o.people.Get(p); j != 0; j = o.grants.At(j).next {
		if h := o.grants.At(j); twins(g, h) && h.family() != g.family() {
			return sightMaybe
		}
	}
	if g.family() == family {
		return sightSure
	}
	return other
}
