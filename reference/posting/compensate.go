package posting

import (
	"context"
	"errors"
	"time"

	"hongbao/reference/wallet"
)

// CompensateAfter is the age from which an open order counts as stuck, unless a service says otherwise. It lies above the longest time that a
// festival's backlog holds a posting (10–19 min, T), so that what is merely waiting is not posted out of turn.
const CompensateAfter = 20 * time.Minute

// Compensate settles one bounded step of stuck orders, oldest first from a place on, and returns how many it took on
// and the place to go on from; 0: there are no more (O5). An order can be stuck because the instance that granted it
// died before it reached the backlog, or because the backlog was lost. A step that fails is passed by: its orders stay
// open, and whoever begins again from 0 comes back to them. While compensation is paused there is nothing to do.
func (p *Poster) Compensate(ctx context.Context, from wallet.OpenPlace) (int, wallet.OpenPlace, error) {
	if p.on(wallet.SwitchPauseCompensate) {
		return 0, 0, nil
	}
	orders, next, err := p.Open.Open(ctx, p.Clock.Now().Add(-p.After), from, p.Batch)
	if err != nil || len(orders) == 0 {
		return 0, 0, err
	}
	return len(orders), next, p.SettleOrders(ctx, orders)
}

// SettleOrders implements wallet.Settler: the way of open orders into the ledger, for compensation and for the forced
// posting of a person whose token list cannot be read.
func (p *Poster) SettleOrders(ctx context.Context, orders []wallet.Order) error {
	credits := make([]wallet.Credit, 0, len(orders))
	var void []wallet.OrderNo
	for _, o := range orders {
		budget, err := p.Budget(o.No.Stage)
		if err == nil {
			err = wallet.Repeat(func() error { return p.Budgets.Reserve(ctx, o.No, o.Amount, budget) })
		}
		switch {
		case errors.Is(err, wallet.ErrOverBudget):
			void = append(void, o.No)
		case err != nil:
			return err
		default:
			credits = append(credits, o.Credit())
		}
	}
	if len(void) > 0 {
		if err := wallet.Repeat(func() error { return p.Orders.Finish(ctx, void, wallet.OrderVoid) }); err != nil {
			return err
		}
	}
	return p.Settle(ctx, credits)
}
