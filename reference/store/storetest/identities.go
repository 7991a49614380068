package storetest

import (
	"errors"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"hongbao/reference/wallet"
)

// Identities tests an adapter of wallet.IdentityStore.
func Identities(t *testing.T, open func(t *testing.T) wallet.IdentityStore) {
	t.Run("wallets are dense", func(t *testing.T) { walletsAreDense(t, open(t)) })
	t.Run("phones are held and left", func(t *testing.T) { phonesAreHeld(t, open(t)) })
	t.Run("wallets join", func(t *testing.T) { walletsJoin(t, open(t)) })
	t.Run("stale changes change nothing", func(t *testing.T) { staleChangesNothing(t, open(t)) })
	t.Run("wallets that were left are remembered", func(t *testing.T) { leftIsRemembered(t, open(t)) })
	t.Run("wallets that were left are bounded", func(t *testing.T) { leftIsBounded(t, open(t)) })
	t.Run("former wallets are bounded", func(t *testing.T) { formerIsBounded(t, open(t)) })
	t.Run("one of many callers applies", func(t *testing.T) { oneApplies(t, open(t)) })
	checkModel(t, open, identityModel)
}

func user(family wallet.Family, id wallet.UserID) wallet.Account {
	return wallet.Account{Family: family, User: id}
}

// apply reads the change's Was and Holder, applies it, and returns the account's person.
func apply(t testable, s wallet.IdentityStore, c wallet.IdentityChange) wallet.Person {
	t.Helper()
	var err error
	c.Before, c.Holder, err = s.Row(t.Context(), c.Account, c.Phone)
	require.NoError(t, err)
	p := call(s.Apply(t.Context(), c)).ok(t)
	call(s.Person(t.Context(), c.Account)).returns(t, p)
	return p
}

func row(t testable, s wallet.IdentityStore, a wallet.Account, phone wallet.Phone, want wallet.AccountRow, holder wallet.ActID) {
	t.Helper()
	got, held, err := s.Row(t.Context(), a, phone)
	require.NoError(t, err)
	if want.Phone == 0 {
		got.Alone = want.Alone // undefined without a phone
	}
	require.Equal(t, want, got)
	require.Equal(t, holder, held, "holder of phone %d", phone)
}

func walletsAreDense(t *testing.T, s wallet.IdentityStore) {
	want := wallet.ActID(0)
	for _, family := range []wallet.Family{wallet.DouyinFamily, wallet.ToutiaoFamily} {
		// Dense user numbers, numbers far apart, and the largest.
		for _, id := range []wallet.UserID{1, 2, 3, 64, 1 << 20, 7_000_000_000_000, 1<<63 - 1} {
			a := user(family, id)
			call(s.Person(t.Context(), a)).fails(t, wallet.ErrNotFound)
			row(t, s, a, 0, wallet.AccountRow{}, 0)
			want++
			require.Equal(t, wallet.Person{ActID: want}, apply(t, s, wallet.IdentityChange{Account: a}))
			row(t, s, a, 0, wallet.AccountRow{ActID: want}, 0)
		}
	}
}

func phonesAreHeld(t *testing.T, s wallet.IdentityStore) {
	const old, fresh = wallet.Phone(13_800_000_000), wallet.Phone(8_613_900_000_000)
	a, b := user(wallet.DouyinFamily, 1), user(wallet.ToutiaoFamily, 1)
	apply(t, s, wallet.IdentityChange{Account: a})
	row(t, s, a, old, wallet.AccountRow{ActID: 1}, 0)
	apply(t, s, wallet.IdentityChange{Account: a, Phone: old, Wallet: 1})
	row(t, s, a, old, wallet.AccountRow{ActID: 1, Phone: old, Alone: true}, 1)
	apply(t, s, wallet.IdentityChange{Account: b, Phone: old, Wallet: 1})
	row(t, s, a, old, wallet.AccountRow{ActID: 1, Phone: old}, 1)
	row(t, s, b, old, wallet.AccountRow{ActID: 1, Phone: old}, 1)

	apply(t, s, wallet.IdentityChange{Account: a, Phone: fresh}) // a leaves with a new wallet
	row(t, s, a, old, wallet.AccountRow{ActID: 2, Phone: fresh, Alone: true}, 1)
	row(t, s, b, fresh, wallet.AccountRow{ActID: 1, Phone: old, Alone: true}, 2)
	apply(t, s, wallet.IdentityChange{Account: b, Phone: fresh, Wallet: 2, Join: 1})
	row(t, s, b, old, wallet.AccountRow{ActID: 2, Phone: fresh}, 0) // the last account has left the old phone

	apply(t, s, wallet.IdentityChange{Account: b, Wallet: 2}) // the phone does not change
	row(t, s, b, fresh, wallet.AccountRow{ActID: 2, Phone: fresh}, 2)
}

