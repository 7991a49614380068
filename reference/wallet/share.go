package wallet

import (
	"context"
)

// ShareState is the progress of one share of a packet.
type ShareState uint8

// The states. Opened and returned are final. Opening and returning exclude each other: the one that is recorded first
// is carried out.
const (
	ShareWaiting   ShareState = iota // may be opened
	ShareOpening                     // recorded before the money is moved
	ShareOpened                      // in the recipient's balance
	ShareReturning                   // recorded before the money is moved back
	ShareReturned                    // back in the sender's balance
)

// Follows reports whether a share in state s may move to state t.
func (s ShareState) Follows(t ShareState) bool {
	switch s {
	case ShareWaiting:
		return t == ShareOpening || t == ShareReturning
	case ShareOpening:
		return t == ShareOpened
	case ShareReturning:
		return t == ShareReturned
	}
	return false
}

// Final reports whether no state follows.
func (s ShareState) Final() bool { return s == ShareOpened || s == ShareReturned }

// Share is the part of a packet that one person may open.
type Share struct {
	For    Account
	Wallet ActID // wallet of For when the packet was recorded; 0: an old record without it, which only the account itself may open
	Amount Money // fen
	State  ShareState
	Owner  ActID   // the wallet that receives the money; 0 while waiting
	At     Instant // when it got its state; 0 while waiting
}

// Claimed reports whether the share is opened or being opened.
func (s Share) Claimed() bool { return s.State == ShareOpening || s.State == ShareOpened }

// BelongsTo reports whether the share belongs to person who, who asks with account a (B1, B2). It does if it is for a,
// or if it was opened into one of who's wallets. It also does if it is not claimed, its wallet is one of who's (present
// or former), and For still belongs to who: an account that leaves a wallet takes its shares along. Errors are those of
// people, which is called for the last case only.
func (s Share) BelongsTo(ctx context.Context, people People, a Account, who Person) (bool, error) {
	switch {
	case s.For == a || s.Claimed() && who.Owns(s.Owner):
		return true, nil
	case s.Claimed() || s.Wallet == 0 || !who.Owns(s.Wallet):
		return false, nil
	}
	now, err := people.Resolve(ctx, s.For)
	return err == nil && who.Owns(now.ActID), err
}
