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
		// Bound before its first reward: the wallet is created by the binding.
		{"unknown account, free phone", wallet.AccountRow{}, 0, 0, 0},
		// The second app of a known person: no second wallet is created.
		{"unknown account, held phone", wallet.AccountRow{}, 5, 5, 0},
		// Binds after a win: the reward stays in its wallet.
		{"no phone, free phone", wallet.AccountRow{ActID: 3}, 0, 3, 0},
		// Binds after a win, and won in another app too: both wallets belong to the person.
		{"no phone, held phone", wallet.AccountRow{ActID: 3}, 5, 5, 3},
		// A new number, no other app: the wallet moves with the person.
		{"alone, free phone", wallet.AccountRow{ActID: 3, Phone: old, Alone: true}, 0, 3, 0},
		// A new number that another account already has.
		{"alone, held phone", wallet.AccountRow{ActID: 3, Phone: old, Alone: true}, 5, 5, 3},
		// Leaves a shared phone: the money won together stays with the phone.
		{"shared, free phone", wallet.AccountRow{ActID: 3, Phone: old}, 0, 0, 0},
		// Leaves a shared phone for another that has a wallet: gets that wallet, and takes nothing along.
		{"shared, held phone", wallet.AccountRow{ActID: 3, Phone: old}, 5, 5, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, wallet.IdentityChange{Account: a, Before: c.row, Phone: phone, Holder: c.holder, Wallet: c.wallet, Join: c.join},
				binding(a, c.row, phone, c.holder))
		})
	}
}
