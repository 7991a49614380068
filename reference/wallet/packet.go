package wallet

import (
	"context"
	"fmt"
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

// ShareState is how far one share of a packet has come.
type ShareState uint8

// The states. Opened and returned are final; opening and returning exclude each other: whichever is recorded first
// happens.
const (
	ShareWaiting   ShareState = iota // may be opened
	ShareOpening                     // recorded before the money is moved
	ShareOpened                      // in the balance of the one it was for
	ShareReturning                   // recorded before the money is moved back
	ShareReturned                    // in the sender's balance again
)

// Share is the part of a packet that one person may open.
type Share struct {
	For    Account
	Amount Money
	State  ShareState
	Owner  ActID   // whose wallet it went to; 0 before it is opened
	At     Instant // when it was opened or went back
}

// Packet is a red packet from one person to others (c2c, P4).
type Packet struct {
	No       PacketNo
	Owner    ActID // the sender's wallet when it was sent
	Stage    Stage
	Amount   Money   // the sum of the shares
	Wallets  []ActID // the sender's wallets that it may take from, Owner's first
	Shares   []Share // 1..MaxShares, each for another account
	Greeting string  // at most MaxGreeting bytes
	Created  Instant
	State    PacketState
}

// MaxGreeting bounds a packet's greeting in bytes.
const MaxGreeting = 120

// Packets keeps packets of record. Durable: what Create acknowledged is never lost.
type Packets interface {
	// Create records p unless its number is taken, and returns the one on record and whether it is new. Atomic.
	// ErrUnknown: it may have been recorded; repeat the call.
	Create(ctx context.Context, p Packet) (Packet, bool, error)
	// Get returns the packet on record. ErrNotFound: there is none.
	Get(ctx context.Context, no PacketNo) (Packet, error)
	// Advance moves a packet forward; one that is further already is left alone. Idempotent. ErrNotFound: not on record.
	Advance(ctx context.Context, no PacketNo, s PacketState) error
	// Mark moves the share for an account to s, where that follows the state on record, and returns the share on record
	// afterwards. owner and at are recorded with it. Atomic, and so idempotent. ErrNotFound: no such share.
	Mark(ctx context.Context, no PacketNo, share Account, s ShareState, owner ActID, at Instant) (Share, error)
	// SentBy returns the packets that these wallets sent in a stage, newest first, at most limit.
	SentBy(ctx context.Context, wallets []ActID, s Stage, limit int) ([]Packet, error)
	// For returns the packets that have a share for one of these accounts or opened by one of these wallets, newest first,
	// at most limit.
	For(ctx context.Context, accounts []Account, wallets []ActID, s Stage, limit int) ([]Packet, error)
	// Unfinished returns at most limit packets, oldest first: those asked before the instant and not sent, those with a
	// share that is opening or returning, and those sent before the other instant that are not closed.
	Unfinished(ctx context.Context, asked, sent Instant, limit int) ([]Packet, error)
}

// SendPacketRequest asks to send a packet. A repeat carries the same content.
type SendPacketRequest struct {
	Caller
	Request  int64    // chosen by the client, above zero; the same over retries
	Amount   Money    // of all shares together; at least a fen a share
	To       []Caller // 1..MaxShares, each once, not the sender
	Greeting string
	At       Instant // decides the stage; the same over retries; 0 = now, as the first try had it
	Tokens   [][]byte
}

// OpenPacketRequest asks to open the caller's share.
type OpenPacketRequest struct {
	Caller
	Packet PacketNo
}

// PacketService is what people do with packets. Every error carries a Code.
type PacketService interface {
	// SendPacket takes the amount out of the sender's balance and splits it. Idempotent by request number. A reply of
	// PacketRefused: the balance was too small. ErrConflict: the number was used with another content.
	SendPacket(ctx context.Context, r SendPacketRequest) (Packet, error)
	// OpenPacket moves the caller's share into the caller's balance, once: a repeat answers as the first time.
	// ErrNotYours: no share is for the caller. ErrExpired: it went back to its sender. ErrUnknown: repeat the call.
	OpenPacket(ctx context.Context, r OpenPacketRequest) (Share, error)
}
