package oracle

import (
	"slices"

	"hongbao/reference/wallet"
)

// carried checks the packets that a whole list shows after the drain (P4), and returns what they took from the person's
// balance, less what they added. known is false for a person with more packets than a wallet has to list, or whose
// accounts may or may not be joined.
func (s *settled) carried(shown []wallet.Packet) (out wallet.Money, known bool) {
	if !s.cfg.Packets {
		return 0, true
	}
	if n := len(s.packets.received[s.Person]) + s.packetsSent(); n >= fewPackets || s.other(s.Person, s.Start) == sightMaybe {
		return 0, false
	}
	for n := range shown {
		if k := &s.packets.list[s.packets.numbered[shown[n].No]]; k.no == shown[n].No {
			out += s.packetAtRest(k, &shown[n])
		}
	}
	s.packetsListed(shown)
	return out, true
}

// packetsSent counts the packets that the person sent.
func (s *settled) packetsSent() (n int) {
	for i := s.packets.sent[s.Person]; i != 0; i = s.packets.list[i].next {
		n++
	}
	return n
}

// seen reports whether the list shows what an account of the person has.
func (s *settled) seen(p Person, a wallet.Account) bool {
	return p == s.Person && s.sees(s.Person, s.Family, a.Family, s.Start) == sightSure
}

// packetAtRest checks one packet and returns what it took from the person's balance.
func (s *settled) packetAtRest(k *packet, got *wallet.Packet) (out wallet.Money) {
	s.evaluated(packetExact, 1)
	moved := got.State == wallet.PacketSent || got.State == wallet.PacketClosed
	switch {
	case got.State == wallet.PacketAsked:
		s.fail(packetExact, k.amount, "packet %s of %d fen by person %d is neither sent nor refused after the drain", k.no, k.amount, k.person)
	case moved && !k.mayMove():
		s.fail(packetExact, k.amount, "packet %s of %d fen by person %d was refused, but is sent after the drain", k.no, k.amount, k.person)
	}
	if !moved {
		return 0
	}
	sender := s.seen(k.person, k.no.Account)
	if sender {
		out += k.amount
	}
	for n := range got.Shares {
		sh := &got.Shares[n]
		i := slices.IndexFunc(k.shares, func(h share) bool { return h.account == sh.For })
		if i < 0 {
			continue // checked with its page
		}
		h := &k.shares[i]
		s.evaluated(packetExact, 1)
		switch {
		case sh.State == wallet.ShareOpening || sh.State == wallet.ShareReturning:
			s.fail(packetExact, sh.Amount, "share %d of packet %s, %d fen, is still in state %d after the drain", i, k.no, sh.Amount, sh.State)
		case sh.State == wallet.ShareOpened && !h.asked:
			s.fail(packetExact, sh.Amount, "share %d of packet %s, %d fen, is opened after the drain, but person %d never asked to open it", i, k.no, sh.Amount, h.person)
		case sh.State != wallet.ShareOpened && h.acked != 0:
			s.fail(packetExact, sh.Amount, "share %d of packet %s, %d fen, was opened by person %d at %s, but is in state %d after the drain", i, k.no, sh.Amount, h.person, h.acked, sh.State)
		}
		if sh.State == wallet.ShareOpened && s.seen(h.person, h.account) {
			out -= sh.Amount
		}
		if sh.State == wallet.ShareReturned && sender {
			out -= sh.Amount
		}
	}
	return out
}

// packetsListed checks that every packet and share acknowledged to the person is in the list, in the acknowledged state.
func (s *settled) packetsListed(shown []wallet.Packet) {
	find := func(k *packet) *wallet.Packet {
		if n := slices.IndexFunc(shown, func(p wallet.Packet) bool { return p.No == k.no }); n >= 0 {
			return &shown[n]
		}
		return &wallet.Packet{}
	}
	for i := s.packets.sent[s.Person]; i != 0; i = s.packets.list[i].next {
		k := &s.packets.list[i]
		if k.acked == 0 || k.stage != s.stage || !s.seen(k.person, k.no.Account) {
			continue
		}
		s.evaluated(packetExact, 1)
		if st := find(k).State; st != wallet.PacketSent && st != wallet.PacketClosed {
			s.fail(packetExact, k.amount, "packet %s of %d fen by person %d was acknowledged at %s, but is in state %d after the drain", k.no, k.amount, k.person, k.acked, st)
		}
	}
	for _, r := range s.packets.received[s.Person] {
		k := &s.packets.list[r.packet]
		h := &k.shares[r.share]
		if h.acked == 0 || k.stage != s.stage || !s.seen(h.person, h.account) {
			continue
		}
		s.evaluated(packetExact, 1)
		if find(k).No != k.no {
			s.fail(packetExact, h.amount, "person %d opened %d fen of packet %s at %s, but the packet is missing from the list after the drain", s.Person, h.amount, k.no, h.acked)
		}
	}
}
