package wallet

import "context"

// Budgets counts the cash granted against each stage's budget (C6).
type Budgets interface {
	// Reserve takes the order's amount from the budget of its stage: all of it or nothing, once an order number.
	// Repeating it for the same order answers as the first time did. ErrOverBudget when less than the amount is
	// left. ErrInvalid: the amount is not above zero. ErrUnknown: it may have been taken; repeat the call.
	Reserve(ctx context.Context, no OrderNo, amount, budget Money) error
	// Spent returns what was taken from the stage's budget.
	Spent(ctx context.Context, s Stage) (Money, error)
}
