package wallet

import "context"

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

// Follows says whether a share in state s may move to state t.
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

// Final says whether nothing follows.
func (s ShareState) Final() bool { return s == ShareOpened || s == ShareReturned }

// Share is the part of a packet that one person may open.
type Share struct {
	For    Account
	Wallet ActID // For's when the packet was recorded; 0: recorded before packets kept it, and so for the account alone
	Amount Money
	State  ShareState
	Owner  ActID   // the wallet that it goes to; 0 while it waits
	At     Instant // when it came to its state; 0 while it waits
}

// Begun says whether somebody has opened the share, or is about to.
func (s Share) Begun() bool { return s.State == ShareOpening || s.State == ShareOpened }

// IsOf says whether a share is who's, who asks with account a (B1, B2): it is for a, or it was opened into one of who's
// wallets, or it is for another account of who's. For that its wallet must be one of who's, present or former, and For
// must stand behind one still: an account that leaves takes along what is for it. Errors are those of people, which is
// asked for nothing else.
func (s Share) IsOf(ctx context.Context, people People, a Account, who Person) (bool, error) {
	switch {
	case s.For == a || s.Begun() && who.Owns(s.Owner):
		return true, nil
	case s.Begun() || s.Wallet == 0 || !who.Owns(s.Wallet):
		return false, nil
	}
	now, err := people.Resolve(ctx, s.For)
	return err == nil && who.Owns(now.ActID), err
}
