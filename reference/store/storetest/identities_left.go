package storetest

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
)

// leftIsRemembered moves account a out of wallet 2, which wallet 1 has joined, and back.
func leftIsRemembered(t *testing.T, s wallet.IdentityStore) {
	a, b, c := user(wallet.DouyinFamily, 1), user(wallet.ToutiaoFamily, 1), user(wallet.DouyinFamily, 2)
	left := func(at wallet.Instant, ids ...wallet.ActID) (l []wallet.LeftWallet) {
		for _, id := range ids {
			l = append(l, wallet.LeftWallet{ActID: id, At: at})
		}
		return l
	}
	apply(t, s, wallet.IdentityChange{Account: a, At: 1})
	apply(t, s, wallet.IdentityChange{Account: b, At: 2})
	require.Equal(t, wallet.Person{ActID: 2, Former: []wallet.ActID{1}}, apply(t, s, wallet.IdentityChange{Account: a, Wallet: 2, Join: 1, At: 3}), "a wallet that moves with the account is not left")
	require.Equal(t, wallet.Person{ActID: 3, Left: left(4, 1, 2)}, apply(t, s, wallet.IdentityChange{Account: a, At: 4}), "together with the wallets that had joined it")
	stays := call(s.Person(t.Context(), b)).ok(t)
	require.Equal(t, wallet.Person{ActID: 2, Former: []wallet.ActID{1}}, stays, "accounts that stay have left nothing")

	// The wallet that was left joins another one: it stays recorded under its id.
	apply(t, s, wallet.IdentityChange{Account: c, At: 5})
	apply(t, s, wallet.IdentityChange{Account: b, Wallet: 4, Join: 2, At: 6})
	require.Equal(t, wallet.Person{ActID: 5, Left: slices.Concat(left(4, 1, 2), left(7, 3))}, apply(t, s, wallet.IdentityChange{Account: a, At: 7}))

	// The other account's change brings it into the account's current wallet.
	apply(t, s, wallet.IdentityChange{Account: b, Wallet: 5, Join: 4, At: 8})
	home := wallet.Person{ActID: 5, Former: []wallet.ActID{1, 2, 4}, Left: left(7, 3)}
	call(s.Person(t.Context(), a)).returns(t, home, "owned wallets are not left wallets")

	// The account leaves again, and returns by its own change.
	away := wallet.Person{ActID: 6, Left: slices.Concat(left(9, 1, 2), left(7, 3), left(9, 4, 5))}
	require.Equal(t, away, apply(t, s, wallet.IdentityChange{Account: a, At: 9}), "the time is that of the last departure")
	home.Left = slices.Concat(left(7, 3), left(10, 6))
	back := apply(t, s, wallet.IdentityChange{Account: a, Wallet: 5, At: 10})
	require.Equal(t, home, back)
	back.Left[0] = wallet.LeftWallet{}
	call(s.Person(t.Context(), a)).returns(t, home, "the caller may modify a result")
}

func leftIsBounded(t *testing.T, s wallet.IdentityStore) {
	a := user(wallet.DouyinFamily, 1)
	var last wallet.Person
	for n := range wallet.MaxLeft + 1 {
		last = apply(t, s, wallet.IdentityChange{Account: a, At: wallet.Instant(n)})
	}
	require.Len(t, last.Left, wallet.MaxLeft)
	call(s.Apply(t.Context(), wallet.IdentityChange{Account: a, Before: wallet.AccountRow{ActID: last.ActID}, At: 99})).fails(t, wallet.ErrInvalid)
	call(s.Person(t.Context(), a)).returns(t, last, "a refused change has no effect")
	require.Equal(t, last.ActID+1, apply(t, s, wallet.IdentityChange{Account: user(wallet.ToutiaoFamily, 1)}).ActID, "no wallet was issued meanwhile")
	require.Len(t, apply(t, s, wallet.IdentityChange{Account: a, Wallet: 1, At: 99}).Left, wallet.MaxLeft, "returning adds one left wallet and removes one")
}

// leftOf returns the wallets that an account once had and that the person does not own now.
func leftOf(who wallet.Person, stood map[wallet.ActID]wallet.Instant) (left []wallet.LeftWallet) {
	for _, id := range slices.Sorted(maps.Keys(stood)) {
		if id != 0 && !who.Owns(id) {
			left = append(left, wallet.LeftWallet{ActID: id, At: stood[id]})
		}
	}
	return left
}
