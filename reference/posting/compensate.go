package posting

import (
	"context"
	"errors"
	"time"

	"hongbao/reference/wallet"
)

// CompensateAfter is the age from which an open order counts as stuck. It lies above the longest time that a
// festival's backlog holds a posting (10–19 min, T), so that what is merely waiting is not posted out of turn.
const CompensateAfter = 20 * time.Minute

// Compensate settles one bounded step of stuck orders, oldest first, and returns how many it settled (O5). An order
// can be stuck because the instance that granted it died before it reached the backlog, or because the backlog was
// lost. Its budget may not have been taken yet; if there is none left, the order is void.
func (p *Poster) Compensate(ctx context.Context) (int, error) {
	orders, err := p.Open.Open(ctx, p.Clock.Now().Add(-CompensateAfter), p.Batch)
	if err != nil || len(orders) == 0 {
		return 0, err
	}
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
			return 0, err
		default:
			credits = append(credits, o.Credit())
		}
	}
	if len(void) > 0 {
		if err := wallet.Repeat(func() error { return p.Orders.Finish(ctx, void, wallet.OrderVoid) }); err != nil {
			return 0, err
		}
	}
	if err := p.Settle(ctx, credits); err != nil {
		return 0, err
	}
	return len(orders), nil
}
