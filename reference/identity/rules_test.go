package identity

import (
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
)

func TestBinding(t *testing.T) {
	a := wallet.Account{Family: wallet.DouyinFamily, User: 7}
	const phone, old wallet.Phone = 138, 139
	cases := []struct {
		name         string
		row          wallet.AccountRow
		holder       wallet.ActID
		wallet, join wallet.ActID
	}{
		// Bound before its first reward: the wallet is made together with the binding.
		{"unknown account, free phone", wallet.AccountRow{}, 0, 0, 0},
		// The second app of a person who is known: no wallet of its own is ever made.
		{"unknown account, held phone", wallet.AccountRow{}, 5, 5, 0},
		// Binds later, after a win: the reward is where it was.
		{"no phone, free phone", wallet.AccountRow{ActID: 3}, 0, 3, 0},
		// Binds later, but won in another app too: both wallets are the person's.
		{"no phone, held phone", wallet.AccountRow{ActID: 3}, 5, 5, 3},
		// A new number, no other app: the wallet moves with the person.
		{"alone, free phone", wallet.AccountRow{ActID: 3, Phone: old, Alone: true}, 0, 3, 0},
		// A new number that another app knows already.
		{"alone, held phone", wallet.AccountRow{ActID: 3, Phone: old, Alone: true}, 5, 5, 3},
		// Leaves a family phone: the money that was won together stays with the phone.
		{"shared, free phone", wallet.AccountRow{ActID: 3, Phone: old}, 0, 0, 0},
		// Leaves one phone for another that has a wallet: that one, and nothing is carried over.
		{"shared, held phone", wallet.AccountRow{ActID: 3, Phone: old}, 5, 5, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, wallet.IdentityChange{Account: a, Was: c.row, Phone: phone, Holder: c.holder, Wallet: c.wallet, Join: c.join},
				binding(a, c.row, phone, c.holder))
		})
	}
}
