package oracle

import (
	"cmp"
	"errors"
	"time"

	"hongbao/reference/wallet"
)

// PacketID identifies a packet that a person sends, including all repeats of its client.
type PacketID uint32

// packet is one packet from one person to others.
type packet struct {
	no     wallet.PacketNo
	person Person
	stage  wallet.Stage
	amount wallet.Money
	due    wallet.Money // StrategyToken: what the sender had certainly won when it was sent
	sent   wallet.Instant
	acked  wallet.Instant // when a reply first reported it as sent; 0: none did
	flags  packetFlags
	shares []share
	next   uint32 // the person's previous packet
}

// packetFlags holds what replies reported of a packet.
type packetFlags uint8

const (
	packetUnknown packetFlags = 1 << iota // a try ended with an unknown outcome
	packetNothing                         // a try was answered with "nothing was done"
	packetRefused                         // finally refused: it moves nothing
)

func (k *packet) has(f packetFlags) bool { return k.flags&f != 0 }

// mayMove and mayBeMoving are like those of a withdrawal.
func (k *packet) mayMove() bool {
	return k.acked != 0 || !k.has(packetRefused) && (k.has(packetUnknown) || !k.has(packetNothing))
}

func (k *packet) mayBeMoving() bool { return k.acked != 0 || !k.has(packetRefused) }

// share is the part of a packet that one person may open.
type share struct {
	account wallet.Account
	person  Person
	amount  wallet.Money   // 0: not known yet
	asked   bool           // the person asked to open it
	acked   wallet.Instant // when a reply first reported it as opened; 0: none did
	late    bool           // answered as expired
}

// received is a share for a person.
type received struct {
	packet uint32
	share  int
}

// packets are all packets of a run.
type packets struct {
	list     []packet // from 1
	sent     map[Person]uint32
	received map[Person][]received
	numbered map[wallet.PacketNo]uint32
	shifts   map[Person][]shift // of balances, once Final has read the ledger
}

func newPackets() packets {
	return packets{list: make([]packet, 1), sent: map[Person]uint32{}, received: map[Person][]received{}, numbered: map[wallet.PacketNo]uint32{}, shifts: map[Person][]shift{}}
}

// PacketSent records the first try of a packet; to are the persons of r.To.
func (o *Oracle) PacketSent(p Person, r wallet.SendPacketRequest, to []Person, now wallet.Instant) PacketID {
	k := packet{no: wallet.PacketNo{Account: wallet.AccountOf(r.App, r.User), Request: r.Request}, person: p, stage: o.stage(cmp.Or(r.At, now)),
		amount: r.Amount, sent: now, next: o.packets.sent[p]}
	if o.packets.numbered[k.no] != 0 {
		panic("oracle: packet " + k.no.String() + " was sent twice as a new one")
	}
	if o.cfg.Strategy == wallet.StrategyToken {
		k.due = o.wonBy(p, k.stage, k.no.Account.Family, len(r.Tokens), now)
	}
	i := uint32(len(o.packets.list))
	for n, c := range r.To {
		k.shares = append(k.shares, share{account: wallet.AccountOf(c.App, c.User), person: to[n]})
		o.others.Set(to[n], 1)
		o.packets.received[to[n]] = append(o.packets.received[to[n]], received{i, n})
	}
	o.others.Set(p, 1)
	o.packets.list = append(o.packets.list, k)
	o.packets.sent[p], o.packets.numbered[k.no] = i, i
	return PacketID(i)
}

// PacketAnswered records the result of one try; wallet.ErrUnknown if there was no answer.
func (o *Oracle) PacketAnswered(id PacketID, reply wallet.Packet, err error, now wallet.Instant) {
	k := &o.packets.list[id]
	if err == nil && reply.State == wallet.PacketRefused {
		err = wallet.ErrInsufficient
	}
	if err != nil {
		o.notSent(k, err, now)
		return
	}
	o.evaluated(packetExact, 1)
	if !o.samePacket(k, &reply, now) {
		k.flags |= packetUnknown
		return
	}
	if k.has(packetRefused) {
		o.fail(packetExact, k.amount, "packet %s of %d fen by person %d was refused, but acknowledged at %s", k.no, k.amount, k.person, now)
	}
	if reply.State != wallet.PacketAsked && k.acked == 0 {
		k.acked = now
	}
}

// samePacket reports whether an answer or a page shows the packet that was requested, with the same shares as before.
func (o *Oracle) samePacket(k *packet, got *wallet.Packet, now wallet.Instant) bool {
	sum, right := wallet.Money(0), got.No == k.no && got.Amount == k.amount && got.Stage == k.stage && len(got.Shares) == len(k.shares)
	for n := 0; right && n < len(got.Shares); n++ {
		s, h := &got.Shares[n], &k.shares[n]
		right = s.For == h.account && s.Amount > 0 && (h.amount == 0 || h.amount == s.Amount)
		sum += s.Amount
	}
	if !right || sum != k.amount {
		o.fail(packetExact, k.amount, "person %d sent packet %s of %d fen for %d people, but at %s it is packet %s of %d fen for %d people with shares of %d fen in total, or the split has changed",
			k.person, k.no, k.amount, len(k.shares), now, got.No, got.Amount, len(got.Shares), sum)
		return false
	}
	for n := range got.Shares {
		k.shares[n].amount = got.Shares[n].Amount
	}
	return true
}

