package identity

import "hongbao/reference/wallet"

// firstSight is the change that gives an account seen for the first time a wallet of its own.
func firstSight(a wallet.Account) wallet.IdentityChange { return wallet.IdentityChange{Account: a} }

// binding is the change that binds phone to the account, worked out from its row and the phone's holder. The phone
// has the highest priority (B2): whoever is bound to it is the person it names. What is left to decide is where the
// account's present wallet goes, so that its rewards stay within somebody's reach:
//
//	                              phone is held by nobody        phone is held by a wallet
//	account has no wallet yet     a new wallet                   the holder's wallet
//	account is alone with it      keeps its wallet               the holder's; its own joins that as a former one
//	others share it by old phone  a new wallet; the old stays    the holder's; the old stays with the others
//
// A wallet that others share is never taken along: it is named by the phone that they are still bound to, and money
// must not be seen from two phones. The account only remembers that it has left it, so that what was won there is not won
// again. The row's phone is not the one to bind: that is no change.
func binding(a wallet.Account, row wallet.AccountRow, phone wallet.Phone, holder wallet.ActID) wallet.IdentityChange {
	c := wallet.IdentityChange{Account: a, Was: row, Phone: phone, Holder: holder, Wallet: holder}
	if row.ActID == 0 {
		return c // There is nothing to keep, and Wallet 0 asks for a new one when nobody holds the phone.
	}
	shared := row.Phone != 0 && !row.Alone
	switch {
	case shared:
		// The account leaves; Wallet is the holder's, or a new one.
	case holder == 0:
		c.Wallet = row.ActID // The phone gets to name the account's wallet.
	case holder != row.ActID:
		c.Join = row.ActID // Nobody else names this wallet: without the join its rewards would be out of reach.
	}
	return c
}
