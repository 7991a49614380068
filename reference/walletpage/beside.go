package walletpage

import (
	"cmp"
	"context"
	"slices"

	"hongbao/reference/wallet"
)

// What stands beside the first page. Each list is bounded: it is no book, and the newest are what people look for.
const (
	maxWithdrawals = 50 // the withdraw limits allow far fewer in a festival
	maxPackets     = 50 // sent and received together
	maxItems       = wallet.MaxPage
)

// beside adds what stands beside the first page. A source that fails is missing, whatever its error is: none of them is
// part of the sums.
func (p *Reader) beside(ctx context.Context, page *wallet.Page, who wallet.Person, caller wallet.Account) {
	wallets := who.Wallets()
	kept := wallet.Kept{Withdrawals: true, Packets: true, Items: true}
	if p.Kept != nil {
		if k, err := p.Kept.Kept(ctx, caller, wallets, page.Stage); err == nil { // else each list says by itself whether it can be read
			kept = k
		}
	}
	source := func(name string, off wallet.Switch, some bool, read func() error) {
		if p.off(off) || some && read() != nil {
			page.Missing = append(page.Missing, name)
		}
	}
	source(SourceWithdrawals, wallet.SwitchPageNoPayouts, kept.Withdrawals, func() (err error) {
		page.Withdrawals, err = p.withdrawals(ctx, wallets, page.Stage)
		return err
	})
	if p.Packets != nil {
		source(SourcePackets, wallet.SwitchPageNoPackets, kept.Packets, func() (err error) {
			page.Packets, err = p.packets(ctx, caller, who, page.Stage)
			return err
		})
	}
	if p.Items != nil {
		source(SourceRewards, wallet.SwitchPageNoRewards, kept.Items, func() (err error) {
			page.Items, err = p.Items.Of(ctx, wallets, page.Stage, wallet.Cursor{}, p.limit(maxItems))
			return err
		})
	}
}

// withdrawals returns the person's withdrawals, newest first.
func (p *Reader) withdrawals(ctx context.Context, wallets []wallet.ActID, stage wallet.Stage) (all []wallet.Withdrawal, err error) {
	for _, id := range wallets {
		ws, err := p.Withdrawals.Of(ctx, id, stage, maxWithdrawals)
		if err != nil {
			return nil, err
		}
		all = append(all, ws...)
	}
	if len(wallets) > 1 {
		slices.SortStableFunc(all, func(a, b wallet.Withdrawal) int { return cmp.Compare(b.Created, a.Created) })
		all = all[:min(len(all), maxWithdrawals)]
	}
	return all, nil
}
