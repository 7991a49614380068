package wallet

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// PacketLifetime is how long a packet may be opened. Unopened shares are then returned to the sender (P4). The duration
// is our choice.
const PacketLifetime = 24 * time.Hour

// MaxShares bounds the shares, and so the recipients, of one packet.
const MaxShares = 100

// PacketNo is the identity of a packet: the sender's account and a number chosen by the sender's client.
type PacketNo struct {
	Account Account
	Request int64
}

// String returns the number as it goes over the wire.
func (n PacketNo) String() string {
	return fmt.Sprintf("p_%d_%d_%d", n.Account.Family, n.Account.User, n.Request)
}

// PacketState is the progress of a packet. It moves forward only.
type PacketState uint8

// The states. Refused and closed are final.
const (
	PacketAsked   PacketState = 1 + iota // recorded
	PacketRefused                        // the balance was too small; no money was moved
	PacketSent                           // its money is in the packet account; it can be opened
	PacketClosed                         // every share was opened or returned
)

// Follows reports whether a packet in state s may move to state t.
func (s PacketState) Follows(t PacketState) bool {
	return s == PacketAsked && (t == PacketRefused || t == PacketSent) || s == PacketSent && t == PacketClosed
}

// Packet is a red packet from one person to others (c2c, P4).
type Packet struct {
	No       PacketNo
	Owner    ActID // the sender's wallet when it was sent
	Stage    Stage
	Amount   Money   // fen; the sum of the shares
	Wallets  []ActID // the sender's wallets whose money it may use; Owner first
	Shares   []Share // 1..MaxShares, each for a different person, none for the sender
	Greeting string  // at most MaxGreeting bytes
	Created  Instant
	State    PacketState

	// Count is the number of shares and Opened the number of opened shares, in the views shown to people; both are 0 on
	// record.
	Count, Opened int
}

// MaxGreeting bounds a packet's greeting in bytes of UTF-8.
const MaxGreeting = 120

// MaxPacketShare bounds a packet's amount in fen for each share. 200 yuan is the usual limit of a red packet. Our
// choice.
const MaxPacketShare Money = 200_00

// Validate returns ErrInvalid for a packet that cannot be recorded: an unknown family, wallet or stage; a state other
// than PacketAsked; no share or too many; a share that is empty, has no recipient or is not waiting; two shares for one
// account or wallet; a share for one of the sender's wallets; or shares that do not sum to Amount.
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

// Done reports whether every share was opened or returned.
func (p Packet) Done() bool {
	return !slices.ContainsFunc(p.Shares, func(s Share) bool { return !s.State.Final() })
}

// ShareFor returns the index of the account's share. False: it has none.
func (p Packet) ShareFor(a Account) (int, bool) {
	i := slices.IndexFunc(p.Shares, func(s Share) bool { return s.For == a })
	return i, i >= 0
}

// SenderView returns the packet as its sender sees it.
func (p Packet) SenderView() Packet {
	p.Count, p.Opened = len(p.Shares), 0
	for _, s := range p.Shares {
		if s.State == ShareOpened {
			p.Opened++
		}
	}
	return p
}

// RecipientView returns the packet as the recipient with these shares sees it. It hides the other shares and the
// packet's total.
func (p Packet) RecipientView(own []Share) Packet {
	p = p.SenderView()
	p.Owner, p.Wallets, p.Shares, p.Amount = 0, nil, own, 0
	for _, s := range own {
		p.Amount += s.Amount // cannot overflow: at most the packet's amount, which Validate checked
	}
	return p
}

// Packets stores packets. Durable: what Create acknowledged is never lost.
type Packets interface {
	PacketHistory
	// Create records p unless its number is taken, and returns the packet on record and whether it is new. Atomic.
	// ErrUnknown: it may have been recorded; repeat the call.
	Create(ctx context.Context, p Packet) (Packet, bool, error)
	// Get returns the packet on record. ErrNotFound: there is no such packet.
	Get(ctx context.Context, no PacketNo) (Packet, error)
	// Advance changes a packet's state to s, if s may follow the state on record; otherwise it changes nothing.
	// Idempotent. ErrNotFound: not on record. ErrUnknown: repeat the call.
	Advance(ctx context.Context, no PacketNo, s PacketState) error
	// Mark changes the state of the share for an account to s, if s may follow the state on record, and returns the
	// share on record afterwards. owner and at are recorded with it. When the last share becomes final, the packet is
	// closed. Atomic and idempotent: of two exclusive states one is recorded, and both callers get it as the result.
	// Nothing is recorded unless the packet is in PacketSent. ErrNotFound: no such share. ErrUnknown: repeat the call.
	Mark(ctx context.Context, no PacketNo, share Account, s ShareState, owner ActID, at Instant) (Share, error)
	// Unfinished returns at most limit unfinished packets, oldest first: packets in PacketAsked created before asked;
	// packets with a share that has been opening or returning since before asked; and packets in PacketSent created
	// before sent. The scan starts at from. The position to continue from is returned; 0: the end. It lets a scan pass
	// packets that cannot be finished.
	Unfinished(ctx context.Context, asked, sent Instant, from ScanCursor, limit int) ([]Packet, ScanCursor, error)
}

// PacketHistory lists the packets of a person.
type PacketHistory interface {
	// SentBy returns at most limit packets of a stage that these wallets sent or asked to send, newest first.
	SentBy(ctx context.Context, wallets []ActID, s Stage, limit int) ([]Packet, error)
	// For returns at most limit sent or closed packets of a stage, newest first, that have a share for one of these
	// accounts or wallets, or a share opened into one of these wallets.
	For(ctx context.Context, accounts []Account, wallets []ActID, s Stage, limit int) ([]Packet, error)
}

// SendPacketRequest asks to send a packet. A repeat has the same content.
type SendPacketRequest struct {
	Caller
	Request  int64    // chosen by the client, above zero; the same over retries
	Amount   Money    // fen; the sum of all shares; 1 to MaxPacketShare per share
	To       []Caller // 1..MaxShares, each person once, without the sender
	Greeting string
	At       Instant // decides the stage; the same over retries; 0 = the time of the first attempt
	Tokens   [][]byte
}

// OpenPacketRequest asks to open the caller's share.
type OpenPacketRequest struct {
	Caller
	Packet PacketNo

	// For selects the share if the person has several in one packet, because accounts were joined after it was sent.
	// Zero: the calling account's share, else one that the person has opened, else the first.
	For Account
}

// PacketService is the users' API for packets. Every error has a Code.
type PacketService interface {
	// SendPacket takes the amount from the sender's balance and splits it. Idempotent by request number. A reply in
	// PacketRefused: the balance was too small. ErrConflict: the number was used with other content. ErrInvalid: also
	// if two accounts of To belong to one person, or one belongs to the sender.
	SendPacket(ctx context.Context, r SendPacketRequest) (Packet, error)
	// OpenPacket moves the caller's share into the caller's balance, once. Idempotent: a repeat returns the first
	// result. ErrNotFound: there is no such packet, or it was refused. ErrNotYours: no share, or not the selected one,
	// is for the caller. ErrExpired: the packet's lifetime is over. ErrUnavailable: it is not sent yet. ErrUnknown:
	// repeat the call.
	OpenPacket(ctx context.Context, r OpenPacketRequest) (Share, error)
}
