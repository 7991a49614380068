package wallet

import "context"

// Admission takes a grant in: its order's record and its budget, in one step.
type Admission interface {
	// Admit records o unless its number is taken, takes its amount from the budget of its stage, and returns the order
	// on record. Where less than the amount is left, that order is void. Repeating it answers as the first time did.
	// ErrOverBudget: the order was on record without its budget, there is none, and the order is to be voided.
	// ErrInvalid: the amount is not above zero. ErrUnknown: it may have been done; repeat the call.
	Admit(ctx context.Context, o Order, budget Money) (Order, error)
}

// Admitted is an order on record and who pays for it.
type Admitted struct {
	Order Order
	Block BlockID // 0: nobody, and the order is void
	New   bool    // recorded by this call
	Apart bool    // recorded without a block: its reservation, if it has one, is apart (Quotas.Record)
}

// AdmissionBook keeps orders together with their reservations: what Orders and Quotas keep, in one step and one record.
// Orders.Get finds the orders, and Quotas.Record and Find the reservations.
type AdmissionBook interface {
	// Admit records o, which the block pays for, unless its number is taken, and returns what is on record. Under block
	// 0 it records o as void. Atomic. ErrStale: the block is stranded or closed and the number is free; nothing was
	// written. ErrUnknown: repeat the call.
	Admit(ctx context.Context, o Order, block BlockID) (Admitted, error)
	// Get is Orders.Get.
	Get(ctx context.Context, nos []OrderNo) ([]Order, error)
}