// notSent records an answer that is not an acknowledgement.
func (o *Oracle) notSent(k *packet, err error, now wallet.Instant) {
	switch wallet.CodeOf(err) {
	case wallet.CodeUnknown, wallet.CodeInternal:
		k.flags |= packetUnknown
	case wallet.CodeRefused, wallet.CodeConflict:
		o.evaluated(packetExact, 1)
		if k.acked != 0 || wallet.CodeOf(err) == wallet.CodeConflict {
			o.fail(packetExact, k.amount, "packet %s of %d fen by person %d, acknowledged at %s, was later answered with %s at %s", k.no, k.amount, k.person, k.acked, wallet.ReasonOf(err), now)
			return
		}
		k.flags |= packetRefused
		if errors.Is(err, wallet.ErrInsufficient) && k.sent > o.lost && o.cfg.Strategy == wallet.StrategyToken &&
			!o.cfg.mayBeOn(wallet.SwitchSkipForcedPost, k.sent, now) {
			if left := k.due - o.maybeGone(k.person, k.stage, k.sent, nil, k); k.amount <= left {
				o.fail(packetExact, k.amount, "person %d asked at %s to send %d fen, had %d fen due, and was refused at %s as insufficient", k.person, k.sent, k.amount, left, now)
			}
		}
	default:
		k.flags |= packetNothing
	}
}

// maybeGone returns what a person's withdrawals and packets may have taken in a stage since sent, except the one being judged,
// w or k.
func (o *Oracle) maybeGone(p Person, s wallet.Stage, sent wallet.Instant, w *withdrawal, k *packet) (gone wallet.Money) {
	for i := o.withdrawn[p]; i != 0; i = o.withdrawals.At(i).next {
		if v := o.withdrawals.At(i); v != w && v.stage == s && v.mayBeOutSince(sent) {
			gone += v.amount
		}
	}
	for i := o.packets.sent[p]; i != 0; i = o.packets.list[i].next {
		if v := &o.packets.list[i]; v != k && v.stage == s && v.mayBeMoving() {
			gone += v.amount
		}
	}
	return gone
}

// Opening is one request to open a share.
type Opening struct {
	person Person
	start  wallet.Instant
	packet uint32
	share  int   // -1: the person has no share
	sight  sight // whether the person sees the share in the requesting app
}

// OpenSent records that the person asked to open a share, which may belong to somebody else.
func (o *Oracle) OpenSent(p Person, r wallet.OpenPacketRequest, now wallet.Instant) Opening {
	out := Opening{person: p, start: now, packet: o.packets.numbered[r.Packet], share: -1}
	for n := range o.packets.list[out.packet].shares {
		h := &o.packets.list[out.packet].shares[n]
		if h.person != p {
			continue
		}
		out.share, out.sight = n, o.sees(p, r.App.Family(), h.account.Family, now)
		h.asked = h.asked || out.sight != sightNever
	}
	return out
}

// OpenAnswered records the result of one try; wallet.ErrUnknown if there was no answer.
func (o *Oracle) OpenAnswered(a Opening, got wallet.Share, err error, now wallet.Instant) {
	o.evaluated(packetExact, 1)
	k := &o.packets.list[a.packet]
	if a.share < 0 || a.sight == sightNever {
		if err == nil {
			o.fail(packetExact, got.Amount, "person %d opened %d fen of packet %s at %s, but no share is for this person", a.person, got.Amount, k.no, now)
		}
		return
	}
	h := &k.shares[a.share]
	switch {
	case err == nil && (got.For != h.account || got.State != wallet.ShareOpened || h.amount != 0 && got.Amount != h.amount):
		o.fail(packetExact, max(got.Amount, h.amount), "person %d opened a share of %d fen of packet %s, but the answer at %s is %d fen for account %v in state %d", a.person, h.amount, k.no, now, got.Amount, got.For, got.State)
	case err == nil:
		h.amount = got.Amount
		if got.Owner != 0 { // the wire format does not carry the owner
			o.claim(a.person, got.Owner, now)
		}
		if h.late {
			o.fail(packetExact, h.amount, "person %d's share of packet %s was reported as returned, but at %s as opened", a.person, k.no, now)
		}
		if h.acked == 0 {
			h.acked = now
		}
	case errors.Is(err, wallet.ErrExpired):
		h.late = true
		if h.acked != 0 || now < k.sent.Add(wallet.PacketLifetime-maxLag) {
			o.fail(packetExact, h.amount, "person %d has a share of %d fen of packet %s, sent at %s and opened at %s, but the answer at %s is that it has expired", a.person, h.amount, k.no, k.sent, h.acked, now)
		}
	case wallet.CodeOf(err) == wallet.CodeUnauthorised && a.sight == sightMaybe: // the phone is being bound
	case wallet.CodeOf(err) == wallet.CodeUnauthorised || wallet.CodeOf(err) == wallet.CodeNotFound && k.acked != 0:
		o.fail(packetExact, h.amount, "person %d has a share of %d fen of packet %s, but the answer is %s at %s", a.person, h.amount, k.no, wallet.ReasonOf(err), now)
	}
}

// maxLag is the largest offset of an instance's clock.
const maxLag = 5 * time.Second
