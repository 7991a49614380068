package open

import (
	"context"
	"errors"
	"time"

	"hongbao/reference/server"
	"hongbao/reference/wallet"
)

// statusEvery is the interval of updating the metrics and readiness.
const statusEvery = 5 * time.Second

// inspector answers operators' questions about a wallet.
type inspector struct{ *walletInstance }

var _ server.Inspector = inspector{}

// Status implements server.Inspector.
func (o inspector) Status(ctx context.Context) (server.Status, error) {
	out := server.Status{Strategy: o.Strategy, Activity: o.Activity.Parent, Instances: o.Host.Members(), BacklogAge: -1}
	var err error
	if out.Backlog, err = o.Backlog.Depth(ctx); err != nil {
		return out, err
	}
	oldest, any, err := o.Backlog.Oldest(ctx)
	switch {
	case err != nil:
		return out, err
	case any:
		out.BacklogAge = max(0, systemClock{}.Now().Sub(oldest))
	default:
		out.BacklogAge = 0
	}
	if out.OpenOrders, err = o.Orders.OpenCount(ctx); err != nil {
		return out, err
	}
	for _, c := range o.Activity.Children {
		q, err := o.Quotas.Quota(ctx, c.Stage)
		if err != nil {
			return out, err
		}
		out.Budgets = append(out.Budgets, server.BudgetStatus{Stage: c.Stage, Budget: c.Budget, Quota: q})
	}
	return out, nil
}

// AuditBudget implements server.Inspector.
func (o inspector) AuditBudget(ctx context.Context, s wallet.Stage) (wallet.Money, error) {
	return o.Quotas.Reclaim(ctx, s)
}

// Reconcile implements server.Inspector.
func (o inspector) Reconcile(ctx context.Context) (server.Reconciliation, error) {
	r, err := o.walletInstance.Reconcile(ctx)
	if err != nil {
		return server.Reconciliation{}, err
	}
	sum, err := ledgerSum(ctx, o.Ledger)
	return server.Reconciliation{Orders: r.Orders, Entries: r.Entries, Sum: sum, Count: r.Count, Differences: r.Differences}, err
}

// ledgerSum returns the sum of all accounts of a ledger in fen (F1). wallet.ErrOverflow: the sum is out of range.
func ledgerSum(ctx context.Context, ledger wallet.LedgerReader) (sum wallet.Money, err error) {
	var wrong error
	err = ledger.Balances(ctx, func(_ wallet.AccountNo, balance wallet.Money) bool {
		sum, wrong = sum.Add(balance)
		return wrong == nil
	})
	return sum, errors.Join(err, wrong)
}
