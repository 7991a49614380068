package mem

import (
	"context"
	"fmt"

	"hongbao/reference/wallet"
)

// ListPresence looks for an entry in each list.
type ListPresence struct {
	withdrawals *Withdrawals
	packets     *Packets
	items       *Items
}

var _ wallet.ListPresenceReader = ListPresence{}

// NewListPresence returns a check which lists in these stores are not empty.
func NewListPresence(withdrawals *Withdrawals, packets *Packets, items *Items) ListPresence {
	return ListPresence{withdrawals, packets, items}
}

// Presence implements wallet.ListPresenceReader. ErrInvalid: an account of no known family, no wallet, or more wallets than
// one person can have.
func (l ListPresence) Presence(ctx context.Context, caller wallet.Account, wallets []wallet.ActID, stage wallet.Stage) (wallet.ListPresence, error) {
	var present wallet.ListPresence
	if len(wallets) == 0 || len(wallets) > wallet.MaxFormer+1 {
		return present, fmt.Errorf("%w: lists of %d wallets", wallet.ErrInvalid, len(wallets))
	}
	for _, id := range wallets {
		ws, err := l.withdrawals.Of(ctx, id, stage, 1)
		if err != nil {
			return present, err
		}
		present.Withdrawals = present.Withdrawals || len(ws) > 0
	}
	sent, err := l.packets.SentBy(ctx, wallets, stage, 1)
	if err != nil {
		return present, err
	}
	received, err := l.packets.For(ctx, []wallet.Account{caller}, wallets, stage, 1)
	if err != nil {
		return present, err
	}
	items, err := l.items.Of(ctx, wallets, stage, wallet.Cursor{}, 1)
	present.Packets, present.Items = len(sent)+len(received) > 0, len(items) > 0
	return present, err
}