func walletsJoin(t *testing.T, s wallet.IdentityStore) {
	var as []wallet.Account
	for i := range 4 {
		as = append(as, user(wallet.DouyinFamily, wallet.UserID(i+1)))
		apply(t, s, wallet.IdentityChange{Account: as[i]})
	}
	require.Equal(t, wallet.Person{ActID: 2, Former: []wallet.ActID{4}}, apply(t, s, wallet.IdentityChange{Account: as[3], Wallet: 2, Join: 4}))
	require.Equal(t, wallet.Person{ActID: 1, Former: []wallet.ActID{3}}, apply(t, s, wallet.IdentityChange{Account: as[2], Wallet: 1, Join: 3}))
	// The wallets that have joined wallet 2 come with it.
	all := wallet.Person{ActID: 1, Former: []wallet.ActID{2, 3, 4}}
	require.Equal(t, all, apply(t, s, wallet.IdentityChange{Account: as[1], Wallet: 1, Join: 2}))
	call(s.Person(t.Context(), as[0])).returns(t, all, "every account of the wallet sees the joined wallets")
}

func staleChangesNothing(t *testing.T, s wallet.IdentityStore) {
	const phone = wallet.Phone(138)
	a, b := user(wallet.DouyinFamily, 1), user(wallet.DouyinFamily, 2)
	apply(t, s, wallet.IdentityChange{Account: a})
	apply(t, s, wallet.IdentityChange{Account: b, Phone: phone})
	mine := wallet.AccountRow{ActID: 1}
	for _, c := range []wallet.IdentityChange{
		{Account: a}, // no longer unknown
		{Account: a, Before: wallet.AccountRow{ActID: 2}, Wallet: 1},              // has another wallet
		{Account: a, Before: wallet.AccountRow{ActID: 1, Phone: 9}, Wallet: 1},    // has no phone
		{Account: a, Before: mine, Phone: phone, Wallet: 1},                       // the phone is held
		{Account: a, Before: mine, Phone: phone, Holder: 1, Wallet: 1},            // by another wallet
		{Account: a, Before: mine, Phone: 139, Holder: 2, Wallet: 2, Join: 1},     // this phone has no holder
		{Account: b, Before: wallet.AccountRow{ActID: 2, Phone: phone}, Phone: 9}, // b is alone on its phone
	} {
		call(s.Apply(t.Context(), c)).fails(t, wallet.ErrStale)
		row(t, s, a, phone, mine, 2)
		row(t, s, b, 139, wallet.AccountRow{ActID: 2, Phone: phone, Alone: true}, 0)
	}
	require.Equal(t, wallet.ActID(3), apply(t, s, wallet.IdentityChange{Account: user(wallet.DouyinFamily, 3)}).ActID, "no wallet was issued meanwhile")
}

func formerIsBounded(t *testing.T, s wallet.IdentityStore) {
	join := func(n int) wallet.IdentityChange { // account n, from 1, has wallet n
		return wallet.IdentityChange{Account: user(wallet.DouyinFamily, wallet.UserID(n)), Before: wallet.AccountRow{ActID: wallet.ActID(n)}, Wallet: 1, Join: wallet.ActID(n)}
	}
	for n := range wallet.MaxFormer + 3 {
		apply(t, s, wallet.IdentityChange{Account: join(n + 1).Account})
	}
	for n := 2; n <= wallet.MaxFormer; n++ {
		apply(t, s, wallet.IdentityChange{Account: join(n).Account, Wallet: 1, Join: wallet.ActID(n)})
	}
	// One more wallet fits, but not one with a former wallet.
	pair, last := wallet.MaxFormer+2, wallet.MaxFormer+3
	apply(t, s, wallet.IdentityChange{Account: join(last).Account, Wallet: wallet.ActID(pair), Join: wallet.ActID(last)})
	call(s.Apply(t.Context(), join(pair))).fails(t, wallet.ErrInvalid)
	full := apply(t, s, wallet.IdentityChange{Account: join(wallet.MaxFormer + 1).Account, Wallet: 1, Join: wallet.MaxFormer + 1})
	require.Len(t, full.Former, wallet.MaxFormer)
	require.True(t, slices.IsSorted(full.Former))
	call(s.Person(t.Context(), join(pair).Account)).returns(t, wallet.Person{ActID: wallet.ActID(pair), Former: []wallet.ActID{wallet.ActID(last)}}, "a refused change has no effect")
}

