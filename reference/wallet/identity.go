package wallet

import (
	"cmp"
	"context"
	"slices"
)

// ActID names a person's wallet during the festival, across all apps (B2). Positive; handed out densely from 1.
type ActID int64

// UserID is a user's number within one account family.
type UserID int64

// Phone is a bound phone number as digits; 0 means none.
type Phone int64

// Account is a user of a family.
type Account struct {
	Family Family
	User   UserID
}

// AccountOf returns the account that user logs into app with.
func AccountOf(app App, user UserID) Account { return Account{app.Family(), user} }

// MaxFormer bounds how many earlier wallets one person can carry: a person joins wallets by binding a phone in
// one account after another, and nobody owns more accounts than this.
const MaxFormer = 16

// MaxLeft bounds how many wallets one account can have left: two shared wallets that carry all they can. An account
// leaves one only by changing from a phone that others use too, which nobody does that often.
const MaxLeft = 2 * (1 + MaxFormer)

// LeftWallet is a wallet that an account stood behind once and that is somebody else's now. No money in it is the
// account's any more. It only tells what was won already: the orders that were made before the account left.
type LeftWallet struct {
	ActID ActID
	At    Instant // when the account left
}

// Person is who stands behind an account: the wallet that new rewards go to, and the former wallets that were
// joined to it when a phone was bound, whose rewards are the person's too.
type Person struct {
	ActID  ActID
	Former []ActID      // ascending, without ActID; at most MaxFormer
	Left   []LeftWallet // of this account alone; ascending, none that the person owns; at most MaxLeft
}

// Owns says whether id is one of the person's wallets.
func (p Person) Owns(id ActID) bool { return id == p.ActID || slices.Contains(p.Former, id) }

// Wallets returns all of the person's wallets, the present one first.
func (p Person) Wallets() []ActID { return append([]ActID{p.ActID}, p.Former...) }

// Leave returns which wallets an account has left that stands behind to now: those that it had left earlier, and those
// of from, which it leaves at this moment. What it came back to it has not left. Ascending; nil if there are none.
func Leave(earlier []LeftWallet, from []ActID, to Person, at Instant) (left []LeftWallet) {
	for _, l := range earlier {
		if !to.Owns(l.ActID) && !slices.Contains(from, l.ActID) {
			left = append(left, l)
		}
	}
	for _, id := range from {
		if !to.Owns(id) {
			left = append(left, LeftWallet{id, at})
		}
	}
	slices.SortFunc(left, func(a, b LeftWallet) int { return cmp.Compare(a.ActID, b.ActID) })
	return left
}

// AccountRow is what the identity store knows of one account.
type AccountRow struct {
	ActID ActID // the person's present wallet; 0: account unknown
	Phone Phone
	Alone bool // no other account is bound to the same phone; says nothing while Phone is 0
}

// IdentityChange is one atomic step of the store. A zero field changes nothing.
type IdentityChange struct {
	Account Account
	Was     AccountRow // what the change was worked out from
	Phone   Phone      // the phone to bind Account to
	Holder  ActID      // who held Phone when the change was worked out; 0: nobody
	Wallet  ActID      // Account's wallet from now on; 0: a new one
	Join    ActID      // this wallet becomes a former wallet of Wallet, with all former wallets of its own
	At      Instant    // when Account leaves those of its wallets that do not come along
}

// IdentityStore keeps accounts, phones and joined wallets. The rules of binding are in package identity.
type IdentityStore interface {
	// Person returns who stands behind the account, or ErrNotFound.
	Person(ctx context.Context, a Account) (Person, error)
	// Row returns the account's row (zero if unknown) and who holds phone (0 if nobody, or if phone is 0).
	Row(ctx context.Context, a Account, phone Phone) (AccountRow, ActID, error)
	// Apply makes the change in one atomic step and returns the person behind the account afterwards. Phone is then
	// held by Wallet; a phone that its last account has left is held by nobody, so that a recycled number opens
	// nobody's wallet.
	// The account remembers, as Leave says, which wallets it has left, also those that had joined its wallet.
	// ErrStale when the row or the holder is no longer what the change was worked out from; nothing is changed
	// then. Refuses with ErrInvalid what would give a person more than MaxFormer former wallets, or an account more
	// than MaxLeft that it has left.
	Apply(ctx context.Context, c IdentityChange) (Person, error)
}

// People resolves accounts to persons, for the services that grant, show and pay.
type People interface {
	// Resolve returns who stands behind an account, known from its first sight on.
	Resolve(ctx context.Context, a Account) (Person, error)
}
