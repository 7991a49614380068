package wallet

import "context"

// Budgets counts the cash granted of each stage's budget (C6), in fen.
type Budgets interface {
	// Reserve takes the order's amount from the budget of its stage, all or nothing. Idempotent by order number: a
	// repeat returns the first result. ErrOverBudget: less than the amount is left. ErrInvalid: the amount is not above
	// zero. ErrUnknown: it may have been taken; repeat the call.
	Reserve(ctx context.Context, no OrderNo, amount, budget Money) error
	// Spent returns the sum that was taken from the stage's budget.
	Spent(ctx context.Context, s Stage) (Money, error)
}