func oneApplies(t *testing.T, s wallet.IdentityStore) {
	const people = 50
	onceEach(t, people, func(t *testing.T, _, i int) bool {
		_, err := s.Apply(t.Context(), wallet.IdentityChange{Account: user(wallet.DouyinFamily, wallet.UserID(i+1)), Phone: wallet.Phone(i + 1)})
		if err != nil {
			require.ErrorIs(t, err, wallet.ErrStale)
		}
		return err == nil
	})
	seen := map[wallet.ActID]bool{}
	for i := range people {
		a := user(wallet.DouyinFamily, wallet.UserID(i+1))
		p := call(s.Person(t.Context(), a)).ok(t)
		require.False(t, seen[p.ActID], "two people have the wallet %d", p.ActID)
		require.LessOrEqual(t, p.ActID, wallet.ActID(people))
		seen[p.ActID] = true
		row(t, s, a, wallet.Phone(i+1), wallet.AccountRow{ActID: p.ActID, Phone: wallet.Phone(i + 1), Alone: true}, p.ActID)
	}
}

// identityModel compares the store with plain maps over random sequences of changes that move an account, with or
// without its wallet, to another phone.
func identityModel(t *rapid.T, s wallet.IdentityStore) {
	rows := map[wallet.Account]wallet.AccountRow{}
	holders := map[wallet.Phone]wallet.ActID{}
	former := map[wallet.ActID][]wallet.ActID{}
	left := map[wallet.Account]map[wallet.ActID]wallet.Instant{} // including wallets that the person owns again
	wallets := wallet.ActID(0)
	bound := func(p wallet.Phone) (n int) {
		for _, r := range rows {
			if p != 0 && r.Phone == p {
				n++
			}
		}
		return n
	}
	for step := range rapid.IntRange(1, 25).Draw(t, "steps") {
		a := user(wallet.Family(rapid.IntRange(1, 2).Draw(t, "family")), wallet.UserID(rapid.IntRange(1, 3).Draw(t, "user")))
		c := bindPhone(t, s, a, wallet.Phone(rapid.IntRange(0, 3).Draw(t, "phone")))
		require.Equal(t, holders[c.Phone], c.Holder)
		c.At = wallet.Instant(step + 1)
		from := wallet.Person{ActID: c.Before.ActID, Former: slices.Clone(former[c.Before.ActID])}
		got, err := s.Apply(t.Context(), c)
		if n := len(former[c.Wallet]) + 1 + len(former[c.Join]); c.Join != 0 && n > wallet.MaxFormer {
			require.True(t, errors.Is(err, wallet.ErrInvalid))
			continue
		}
		require.NoError(t, err)
		if c.Wallet == 0 {
			wallets++
			c.Wallet = wallets
		}
		if c.Join != 0 {
			former[c.Wallet] = slices.Concat(former[c.Wallet], former[c.Join], []wallet.ActID{c.Join})
			slices.Sort(former[c.Wallet])
			delete(former, c.Join)
		}
		next := wallet.AccountRow{ActID: c.Wallet, Phone: c.Before.Phone}
		if c.Phone != 0 {
			next.Phone = c.Phone
			holders[c.Phone] = c.Wallet
		}
		rows[a] = next
		if bound(c.Before.Phone) == 0 {
			delete(holders, c.Before.Phone)
		}
		require.Equal(t, c.Wallet, got.ActID)
		require.Equal(t, former[c.Wallet], got.Former)
		if left[a] == nil {
			left[a] = map[wallet.ActID]wallet.Instant{}
		}
		for _, id := range from.Wallets() {
			left[a][id] = c.At
		}
		require.Equal(t, leftOf(got, left[a]), got.Left)
	}
	for a, want := range rows {
		want.Alone = bound(want.Phone) == 1
		row(t, s, a, want.Phone, want, holders[want.Phone])
		who := call(s.Person(t.Context(), a)).ok(t)
		require.Equal(t, wallet.Person{ActID: want.ActID, Former: former[want.ActID], Left: leftOf(who, left[a])}, who)
	}
}

// bindPhone returns the change that binds phone to the account, or changes nothing if phone is 0. The account's wallet
// moves with it unless other accounts share the wallet by their phone.
func bindPhone(t *rapid.T, s wallet.IdentityStore, a wallet.Account, phone wallet.Phone) wallet.IdentityChange {
	was, holder, err := s.Row(t.Context(), a, phone)
	require.NoError(t, err)
	c := wallet.IdentityChange{Account: a, Before: was, Phone: phone, Holder: holder, Wallet: was.ActID}
	shared := was.Phone != 0 && !was.Alone
	switch {
	case phone == 0 || phone == was.Phone:
	case shared || was.ActID == 0:
		c.Wallet = holder
	case holder != 0:
		c.Wallet, c.Join = holder, was.ActID
	}
	return c
}
