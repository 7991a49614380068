package identity

import (
	"hongbao/reference/wallet"
)

// newAccount is the change that gives a new account a wallet.
func newAccount(a wallet.Account) wallet.IdentityChange { return wallet.IdentityChange{Account: a} }

// binding is the change that binds phone to the account, computed from the account's row and the phone's holder. The phone
// has the highest priority (B2): all accounts bound to it are one person. What remains to decide is what happens to the
// account's present wallet, so that its rewards stay reachable:
//
//	                              phone is held by nobody        phone is held by a wallet
//	account has no wallet yet     a new wallet                   the holder's wallet
//	account alone has its wallet  keeps its wallet               the holder's; its own joins that as a former one
//	others share it by old phone  a new wallet; the old stays    the holder's; the old stays with the others
//
// A wallet that other accounts share is never taken along: it belongs to the phone that they are still bound to, and
// its money must not be visible from two phones. The account only records that it has left the wallet, so that a win
// there is not won again. The caller has checked that phone is not the row's phone.
func binding(a wallet.Account, row wallet.AccountRow, phone wallet.Phone, holder wallet.ActID) wallet.IdentityChange {
	c := wallet.IdentityChange{Account: a, Before: row, Phone: phone, Holder: holder, Wallet: holder}
	if row.ActID == 0 {
		return c // There is no wallet to keep. If nobody holds the phone, Wallet is 0, which creates one.
	}
	shared := row.Phone != 0 && !row.Alone
	switch {
	case shared:
		// The account leaves; Wallet is the holder's, or a new one.
	case holder == 0:
		c.Wallet = row.ActID // The account keeps its wallet, which now holds the phone.
	case holder != row.ActID:
		c.Join = row.ActID // No other account has this wallet: without the join its rewards would be unreachable.
	}
	return c
}
