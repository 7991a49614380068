package oracle

import (
	"slices"

	"hongbao/reference/wallet"
)

// fewPackets is how many packets a page is held to list in full; a wallet may cut longer lists.
const fewPackets = 10

// pagePackets judges the packets that the first page lists (P1, P4): the person's own or for the person, each once, and
// all that were acknowledged before.
func (o *Oracle) pagePackets(a *ask, page wallet.Page, now wallet.Instant) {
	if !o.cfg.Packets || a.after != (wallet.Cursor{}) || slices.Contains(page.Missing, missingPackets) {
		return
	}
	o.saw(userView, 1)
	for n := range page.Packets {
		got := &page.Packets[n]
		k := &o.packets.list[o.packets.numbered[got.No]]
		switch {
		case k.no != got.No || !o.concerns(a, k):
			o.fail(userView, got.Amount, "person %d, page of %s to %s: shows packet %s of %d fen, which is neither from nor for this person", a.person, a.start, now, got.No, got.Amount)
			return
		case slices.ContainsFunc(page.Packets[:n], func(p wallet.Packet) bool { return p.No == got.No }):
			o.fail(userView, got.Amount, "person %d, page of %s to %s: shows packet %s twice", a.person, a.start, now, got.No)
			return
		case !o.samePacket(k, got, now):
			return
		}
	}
	if len(page.Packets) < fewPackets {
		o.packetsDue(a, page, now)
	}
}

// concerns says whether the packet is from the person or for the person, as far as this page may see.
func (o *Oracle) concerns(a *ask, k *packet) bool {
	if k.stage != a.stage {
		return false
	}
	if k.person == a.person && o.sees(a.person, a.family, k.no.Account.Family, a.start) != sightNever {
		return true
	}
	return slices.ContainsFunc(k.shares, func(h share) bool {
		return h.person == a.person && o.sees(a.person, a.family, h.account.Family, a.start) != sightNever
	})
}

// packetsDue judges that no packet is missing.
func (o *Oracle) packetsDue(a *ask, page wallet.Page, now wallet.Instant) {
	listed := func(k *packet) bool {
		return slices.ContainsFunc(page.Packets, func(p wallet.Packet) bool { return p.No == k.no })
	}
	lacks := func(k *packet) {
		o.fail(userView, k.amount, "person %d, page of %s to %s: lacks packet %s of %d fen, acknowledged at %s", a.person, a.start, now, k.no, k.amount, k.acked)
	}
	for i := o.packets.sent[a.person]; i != 0; i = o.packets.list[i].next {
		k := &o.packets.list[i]
		if k.acked != 0 && k.acked < a.start && k.stage == a.stage && o.sees(a.person, a.family, k.no.Account.Family, a.start) == sightSure && !listed(k) {
			lacks(k)
			return
		}
	}
	for _, r := range o.packets.received[a.person] {
		k := &o.packets.list[r.packet]
		h := &k.shares[r.share]
		// What is for the person's other account is listed once it is opened: before, it is that account's alone.
		sees := h.account.Family == a.family || h.acked != 0 && h.acked < a.start && o.sees(a.person, a.family, h.account.Family, a.start) == sightSure
		if k.acked != 0 && k.acked < a.start && k.stage == a.stage && sees && !listed(k) {
			lacks(k)
			return
		}
	}
}

// packetsIn adds what packets did to a person's balance to what has left it: for certain to the sum it returns, and what
// may have happened to o.loose. known is false when it cannot be told.
func (o *Oracle) packetsIn(a *ask, now wallet.Instant) (out wallet.Money, known bool) {
	for i := o.packets.sent[a.person]; i != 0; i = o.packets.list[i].next {
		k := &o.packets.list[i]
		s := o.sees(a.person, a.family, k.no.Account.Family, a.start)
		if k.stage != a.stage || s == sightNever || !k.mayBeMoving() {
			continue
		}
		if s == sightSure && k.acked != 0 && k.acked < a.start {
			out += k.amount
		} else {
			o.loose = append(o.loose, item{amount: k.amount})
		}
		if now < k.sent.Add(wallet.PacketLife-maxLag) {
			continue
		}
		for n := range k.shares {
			h := &k.shares[n]
			if h.amount == 0 {
				return 0, false
			}
			if h.acked == 0 {
				o.loose = append(o.loose, item{amount: -h.amount})
			}
		}
	}
	for _, r := range o.packets.received[a.person] {
		k := &o.packets.list[r.packet]
		h := &k.shares[r.share]
		s := o.sees(a.person, a.family, h.account.Family, a.start)
		switch {
		case k.stage != a.stage || s == sightNever || !h.asked || h.late:
		case h.amount == 0:
			return 0, false
		case s == sightSure && h.acked != 0 && h.acked < a.start:
			out -= h.amount
		default:
			o.loose = append(o.loose, item{amount: -h.amount})
		}
	}
	return out, true
}
