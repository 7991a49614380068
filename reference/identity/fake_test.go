package identity

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"hongbao/reference/wallet"
)

// fake is a plain implementation of the identity store's port, so that the rules are tested against the contract.
// Between a Row and its Apply it runs meddle once, if set: the race that Apply must detect.
type fake struct {
	wallets int64
	rows    map[wallet.Account]wallet.AccountRow // Alone is computed when read
	holders map[wallet.Phone]wallet.ActID
	former  map[wallet.ActID][]wallet.ActID
	left    map[wallet.Account]map[wallet.ActID]wallet.Instant // includes wallets that the account owns again
	meddle  func()
}

var _ wallet.IdentityStore = (*fake)(nil)

func newFake() *fake {
	return &fake{rows: map[wallet.Account]wallet.AccountRow{}, holders: map[wallet.Phone]wallet.ActID{}, former: map[wallet.ActID][]wallet.ActID{},
		left: map[wallet.Account]map[wallet.ActID]wallet.Instant{}}
}

func (f *fake) bound(p wallet.Phone) (n int) {
	for _, r := range f.rows {
		if r.Phone == p {
			n++
		}
	}
	return n
}

func (f *fake) row(a wallet.Account) wallet.AccountRow {
	r := f.rows[a]
	r.Alone = r.Phone != 0 && f.bound(r.Phone) == 1
	return r
}

func (f *fake) person(a wallet.Account) wallet.Person {
	id := f.rows[a].ActID
	p := wallet.Person{ActID: id, Former: slices.Clone(f.former[id])}
	for _, id := range slices.Sorted(maps.Keys(f.left[a])) {
		if !p.Owns(id) {
			p.Left = append(p.Left, wallet.LeftWallet{ActID: id, At: f.left[a][id]})
		}
	}
	return p
}

func (f *fake) Person(_ context.Context, a wallet.Account) (wallet.Person, error) {
	if f.rows[a].ActID == 0 {
		return wallet.Person{}, wallet.ErrNotFound
	}
	return f.person(a), nil
}

func (f *fake) Row(_ context.Context, a wallet.Account, p wallet.Phone) (wallet.AccountRow, wallet.ActID, error) {
	return f.row(a), f.holders[p], nil
}

func (f *fake) Apply(_ context.Context, c wallet.IdentityChange) (wallet.Person, error) {
	if m := f.meddle; m != nil {
		f.meddle = nil
		m()
	}
	if f.row(c.Account) != c.Before || c.Phone != 0 && f.holders[c.Phone] != c.Holder {
		return wallet.Person{}, wallet.ErrStale
	}
	was := f.person(c.Account)
	if c.Join != 0 {
		all := slices.Concat(f.former[c.Wallet], []wallet.ActID{c.Join}, f.former[c.Join])
		if len(all) > wallet.MaxFormer {
			return wallet.Person{}, fmt.Errorf("%w: too many former wallets", wallet.ErrInvalid)
		}
		slices.Sort(all)
		f.former[c.Wallet] = all
		delete(f.former, c.Join)
	}
	if c.Wallet == 0 {
		f.wallets++
		c.Wallet = wallet.ActID(f.wallets)
	}
	for _, id := range was.Wallets() {
		if id == 0 {
			continue // a new account
		}
		if f.left[c.Account] == nil {
			f.left[c.Account] = map[wallet.ActID]wallet.Instant{}
		}
		f.left[c.Account][id] = c.At // person omits the wallets that it still owns
	}
	f.rows[c.Account] = wallet.AccountRow{ActID: c.Wallet, Phone: cmp.Or(c.Phone, c.Before.Phone)}
	if c.Phone != 0 {
		f.holders[c.Phone] = c.Wallet
		if f.bound(c.Before.Phone) == 0 {
			delete(f.holders, c.Before.Phone)
		}
	}
	return f.person(c.Account), nil
}
