package open

import (
	"context"
	"errors"
	"time"

	"hongbao/reference/server"
	"hongbao/reference/wallet"
)

// statusEvery is how often the metrics learn how the service stands.
const statusEvery = 5 * time.Second

// inspector is what operators may ask about a side.
type inspector struct{ *walletInstance }

var _ server.Inspector = inspector{}

// Status implements server.Inspector.
func (o inspector) Status(ctx context.Context) (server.Status, error) {
	out := server.Status{Strategy: o.strategy, Activity: o.tree.Parent, Instances: o.host.Members(), BacklogAge: -1}
	var err error
	if out.Backlog, err = o.stores.backlog.Depth(ctx); err != nil {
		return out, err
	}
	oldest, any, err := o.stores.backlog.Oldest(ctx)
	switch {
	case err != nil:
		return out, err
	case any:
		out.BacklogAge = max(0, RealClock{}.Now().Sub(oldest))
	default:
		out.BacklogAge = 0
	}
	if out.OpenOrders, err = o.stores.orders.OpenCount(ctx); err != nil {
		return out, err
	}
	for _, c := range o.tree.Children {
		q, err := o.stores.quotas.Quota(ctx, c.Stage)
		if err != nil {
			return out, err
		}
		out.Budgets = append(out.Budgets, server.BudgetStatus{Stage: c.Stage, Budget: c.Budget, Quota: q})
	}
	return out, nil
}

// AuditBudget implements server.Inspector.
func (o inspector) AuditBudget(ctx context.Context, s wallet.Stage) (wallet.Money, error) {
	return o.stores.quotas.Audit(ctx, s)
}

// Reconcile implements server.Inspector.
func (o inspector) Reconcile(ctx context.Context) (server.Reconciliation, error) {
	r, err := o.node.Reconcile(ctx, o.books())
	if err != nil {
		return server.Reconciliation{}, err
	}
	sum, err := ledgerSum(ctx, o.stores.ledger)
	return server.Reconciliation{Orders: r.Orders, Entries: r.Entries, Sum: sum, Count: r.Count, Differences: r.Differences}, err
}

// ledgerSum adds up all accounts of a ledger (F1). wallet.ErrOverflow: they hold more than can be summed.
func ledgerSum(ctx context.Context, book wallet.LedgerBook) (sum wallet.Money, err error) {
	var wrong error
	err = book.Balances(ctx, func(_ wallet.AccountNo, balance wallet.Money) bool {
		sum, wrong = sum.Add(balance)
		return wrong == nil
	})
	return sum, errors.Join(err, wrong)
}
