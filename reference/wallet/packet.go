package wallet

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// PacketLife is how long a packet may be opened; what is not opened then goes back to its sender (P4). Ours.
const PacketLife = 24 * time.Hour

// MaxShares bounds the people that one packet is for.
const MaxShares = 100

// PacketNo is the identity of a packet that one person sends to others: the account that sent it and a number that its
// client chose.
type PacketNo struct {
	Account Account
	Request int64
}

// String returns the number as it goes over the wire.
func (n PacketNo) String() string {
	return fmt.Sprintf("p_%d_%d_%d", n.Account.Family, n.Account.User, n.Request)
}

// PacketState is how far a packet has come. It moves forward only.
type PacketState uint8

// The states. Refused and closed are final.
const (
	PacketAsked   PacketState = 1 + iota // recorded
	PacketRefused                        // the balance was too small; nothing was moved
	PacketSent                           // its money waits in the packet's account: it can be opened
	PacketClosed                         // every share was opened or went back
)

// Follows says whether a packet in state s may move to state t.
func (s PacketState) Follows(t PacketState) bool {
	return s == PacketAsked && (t == PacketRefused || t == PacketSent) || s == PacketSent && t == PacketClosed
}

// Packet is a red packet from one person to others (c2c, P4).
type Packet struct {
	No       PacketNo
	Owner    ActID // the sender's wallet when it was sent
	Stage    Stage
	Amount   Money   // the sum of the shares
	Wallets  []ActID // the sender's wallets that it may take from, Owner's first
	Shares   []Share // 1..MaxShares, each for another person, none for the sender
	Greeting string  // at most MaxGreeting bytes
	Created  Instant
	State    PacketState

	// Count and Opened are how many shares there are and how many are opened, in what a person is shown; 0 on record.
	Count, Opened int
}

// MaxGreeting bounds a packet's greeting in bytes of UTF-8.
const MaxGreeting = 120

// MaxPacketShare bounds a packet: so many fen for each of its shares. 200 yuan is what people know as the cap of a red
// packet. Ours.
const MaxPacketShare Money = 200_00

// Validate returns ErrInvalid for a packet that cannot be recorded: of no family, wallet or stage that there is, not in the
// state that a packet begins in, without a share or with too many, with one that is empty, goes to nobody, is not waiting,
// goes to an account or a wallet twice or to one of the sender's, or with shares that do not sum to its amount.
func (p Packet) Validate() error {
	families := func(a Account) bool { return a.Family >= DouyinFamily && a.Family <= ToutiaoFamily }
	good := families(p.No.Account) && p.Owner > 0 && p.Stage >= InternalTest && p.Stage <= Official && p.State == PacketAsked &&
		len(p.Wallets) >= 1 && len(p.Wallets) <= MaxFormer+1 && len(p.Shares) >= 1 && len(p.Shares) <= MaxShares && len(p.Greeting) <= MaxGreeting
	sum := Money(0)
	for i, s := range p.Shares {
		var err error
		if sum, err = sum.Add(s.Amount); err != nil {
			return err
		}
		first := slices.IndexFunc(p.Shares, func(o Share) bool { return o.For == s.For || o.Wallet == s.Wallet })
		good = good && s.Amount > 0 && families(s.For) && s.Wallet > 0 && first == i && s.State == ShareWaiting && s.Owner == 0 &&
			!slices.Contains(p.Wallets, s.Wallet)
	}
	for _, id := range p.Wallets {
		good = good && id > 0
	}
	if !good || sum != p.Amount {
		return fmt.Errorf("%w: packet %s of %d fen in stage %d, state %d, with %d shares of %d fen", ErrInvalid, p.No, p.Amount, p.Stage, p.State, len(p.Shares), sum)
	}
	return nil
}

// Done says whether every share was opened or went back.
func (p Packet) Done() bool {
	return !slices.ContainsFunc(p.Shares, func(s Share) bool { return !s.State.Final() })
}

// ShareFor returns which share is for an account; false: none is.
func (p Packet) ShareFor(a Account) (int, bool) {
	i := slices.IndexFunc(p.Shares, func(s Share) bool { return s.For == a })
	return i, i >= 0
}

