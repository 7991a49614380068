package crowd

import (
	"context"
	"time"

	"hongbao/reference/sdk/client"
	"hongbao/reference/wallet"
)

// Operator reads the state of a wallet: client.Operator is one. An auditor's key is sufficient.
type Operator interface {
	Status(context.Context) (client.Status, error)
	Reconcile(context.Context) (client.Reconciliation, error)
}

var _ Operator = (*client.OperatorClient)(nil)

// Counts are the contents of one wallet of a target: live or shadow.
type Counts struct {
	Orders   int64
	Entries  int64        // of grants, in the ledger
	Reserved wallet.Money // of the budgets of all stages
	Sum      wallet.Money // over all accounts

	differences int64
	lines       []string
}

// same reports whether two counts have the same contents.
func (c Counts) same(d Counts) bool {
	return c.Orders == d.Orders && c.Entries == d.Entries && c.Reserved == d.Reserved && c.Sum == d.Sum
}

// count reads the contents of a wallet. Slow: it reads all stores.
func count(ctx context.Context, o Operator) (*Counts, error) {
	r, err := o.Reconcile(ctx)
	if err != nil {
		return nil, err
	}
	s, err := o.Status(ctx)
	if err != nil {
		return nil, err
	}
	c := &Counts{Orders: r.Orders, Entries: r.Entries, Sum: r.Sum, differences: r.Differences, lines: r.Lines}
	c.Reserved = reserved(s)
	return c, nil
}

// reserved returns the sum reserved from all budgets.
func reserved(s client.Status) (sum wallet.Money) {
	for _, b := range s.Budgets {
		sum += b.Reserved
	}
	return sum
}

// official returns the sum reserved from the official stage's budget.
func official(s client.Status) wallet.Money {
	for _, b := range s.Budgets {
		if b.Stage == wallet.Official {
			return b.Reserved
		}
	}
	return 0
}

// pollEvery is the interval at which a drain polls.
const pollEvery = 100 * time.Millisecond

// Drain waits until all work is done, at most for bound: unplanned requests have ended, and the operator reports no held
// posting and no open order. It returns the time taken and whether that state was reached. Without an operator it returns
// false at once. The error is the context's or the operator's.
func (c *Crowd) Drain(ctx context.Context, bound time.Duration) (took time.Duration, drained bool, err error) {
	began := time.Now()
	c.unplanned.running.Wait()
	if c.options.Operator == nil {
		return time.Since(began), false, nil
	}
	ctx, cancel := context.WithTimeout(ctx, bound)
	defer cancel()
	for {
		s, err := c.options.Operator.Status(ctx)
		switch {
		case err == nil && s.Backlog == 0 && s.OpenOrders == 0:
			return time.Since(began), true, nil
		case err != nil && ctx.Err() == nil && !wallet.Retryable(err):
			return time.Since(began), false, err
		}
		if wait(ctx, pollEvery) != nil {
			break
		}
	}
	if ctx.Err() == context.Canceled {
		return time.Since(began), false, context.Canceled
	}
	return time.Since(began), false, nil
}
