package oracle

import (
	"context"
	"fmt"
	"time"

	"hongbao/reference/wallet"
)

// PacketSources reads the records of packets after the drain.
type PacketSources struct {
	Packets wallet.PacketReader
	At      wallet.Instant // the time of reading: a share not opened a day earlier must have been returned
}

// packetMoves is what the ledger contains of one packet.
type packetMoves struct {
	sent, waiting wallet.Money // MoveSend: out of balances, and into the packet account
	shares        []shareMoves
	state         wallet.PacketState
	records       int
}

// shareMoves is what the ledger and the record contain of one share.
type shareMoves struct {
	state        wallet.ShareState // from the record
	left         wallet.Money      // out of the packet account
	opened       wallet.Money      // into the recipient's balance
	returned     wallet.Money      // into a balance of the sender
	opens, backs int
}

// shift is one change of a balance by a packet.
type shift struct {
	stage  wallet.Stage
	family wallet.Family
	amount wallet.Money // added
	at     wallet.Instant
}

// packetRecords reads the records of packets. The ledger is read afterwards.
func (u *audit) packetRecords(ctx context.Context, b PacketSources) error {
	u.packetMoves = make([]packetMoves, len(u.packets.list))
	for i := range u.packetMoves {
		u.packetMoves[i].shares = make([]shareMoves, len(u.packets.list[i].shares))
	}
	if b.Packets == nil {
		return nil
	}
	err := b.Packets.Packets(ctx, func(p wallet.Packet) bool {
		i := u.packets.numbered[p.No]
		if i == 0 {
			u.fail(packetExact, p.Amount, "packet %s of %d fen is on record, but nobody sent it", p.No, p.Amount)
			return true
		}
		u.packetRecord(i, &p, b.At)
		return true
	})
	if err != nil {
		return fmt.Errorf("oracle: packets: %w", err)
	}
	return nil
}

// packetRecord checks one record.
func (u *audit) packetRecord(i uint32, p *wallet.Packet, now wallet.Instant) {
	k, m := &u.packets.list[i], &u.packetMoves[i]
	u.evaluated(packetExact, 1)
	u.evaluated(phaseIsolation, 1)
	if m.records++; m.records > 1 {
		u.fail(packetExact, k.amount, "packet %s of %d fen is on record twice", k.no, k.amount)
	}
	m.state = p.State
	if p.Stage != k.stage {
		u.fail(phaseIsolation, k.amount, "packet %s, sent in stage %s, is recorded in stage %s", k.no, k.stage, p.Stage)
	}
	if !u.samePacket(k, p, now) {
		return
	}
	old := now >= p.Created.Add(wallet.PacketLifetime+packetGrace)
	for n := range p.Shares {
		s := &p.Shares[n]
		m.shares[n].state = s.State
		if p.State == wallet.PacketRefused || p.State == wallet.PacketAsked {
			continue
		}
		if old && !s.State.Final() || s.State == wallet.ShareOpening || s.State == wallet.ShareReturning {
			u.fail(packetExact, s.Amount, "after the drain share %d of packet %s, %d fen, sent at %s, is in state %d", n, k.no, s.Amount, k.sent, s.State)
		}
		if s.State == wallet.ShareOpened && !k.shares[n].asked {
			u.fail(packetExact, s.Amount, "share %d of packet %s, %d fen, is opened, but person %d never asked to open it", n, k.no, s.Amount, k.shares[n].person)
		}
		if holder := u.owners.Get(int64(s.Owner)); s.State == wallet.ShareOpened && holder != 0 && Person(holder)-1 != k.shares[n].person {
			u.fail(packetExact, s.Amount, "share %d of packet %s, %d fen, is for person %d, but went to wallet %d of person %d", n, k.no, s.Amount, k.shares[n].person, s.Owner, holder-1)
		}
	}
}

// packetGrace is how long the return of an expired packet may take: a few rounds of the chore that returns it.
const packetGrace = 10 * time.Minute

