package posting

import (
	"context"
	"errors"
	"time"

	"hongbao/reference/wallet"
)

// CompensateAfter is the default age from which an open order counts as stuck. It is above the longest time that a
// festival's backlog holds a posting (10–19 min, T), so that waiting postings are not posted out of order.
const CompensateAfter = 20 * time.Minute

// Compensate settles one bounded step of stuck orders, oldest first, starting at from (O5). It returns the number of
// orders in the step and the position to continue from; 0: the end. An order is stuck if the instance that granted it
// died before it wrote the backlog, or if the backlog was lost. After an error the caller may continue: the orders stay
// open, and a later scan from 0 finds them again. While SwitchPauseCompensate is on it does nothing.
func (p *Poster) Compensate(ctx context.Context, from wallet.ScanCursor) (int, wallet.ScanCursor, error) {
	if p.on(wallet.SwitchPauseCompensate) {
		return 0, 0, nil
	}
	orders, next, err := p.Open.Open(ctx, p.Clock.Now().Add(-p.After), from, p.Batch)
	if err != nil || len(orders) == 0 {
		return 0, 0, err
	}
	return len(orders), next, p.SettleOrders(ctx, orders)
}

// SettleOrders implements wallet.Settler: it posts open orders, for compensation and for the forced posting of a person
// whose token list cannot be read.
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