// Whole returns the packet as its sender is shown it.
func (p Packet) Whole() Packet {
	p.Count, p.Opened = len(p.Shares), 0
	for _, s := range p.Shares {
		if s.State == ShareOpened {
			p.Opened++
		}
	}
	return p
}

// Part returns the packet as somebody is shown it whose these shares of it are: what others get is not among it, nor
// what all of them come to.
func (p Packet) Part(own []Share) Packet {
	p = p.Whole()
	p.Owner, p.Wallets, p.Shares, p.Amount = 0, nil, own, 0
	for _, s := range own {
		p.Amount += s.Amount // at most the packet's, which Validate has summed
	}
	return p
}

// Packets keeps packets of record. Durable: what Create acknowledged is never lost.
type Packets interface {
	// Create records p unless its number is taken, and returns the one on record and whether it is new. Atomic.
	// ErrUnknown: it may have been recorded; repeat the call.
	Create(ctx context.Context, p Packet) (Packet, bool, error)
	// Get returns the packet on record. ErrNotFound: there is none.
	Get(ctx context.Context, no PacketNo) (Packet, error)
	// Advance moves a packet to s, where that follows the state on record; else it changes nothing. Idempotent.
	// ErrNotFound: not on record. ErrUnknown: repeat the call.
	Advance(ctx context.Context, no PacketNo, s PacketState) error
	// Mark moves the share for an account to s, where that follows the state on record, and returns the share on record
	// afterwards. owner and at are recorded with it; the last share that comes to its end closes the packet. Atomic, and
	// so idempotent: of two marks that exclude each other one is recorded, and both callers are told which. Nothing is
	// recorded while the packet is not sent. ErrNotFound: no such share. ErrUnknown: repeat the call.
	Mark(ctx context.Context, no PacketNo, share Account, s ShareState, owner ActID, at Instant) (Share, error)
	// SentBy returns the packets that these wallets sent in a stage, or asked to send, newest first, at most limit.
	SentBy(ctx context.Context, wallets []ActID, s Stage, limit int) ([]Packet, error)
	// For returns the sent or closed packets of a stage that have a share for one of these accounts or wallets, or one that
	// was opened into one of these wallets, newest first, at most limit.
	For(ctx context.Context, accounts []Account, wallets []ActID, s Stage, limit int) ([]Packet, error)
	// Unfinished returns at most limit packets, oldest first: those asked before the instant and in that state still, those
	// with a share that has been opening or returning since before it, and those created before the other instant that
	// are sent and not closed. They are listed from a place on; the place to go on from is returned with them, 0: there are
	// no more. What cannot be brought to rest is so passed by.
	Unfinished(ctx context.Context, asked, sent Instant, from OpenPlace, limit int) ([]Packet, OpenPlace, error)
}

// SendPacketRequest asks to send a packet. A repeat carries the same content.
type SendPacketRequest struct {
	Caller
	Request  int64    // chosen by the client, above zero; the same over retries
	Amount   Money    // of all shares together; 1 fen to MaxPacketShare a share
	To       []Caller // 1..MaxShares, each person once, not the sender
	Greeting string
	At       Instant // decides the stage; the same over retries; 0 = now, as the first try had it
	Tokens   [][]byte
}

// OpenPacketRequest asks to open the caller's share.
type OpenPacketRequest struct {
	Caller
	Packet PacketNo

	// For names the share where a person has several in one packet: those of accounts that became one person's after it
	// was sent. Zero: the calling account's own, else one that the person has opened, else the first.
	For Account
}

// PacketService is what people do with packets. Every error carries a Code.
type PacketService interface {
	// SendPacket takes the amount out of the sender's balance and splits it. Idempotent by request number. A reply of
	// PacketRefused: the balance was too small. ErrConflict: the number was used with another content. ErrInvalid: also
	// where two of To are one person's accounts, or one is the sender's.
	SendPacket(ctx context.Context, r SendPacketRequest) (Packet, error)
	// OpenPacket moves the caller's share into the caller's balance, once: a repeat answers as the first time.
	// ErrNotFound: there is no such packet, or its sender had too little. ErrNotYours: no share is for the caller, or the
	// one that is named is not.
	// ErrExpired: its time is over. ErrUnavailable: it is being sent. ErrUnknown: repeat the call.
	OpenPacket(ctx context.Context, r OpenPacketRequest) (Share, error)
}
