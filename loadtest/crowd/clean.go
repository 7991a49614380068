package crowd

import (
	"context"
	"fmt"

	"hongbao/reference/wallet"
	"hongbao/sim/oracle"
)

// Cleaner deletes the data of the load-test mark: client.Operator is one, with an operator's key.
type Cleaner interface {
	CleanUp(ctx context.Context, force bool) (keys int64, err error)
}

// CleanUp deletes the load's data (K2), including that of other runs in the shadow wallet, and returns what is left there.
// Call it after Audit. wallet.ErrInvalid: the load did not carry the mark, or there is no operator to count what is left;
// nothing was deleted.
func (c *Crowd) CleanUp(ctx context.Context, by Cleaner) (*Counts, error) {
	if c.options.Unmarked || c.options.Operator == nil {
		return nil, fmt.Errorf("%w: crowd: no load-test data to clean up", wallet.ErrInvalid)
	}
	if _, err := by.CleanUp(ctx, true); err != nil {
		return nil, fmt.Errorf("deleting the load-test data: %w", err)
	}
	left, err := count(ctx, c.options.Operator)
	if err != nil {
		return nil, fmt.Errorf("counting after the clean-up: %w", err)
	}
	return left, nil
}

// Untouched is the check that production is the same as before the load (K2). If others use it too (shared), a change
// proves nothing.
func (a *Audit) Untouched(shared bool) oracle.Check {
	c := oracle.Check{Name: "production-untouched", Spec: []string{"K2"}, Result: oracle.Unknown}
	before, after := a.LiveBefore, a.LiveAfter
	if before == nil || after == nil || shared && !before.same(*after) {
		return c
	}
	c.Evaluations, c.Result = 1, oracle.Pass
	if !before.same(*after) {
		c.Violations, c.Result = 1, oracle.Fail
		c.First = fmt.Sprintf("production had %d orders, %d entries and %d fen reserved before the load, and %d, %d and %d after it; if others use the service, set the option that it is shared",
			before.Orders, before.Entries, before.Reserved, after.Orders, after.Entries, after.Reserved)
		c.Worst = c.First
	}
	return c
}

// CleanedUp is the check that no load-test data is left (K2); nil: no clean-up ran.
func CleanedUp(left *Counts) oracle.Check {
	c := oracle.Check{Name: "load-cleaned-up", Spec: []string{"K2", "K4"}, Result: oracle.Unknown}
	if left == nil {
		return c
	}
	c.Evaluations, c.Result = 1, oracle.Pass
	if left.Orders != 0 || left.Entries != 0 || left.Reserved != 0 {
		c.Violations, c.Result = 1, oracle.Fail
		c.First = fmt.Sprintf("%d orders, %d entries and %d fen of budget of the load test are left after the clean-up", left.Orders, left.Entries, left.Reserved)
		c.Worst = c.First
	}
	return c
}
