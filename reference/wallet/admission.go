package wallet

import (
	"context"
)

// Admission records a grant's order and takes its budget in one step.
type Admission interface {
	// Admit records o unless its number is taken, takes its amount (fen) from the budget of its stage, and returns the
	// order on record. If less than the amount is left, the order on record is void. Idempotent: a repeat returns the
	// first result. ErrOverBudget: the order was already on record without its budget, and the budget is spent; the
	// caller voids the order. ErrInvalid: the amount is not above zero. ErrUnknown: it may have been done; repeat the
	// call.
	Admit(ctx context.Context, o Order, budget Money) (Order, error)
}

// Admitted is an order on record and the block that pays for it.
type Admitted struct {
	Order               Order
	Block               BlockID // 0: no block pays, and the order is void
	New                 bool    // recorded by this call
	SeparateReservation bool    // the order was recorded without a block; its reservation, if any, is a separate record (Quotas.Record)
}

// AdmissionReader stores orders together with their reservations: the data of Orders and Quotas, in one step and one
// record. Orders.Get finds the orders. Quotas.Record and Quotas.Find find the reservations.
type AdmissionStore interface {
	// Admit records o, paid for by the block, unless its number is taken, and returns the record. With block 0 it
	// records o as void. Atomic and idempotent. ErrStale: the block is orphaned or closed and the number is free;
	// nothing was written. ErrUnknown: repeat the call.
	Admit(ctx context.Context, o Order, block BlockID) (Admitted, error)
	// Get is the same as Orders.Get.
	Get(ctx context.Context, nos []OrderNo) ([]Order, error)
}
