package wallet

import "context"

// Kept says which of the lists beside a person's money are worth reading.
type Kept struct{ Withdrawals, Packets, Items bool }

// KeptLists answers for all lists at once what most pages need to know of them: that there is nothing in them.
type KeptLists interface {
	// Kept says for each list of a stage whether it may hold something for the person with these wallets who calls with
	// this account. A false means certainly not, as of one moment after the call began.
	Kept(ctx context.Context, caller Account, wallets []ActID, s Stage) (Kept, error)
}
