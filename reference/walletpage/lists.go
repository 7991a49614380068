package walletpage

import (
	"cmp"
	"context"
	"slices"

	"hongbao/reference/wallet"
)

// Bounds of the other lists on the first page. They show the newest entries and are not complete histories.
const (
	maxWithdrawals = 50 // the withdraw limits allow far fewer in a festival
	maxPackets     = 50 // sent and received together
	maxItems       = wallet.MaxPage
)

// addLists adds the other lists to the first page. A source that fails is listed in Missing, whatever its error: none
// of them affects the sums.
func (p *Reader) addLists(ctx context.Context, page *wallet.Page, who wallet.Person, caller wallet.Account) {
	wallets := who.Wallets()
	present := wallet.ListPresence{Withdrawals: true, Packets: true, Items: true}
	if p.Presence != nil {
		if known, err := p.Presence.Presence(ctx, caller, wallets, page.Stage); err == nil { // otherwise read each list, which may fail separately
			present = known
		}
	}
	source := func(name string, off wallet.Switch, present bool, read func() error) {
		if p.on(off) || present && read() != nil {
			page.Missing = append(page.Missing, name)
		}
	}
	source(SourceWithdrawals, wallet.SwitchPageNoPayouts, present.Withdrawals, func() (err error) {
		page.Withdrawals, err = p.withdrawals(ctx, wallets, page.Stage)
		return err
	})
	if p.Packets != nil {
		source(SourcePackets, wallet.SwitchPageNoPackets, present.Packets, func() (err error) {
			page.Packets, err = p.packets(ctx, caller, who, page.Stage)
			return err
		})
	}
	if p.Items != nil {
		source(SourceRewards, wallet.SwitchPageNoRewards, present.Items, func() (err error) {
			page.Items, err = p.Items.Of(ctx, wallets, page.Stage, wallet.Cursor{}, p.limit(maxItems))
			return err
		})
	}
}

// withdrawals returns the person's withdrawals, newest first, at most maxWithdrawals.
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
