package wallet

import "context"

// BlockID names a block of a budget. 0 is no block: the mark of an order that was refused.
type BlockID int64

// Block is the part of a stage's budget that one instance may grant from without asking. It is recorded before the
// instance uses it, so that whatever becomes of the instance, the budget can not be granted twice.
type Block struct {
	ID     BlockID
	Stage  Stage
	Amount Money // all that was ever leased to it
}

// Reservation says which block pays for an order, or that none does.
type Reservation struct {
	Order  OrderNo
	Amount Money
	Block  BlockID // 0: refused
}

// Quotas is the book of leased budgets (C6, and the budget's half of C5). It is durable: that a counter elsewhere is
// lost can not make it grant more. The rules of leasing are in package quota.
type Quotas interface {
	QuotaRecorder
	QuotaHolders
	QuotaReader
}

// QuotaRecorder leases blocks and records what is granted from them.
type QuotaRecorder interface {
	// Lease adds between need and want fen of the stage's budget to the holder's open block, opens one where it has none,
	// and returns the block. Near the budget's end it adds less than is wanted, down to need, so that no holder has
	// much that others lack. The blocks of one holder and stage have ascending numbers. ErrOverBudget: less than need is
	// left, nothing was leased; the holder's open block comes with it. ErrInvalid: need is not in 1..want. ErrUnknown: it
	// may have been leased; the next answer's Amount tells.
	Lease(ctx context.Context, holder string, s Stage, need, want, budget Money) (Block, error)
	// Record writes the reservation unless the order has one, and returns the one on record and whether it is new.
	// Atomic. ErrStale: the block is stranded or closed, nothing was written. ErrUnknown: repeat the call.
	Record(ctx context.Context, r Reservation) (Reservation, bool, error)
	// Find returns the reservation of an order; ok is false when there is none.
	Find(ctx context.Context, no OrderNo) (r Reservation, ok bool, err error)
}

// QuotaHolders takes blocks back from those who lease.
type QuotaHolders interface {
	// Strand ends every open block of the holder: from now on Record refuses it. What it has not granted stays
	// leased, and so ungranted, until Audit. Idempotent. ErrUnknown: repeat the call.
	Strand(ctx context.Context, holder string) error
	// Audit counts what stranded blocks of the stage have granted, by the reservations on record, gives the rest
	// back to the budget and closes them. It returns how much came back. Idempotent.
	Audit(ctx context.Context, s Stage) (Money, error)
	// Holders returns who holds open blocks, ascending.
	Holders(ctx context.Context) ([]string, error)
}

// QuotaReader returns how budgets stand.
type QuotaReader interface {
	// Quota returns how the stage's budget stands.
	Quota(ctx context.Context, s Stage) (Quota, error)
}

// Quota is how a stage's budget stands: Leased = granted from and still grantable by open blocks + Stranded's rest.
type Quota struct {
	Reserved Money // recorded for orders
	Leased   Money // taken out of the budget by blocks that are open or stranded, and what closed ones granted
	Stranded Money // leased to stranded blocks and not reserved: nobody can grant it before an audit
}
