package wallet

import (
	"context"
	"time"
)

// Traits are what a caller must know of a downstream's protocol.
type Traits struct {
	// Batch is the most items that one call takes. Above 1 the downstream wants full batches: items are left to the chore
	// that gathers them, and no grant waits for it.
	Batch int
	// PerSecond is the most calls a second that the downstream takes from all of us together; 0 = no limit.
	PerSecond int
	// Window is how long the downstream remembers what it was asked. A repeat that comes later must look first; 0 = for
	// ever.
	Window time.Duration
}

// Receipt is what a downstream says of an item.
type Receipt struct {
	State   ItemState // ItemProcessing, ItemSettled, ItemUsed, ItemExpired or ItemRefunded
	Ref     string    // its own name for the item; "" while it has none
	Expires Instant   // Never: it has not said
}

// ItemAnswer is a downstream's answer for one item of a batch.
type ItemAnswer struct {
	Receipt Receipt
	Err     error
}

// Downstream is the system of one reward type (B4), whatever its protocol: one uniform model hides thirteen. Each method
// is idempotent by order number. Errors, also those of single items: ErrUnknown: it may have been done; repeat it.
// ErrUnavailable, ErrOverloaded, ErrLimited: this call did nothing; repeat later. ErrDeclined: a final no; nothing is out.
type Downstream interface {
	// Traits never change.
	Traits() Traits
	// Issue hands the items out and answers for each, in their order; at most Traits().Batch. A receipt that says
	// ItemProcessing is settled by Look, and a callback says when. A repeat is answered with what became of the item since,
	// so with any state but open and issued.
	Issue(ctx context.Context, items []Item) ([]ItemAnswer, error)
	// Look returns what the downstream knows of an item. ErrNotFound: it has never heard of it. ErrDeclined: it had accepted
	// it, and then said no.
	Look(ctx context.Context, i Item) (Receipt, error)
	// Use uses the item. A receipt of ItemExpired or ItemRefunded says that it was too late. ErrNotFound: it has never heard
	// of it.
	Use(ctx context.Context, i Item) (Receipt, error)
	// Refund takes an item back that was not used. A receipt of ItemUsed or ItemExpired says that it was too late. One that
	// the downstream has never heard of is closed there: an issue that is still on its way hands nothing out.
	Refund(ctx context.Context, i Item) (Receipt, error)
}

// Callback is what a downstream tells of its own accord: a receipt for an item that it had accepted. It says when to look,
// and not what to believe: nothing is recorded before Look has said the same.
type Callback struct {
	Award   AwardType
	Order   OrderNo
	Receipt Receipt
}
