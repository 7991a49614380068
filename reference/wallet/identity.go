package wallet

import (
	"cmp"
	"context"
	"fmt"
	"slices"
)

// ActID is the id of a person's wallet during the festival, across all apps (B2). Positive; assigned densely from 1.
type ActID int64

// UserID is a user's number within one account family.
type UserID int64

// Phone is a bound phone number as digits; 0 means none.
type Phone int64

// Account is a user of one account family.
type Account struct {
	Family Family
	User   UserID
}

// AccountOf returns the account that user logs into app with.
func AccountOf(app App, user UserID) Account { return Account{app.Family(), user} }

// Validate returns ErrInvalid for an account of no known family.
func (a Account) Validate() error {
	if a.Family < DouyinFamily || a.Family > ToutiaoFamily {
		return fmt.Errorf("%w: account family %d", ErrInvalid, a.Family)
	}
	return nil
}

// MaxFormer bounds the former wallets of one person. A person joins wallets by binding one phone in several accounts,
// and nobody owns more accounts than this.
const MaxFormer = 16

// MaxLeft bounds the wallets that one account has left: two shared wallets with all their former wallets. An account
// leaves a wallet only when it changes from a phone that other accounts use too, which is rare.
const MaxLeft = 2 * (1 + MaxFormer)

// LeftWallet is a wallet that an account belonged to and that belongs to another person now. The account has no claim
// to its money. It only shows what was won already: the orders made before the account left.
type LeftWallet struct {
	ActID ActID
	At    Instant // when the account left
}

// Person is the owner of an account: the wallet that receives new rewards, and the former wallets that were joined to
// it when a phone was bound. The rewards of former wallets belong to the person too.
type Person struct {
	ActID  ActID
	Former []ActID      // ascending, excludes ActID; at most MaxFormer
	Left   []LeftWallet // left by this account; ascending, excludes wallets that the person owns; at most MaxLeft
}

// Owns reports whether id is one of the person's wallets.
func (p Person) Owns(id ActID) bool { return id == p.ActID || slices.Contains(p.Former, id) }

// Wallets returns all of the person's wallets, the present one first.
func (p Person) Wallets() []ActID { return append([]ActID{p.ActID}, p.Former...) }

// LeftAfter returns the wallets that an account has left once it moves to the person to: those that it had left
// earlier, and the wallets in from, which it leaves at this instant. A wallet that belongs to to is not in the result.
// Ascending; nil if there are none.
func LeftAfter(earlier []LeftWallet, from []ActID, to Person, at Instant) (left []LeftWallet) {
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

// AccountRow is the identity store's record of one account.
type AccountRow struct {
	ActID ActID // the person's present wallet; 0: the account is unknown
	Phone Phone
	Alone bool // no other account is bound to the same phone; meaningless while Phone is 0
}

// IdentityChange is one atomic change of the store. A zero field changes nothing.
type IdentityChange struct {
	Account Account
	Before  AccountRow // the row that the change is based on
	Phone   Phone      // the phone to bind Account to
	Holder  ActID      // the wallet that held Phone then; 0: none
	Wallet  ActID      // Account's new wallet; 0: create one
	Join    ActID      // this wallet and its former wallets become former wallets of Wallet
	At      Instant    // when Account leaves its wallets that are not joined to Wallet
}

// IdentityStore stores accounts, phones and joined wallets. The rules of binding are in package identity.
type IdentityStore interface {
	// Person returns the owner of the account. ErrNotFound: the account is unknown.
	Person(ctx context.Context, a Account) (Person, error)
	// Row returns the account's row (zero if unknown) and the wallet that holds phone (0 if none, or if phone is 0).
	Row(ctx context.Context, a Account, phone Phone) (AccountRow, ActID, error)
	// Apply makes the change in one atomic step and returns the account's owner afterwards. Phone is then held by
	// Wallet. A phone that its last account has left is held by no wallet, so a recycled phone number gives no access
	// to the earlier owner's wallet. The account's record of left wallets is updated as LeftAfter says, including the
	// former wallets of a wallet that it leaves. ErrStale: the row or the holder has changed since the change was
	// computed; nothing was changed. ErrInvalid: a person would have more than MaxFormer former wallets, or an account
	// would have left more than MaxLeft; nothing was changed.
	Apply(ctx context.Context, c IdentityChange) (Person, error)
}

// People resolves accounts to persons, for the services that grant, show and pay.
type People interface {
	// Resolve returns the owner of an account. An account that is not known yet gets a new wallet.
	Resolve(ctx context.Context, a Account) (Person, error)
}
