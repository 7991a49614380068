package oracle

import (
	"slices"

	"hongbao/reference/wallet"
)

// fewPackets is the number of packets that a page must list in full; a wallet may cut longer lists.
const fewPackets = 10

// pagePackets checks the packets on the first page (P1, P4): each is from or for the person and listed once, and all that
// were acknowledged before are listed.
func (o *Oracle) pagePackets(a *ask, page wallet.Page, now wallet.Instant) {
	if !o.cfg.Packets || a.after != (wallet.Cursor{}) || slices.Contains(page.Missing, missingPackets) {
		return
	}
	o.evaluated(userView, 1)
	for n := range page.Packets {
		got := &page.Packets[n]
		k := &o.packets.list[o.packets.numbered[got.No]]
		switch {
		case k.no != got.No || !o.concerns(a, k):
			o.fail(userView, got.Amount, "person %d, page read from %s to %s: the page shows packet %s of %d fen, which is neither from nor for this person", a.person, a.start, now, got.No, got.Amount)
			return
		case slices.ContainsFunc(page.Packets[:n], func(p wallet.Packet) bool { return p.No == got.No }):
			o.fail(userView, got.Amount, "person %d, page read from %s to %s: the page shows packet %s twice", a.person, a.start, now, got.No)
			return
		case k.person == a.person && o.sees(a.person, a.family, k.no.Account.Family, a.start) == sightSure:
			if !o.samePacket(k, got, now) {
				return
			}
		case !o.partOf(a, k, got, now):
			return
		}
		if !o.counted(a, k, got, now) {
			return
		}
	}
	if len(page.Packets) < fewPackets {
		o.packetsDue(a, page, now)
	}
}

// partOf reports whether a page shows a recipient only the recipient's own share of a packet. While the sender's phone is
// being bound, the page may show the sender the whole packet.
func (o *Oracle) partOf(a *ask, k *packet, got *wallet.Packet, now wallet.Instant) bool {
	if k.person == a.person && len(got.Shares) == len(k.shares) {
		return o.samePacket(k, got, now)
	}
	right := len(got.Shares) == 1 && got.Stage == k.stage
	for n := 0; right && n < len(k.shares); n++ {
		h, s := &k.shares[n], &got.Shares[0]
		if h.account != s.For {
			continue
		}
		if right = h.person == a.person && s.Amount > 0 && s.Amount <= k.amount && got.Amount == s.Amount && (h.amount == 0 || h.amount == s.Amount); right {
			h.amount = s.Amount
			return true
		}
	}
	o.fail(userView, k.amount, "person %d, page read from %s to %s: packet %s of %d fen for %d people is shown as %d fen in %d shares, instead of the person's own share only",
		a.person, a.start, now, k.no, k.amount, len(k.shares), got.Amount, len(got.Shares))
	return false
}

// counted reports whether a page shows the right number of shares and of opened shares of a packet.
func (o *Oracle) counted(a *ask, k *packet, got *wallet.Packet, now wallet.Instant) bool {
	least, most := 0, 0
	for n := range k.shares {
		if h := &k.shares[n]; h.acked != 0 && h.acked < a.start {
			least++
		}
		if k.shares[n].asked {
			most++
		}
	}
	if got.Count != len(k.shares) || got.Opened < least || got.Opened > most {
		o.fail(userView, k.amount, "person %d, page read from %s to %s: packet %s for %d people, of whom %d to %d have opened it, is shown with %d shares, %d of them opened",
			a.person, a.start, now, k.no, len(k.shares), least, most, got.Count, got.Opened)
		return false
	}
	return true
}

// concerns reports whether the packet is from or for the person, as far as this page may show.
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

// packetsDue checks that no packet is missing.
func (o *Oracle) packetsDue(a *ask, page wallet.Page, now wallet.Instant) {
	lacks := func(k *packet, family wallet.Family) bool {
		if k.acked == 0 || k.acked >= a.start || k.stage != a.stage || o.sees(a.person, a.family, family, a.start) != sightSure ||
			slices.ContainsFunc(page.Packets, func(p wallet.Packet) bool { return p.No == k.no }) {
			return false
		}
		o.fail(userView, k.amount, "person %d, page read from %s to %s: the page lacks packet %s of %d fen, acknowledged at %s", a.person, a.start, now, k.no, k.amount, k.acked)
		return true
	}
	for i := o.packets.sent[a.person]; i != 0; i = o.packets.list[i].next {
		if k := &o.packets.list[i]; lacks(k, k.no.Account.Family) {
			return
		}
	}
	for _, r := range o.packets.received[a.person] {
		if k := &o.packets.list[r.packet]; lacks(k, k.shares[r.share].account.Family) {
			return
		}
	}
}

// packetsIn returns the net amount that certainly left a person's balance through packets, and adds the uncertain amounts
// to o.uncertain. known is false if an amount is not known.
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
			o.uncertain = append(o.uncertain, item{amount: k.amount})
		}
		if now < k.sent.Add(wallet.PacketLifetime-maxLag) {
			continue
		}
		for n := range k.shares {
			h := &k.shares[n]
			if h.amount == 0 {
				return 0, false
			}
			if h.acked == 0 {
				o.uncertain = append(o.uncertain, item{amount: -h.amount})
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
			o.uncertain = append(o.uncertain, item{amount: -h.amount})
		}
	}
	return out, true
}
