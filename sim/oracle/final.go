package oracle

import (
	"context"
	"fmt"

	"hongbao/reference/wallet"
)

// stageSums are the sums of one stage over the stores.
type stageSums struct {
	all    wallet.Money // over all accounts
	cost   wallet.Money // over the cost accounts
	grants wallet.Money // posted to personal accounts
	orders wallet.Money // of orders on record that are not void
}

// audit is the working state of Final.
type audit struct {
	*Oracle
	sums      [wallet.Stages + 1]stageSums
	moves     []moves // by withdrawal
	unclaimed []unclaimed
	indexed   bool // unclaimed is filled
	findings  findings

	packetMoves []packetMoves                     // by packet
	inPackets   map[wallet.AccountNo]wallet.Money // money in packets, from the ledger's entries
}

// Final reads the stores once, after the drain, and checks everything that only they can show. An error means that a store
// could not be read and that the checks are incomplete.
func (o *Oracle) Final(ctx context.Context, b Sources) error {
	u := &audit{Oracle: o, moves: make([]moves, o.withdrawals.Len()+1), findings: findings{}, inPackets: map[wallet.AccountNo]wallet.Money{}}
	if err := u.outside(ctx, b); err != nil {
		return fmt.Errorf("oracle: withdrawals and bank: %w", err)
	}
	if err := u.packetRecords(ctx, b.Packets); err != nil {
		return err
	}
	if err := openIters(ctx, b).each(func(id int64, l walletRecords) { u.wallet(id, l, b) }); err != nil {
		return fmt.Errorf("oracle: ledger, orders and tokens: %w", err)
	}
	u.nothingLost(b)
	u.settled(b.Declined)
	u.limits()
	u.packetsSettled()
	if b.Rewards.Items != nil {
		if err := o.checkRewards(ctx, b.Rewards); err != nil {
			return err
		}
	}
	for s := wallet.InternalTest; s <= wallet.Official; s++ {
		if err := u.stageTotals(s, b); err != nil {
			return fmt.Errorf("oracle: budget of stage %s: %w", s, err)
		}
	}
	if o.cfg.Strategy != wallet.StrategyToken {
		o.postedView()
	}
	u.compare(b)
	return nil
}

// wallet checks the records of one wallet.
func (u *audit) wallet(id int64, l walletRecords, b Sources) {
	if id == costOwner {
		u.costs(l)
		return
	}
	u.own(id, l.entries)
	for i := range l.entries {
		e := &l.entries[i]
		switch {
		case e.Transfer.OfPacket():
			u.packetMove(e)
		case e.Transfer != (wallet.TransferNo{}):
			u.move(e)
		default:
			u.entry(e, l.entries[:i])
		}
	}
	u.accounts(id, l)
	u.records(l, b.ReconcileRan)
}

// nothingLost checks that every acknowledged grant is in the ledger and that no work is left.
func (u *audit) nothingLost(b Sources) {
	for i := uint32(1); int(i) <= u.grants.Len(); i++ {
		g := u.grants.At(i)
		if g.acked == 0 || g.act == 0 {
			continue // Not acknowledged, or acknowledged as an order that another grant represents.
		}
		u.evaluated(nothingLost, 1)
		if !g.has(inLedger) {
			u.difference += g.money()
			u.fail(nothingLost, g.money(), "order %s of person %d, %d fen acknowledged at %s, is not in the ledger",
				u.plays.order(g.play, wallet.ActID(g.act)), int64(u.owners.Get(int64(g.act)))-1, g.amount, g.acked)
		}
	}
	u.nothingHeld(b.OpenOrders, b.BacklogDepth)
}

// stageTotals checks the sums of one stage.
func (u *audit) stageTotals(s wallet.Stage, b Sources) error {
	t := u.sums[s]
	u.require(t.all == 0, zeroSum, max(t.all, -t.all), "the accounts of stage %s sum to %d fen, not to zero", s, t.all)
	u.require(t.cost == -t.grants, zeroSum, max(t.cost+t.grants, -t.cost-t.grants), "the cost accounts of stage %s sum to %d fen, but %d fen were granted from them", s, t.cost, t.grants)
	child := u.childOf(s)
	var budget wallet.Money
	if child != nil {
		budget = child.Budget
	}
	u.require(t.grants <= budget, noOverIssuance, t.grants-budget, "%d fen were granted in stage %s, above its budget of %d fen", t.grants, s, budget)
	if child == nil || b.Spent == nil {
		return nil
	}
	spent, err := b.Spent(s)
	if err != nil {
		return err
	}
	u.require(spent == t.orders && t.orders == t.grants, budgetAccuracy, max(spent, t.orders, t.grants)-min(spent, t.orders, t.grants),
		"stage %s: the budget counter shows %d fen spent, the orders sum to %d fen, the ledger shows %d fen granted", s, spent, t.orders, t.grants)
	return nil
}
