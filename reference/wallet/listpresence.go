package wallet

import (
	"context"
)

// ListPresence says which of a person's lists may have entries and so are worth reading.
type ListPresence struct{ Withdrawals, Packets, Items bool }

// ListPresenceReader finds in one call which lists are empty, as most lists of most people are.
type ListPresenceReader interface {
	// Presence returns, for each list of a stage, whether it may have an entry for the person who owns these wallets
	// and uses this account. False means that the list was certainly empty at one moment after the call began.
	Presence(ctx context.Context, caller Account, wallets []ActID, s Stage) (ListPresence, error)
}
