package wallet

import (
	"context"
)

// BlockID is the number of a block of a budget. 0 means no block: it marks a refused order.
type BlockID int64

// Block is the part of a stage's budget that one instance may grant from without further calls. It is recorded before
// the instance uses it, so the budget cannot be granted twice, even if the instance dies.
type Block struct {
	ID     BlockID
	Stage  Stage
	Amount Money // fen; all that was ever leased to it
}

// Reservation records which block pays for an order, or that the order is refused.
type Reservation struct {
	Order  OrderNo
	Amount Money
	Block  BlockID // 0: refused
}

// Quotas stores leased budgets (C6, and the budget part of C5). It is durable: the loss of a counter elsewhere cannot
// make it grant more. A block is open, then orphaned (its holder has ended), then closed. The rules of leasing are in
// package quota.
type Quotas interface {
	QuotaRecorder
	QuotaHolders
	QuotaReader
}

// QuotaRecorder leases blocks and records reservations from them.
type QuotaRecorder interface {
	// Lease adds between need and want fen of the stage's budget to the holder's open block, opens one if there is
	// none, and returns the block. Near the budget's end it adds less than want, down to need, so that no holder keeps
	// much while others have none. The blocks of one holder and stage have ascending numbers. NOT idempotent: each call
	// leases more. ErrOverBudget: less than need is left, nothing was leased; the holder's open block is returned with
	// it. ErrInvalid: need is not in 1..want. ErrUnknown: it may have been leased; the Amount of the next result shows
	// it.
	Lease(ctx context.Context, holder string, s Stage, need, want, budget Money) (Block, error)
	// Record writes the reservation unless the order has one, and returns the reservation on record and whether it is
	// new. Atomic and idempotent. ErrStale: the block is orphaned or closed, nothing was written. ErrUnknown: repeat
	// the call.
	Record(ctx context.Context, r Reservation) (Reservation, bool, error)
	// Find returns the reservation of an order. ok is false if there is none.
	Find(ctx context.Context, no OrderNo) (r Reservation, ok bool, err error)
}

// QuotaHolders lists the holders of open blocks and takes blocks back.
type QuotaHolders interface {
	// Orphan ends every open block of the holder: from now on Record refuses it. The part that is not granted stays
	// leased until Reclaim. Idempotent. ErrUnknown: repeat the call.
	Orphan(ctx context.Context, holder string) error
	// Reclaim sums what orphaned blocks of the stage have granted, by the reservations on record, returns the rest to
	// the budget and closes the blocks. Its result is the returned sum in fen. Idempotent.
	Reclaim(ctx context.Context, s Stage) (Money, error)
	// Holders returns the holders of open blocks, ascending.
	Holders(ctx context.Context) ([]string, error)
}

// QuotaReader returns the state of budgets.
type QuotaReader interface {
	// Quota returns the state of the stage's budget.
	Quota(ctx context.Context, s Stage) (Quota, error)
}

// Quota is the state of a stage's budget, in fen. Leased = granted + still grantable by open blocks + Orphaned.
type Quota struct {
	Reserved Money // recorded for orders
	Leased   Money // taken from the budget: by open and orphaned blocks in full, by closed ones what they granted
	Orphaned Money // leased to orphaned blocks and not reserved: not grantable before Reclaim
}