// packetMove records one leg of a packet.
func (u *audit) packetMove(e *wallet.Entry) {
	i, stake := u.packets.numbered[e.Transfer.Packet], max(e.Amount, -e.Amount)
	if i == 0 || int(e.Transfer.Share) >= max(1, len(u.packets.list[i].shares)) {
		u.fail(packetExact, stake, "the ledger moved %d fen of wallet %d for %s, but nobody asked for it", e.Amount, e.Account.Owner, e.Transfer)
		return
	}
	k, m := &u.packets.list[i], &u.packetMoves[i]
	u.evaluated(phaseIsolation, 1)
	if e.Account.Stage != k.stage {
		u.fail(phaseIsolation, stake, "packet %s of stage %s moved %d fen of stage %s", k.no, k.stage, e.Amount, e.Account.Stage)
	}
	personal, waits := e.Account.Kind == wallet.PersonalAccount, e.Account.Kind == wallet.PacketAccount
	s, h := &m.shares[e.Transfer.Share], &k.shares[e.Transfer.Share]
	whose, family := k.person, k.no.Account.Family
	switch {
	case e.Transfer.Step == wallet.TransferSend && personal:
		m.sent -= e.Amount
	case e.Transfer.Step == wallet.TransferSend && waits:
		m.waiting += e.Amount
	case e.Transfer.Step == wallet.TransferOpen && personal:
		s.opened += e.Amount
		s.opens++
		whose, family = h.person, h.account.Family
	case e.Transfer.Step == wallet.TransferReturn && personal:
		s.returned += e.Amount
		s.backs++
	case (e.Transfer.Step == wallet.TransferOpen || e.Transfer.Step == wallet.TransferReturn) && waits:
		s.left -= e.Amount
	default:
		u.fail(packetExact, stake, "packet %s moved %d fen in account %d in step %d, which does not use that account", k.no, e.Amount, e.Account.Kind, e.Transfer.Step)
		return
	}
	if holder := u.owners.Get(e.Account.Owner); holder != 0 && Person(holder)-1 != whose {
		u.fail(packetExact, stake, "%s of person %d moved %d fen of wallet %d, which belongs to person %d", e.Transfer, whose, e.Amount, e.Account.Owner, holder-1)
	}
	if personal {
		u.packets.shifts[whose] = append(u.packets.shifts[whose], shift{k.stage, family, e.Amount, e.Posted})
	} else if waits {
		u.inPackets[e.Account] += e.Amount
	}
}

// packetsSettled checks every packet: it was sent in full or not at all, and each share was opened or returned once, or waits.
func (u *audit) packetsSettled() {
	for i := 1; i < len(u.packets.list); i++ {
		k, m := &u.packets.list[i], &u.packetMoves[i]
		u.evaluated(packetExact, 1)
		moved := m.sent == k.amount && m.waiting == k.amount
		nothing := m.sent == 0 && m.waiting == 0
		on := m.state == wallet.PacketSent || m.state == wallet.PacketClosed
		outcome, right := "left open", moved && on || nothing && !on
		switch {
		case k.acked != 0:
			outcome, right = "acknowledged", moved && on
		case !k.mayMove():
			outcome, right = "refused", nothing && !on
		}
		if !right {
			u.fail(packetExact, k.amount, "packet %s of %d fen by person %d was %s, but %d fen left balances, %d fen entered the packet account, and the record has state %d", k.no, k.amount, k.person, outcome, m.sent, m.waiting, m.state)
		}
		for n := range k.shares {
			u.shareSettled(k, &m.shares[n], n)
		}
	}
}

// shareSettled checks one share.
func (u *audit) shareSettled(k *packet, s *shareMoves, n int) {
	h := &k.shares[n]
	u.evaluated(packetExact, 1)
	opened := s.opens == 1 && s.backs == 0 && s.opened == h.amount && s.left == h.amount && s.state == wallet.ShareOpened
	back := s.opens == 0 && s.backs == 1 && s.returned == h.amount && s.left == h.amount && s.state == wallet.ShareReturned
	waits := s.opens == 0 && s.backs == 0 && s.left == 0 && s.state != wallet.ShareOpened && s.state != wallet.ShareReturned
	right := opened || back || waits
	switch {
	case h.acked != 0:
		right = opened
	case h.late:
		right = back || waits // it has expired; the chore may not have returned it yet
	}
	if !right {
		u.fail(packetExact, h.amount, "share %d of packet %s, %d fen for person %d, acknowledged as opened at %s: %d fen left the packet, %d fen were opened in %d moves, %d fen were returned in %d moves",
			n, k.no, h.amount, h.person, h.acked, s.left, s.opened, s.opens, s.returned, s.backs)
	}
}
