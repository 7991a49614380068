package wallet

import (
	"context"
	"time"
)

// Traits are the properties of a downstream's protocol that its callers need.
type Traits struct {
	// Batch is the largest number of items in one call. Above 1 the downstream wants full batches: a background chore
	// collects the items, and no grant waits for the call.
	Batch int
	// PerSecond is the largest number of calls a second, over all instances, that the downstream accepts; 0 = no limit.
	PerSecond int
	// Window is how long the downstream remembers a request. A later repeat must first query the item; 0 = without
	// limit.
	Window time.Duration
}

// Receipt is a downstream's record of an item.
type Receipt struct {
	State   ItemState // ItemProcessing, ItemSettled, ItemUsed, ItemExpired or ItemRefunded
	Ref     string    // the downstream's id of the item; "" while it has none
	Expires Instant   // Never: not known
}

// ItemResult is a downstream's reply for one item of a batch.
type ItemResult struct {
	Receipt Receipt
	Err     error
}

// Downstream is the system of one reward type (B4). It hides the 13 protocols. Each method is idempotent by order
// number. Errors, also those of single items: ErrUnknown: it may have been done; repeat it. ErrUnavailable,
// ErrOverloaded, ErrLimited: this call did nothing; repeat later. ErrDeclined: a final refusal; nothing was issued.
type Downstream interface {
	// Traits returns the downstream's properties. They never change.
	Traits() Traits
	// Issue issues the items, at most Traits().Batch, and returns one result for each, in the same order. An item whose
	// receipt is ItemProcessing is settled by a later Query; a callback says when. A repeat returns the item's present
	// state, which is any state but open and issued.
	Issue(ctx context.Context, items []Item) ([]ItemResult, error)
	// Query returns the downstream's record of an item. ErrNotFound: the downstream does not know it. ErrDeclined: the
	// downstream first accepted it and then refused it.
	Query(ctx context.Context, i Item) (Receipt, error)
	// Use uses the item. A receipt of ItemExpired or ItemRefunded means that the call came too late. ErrNotFound: the
	// downstream does not know the item.
	Use(ctx context.Context, i Item) (Receipt, error)
	// Refund takes back an item that was not used. A receipt of ItemUsed or ItemExpired means that the call came too
	// late. If the downstream does not know the item, it closes the number: an issue that arrives later issues nothing.
	Refund(ctx context.Context, i Item) (Receipt, error)
}

// Callback is an unsolicited notice from a downstream: the receipt of an item that it had accepted. It only triggers a
// query: nothing is recorded until Query confirms it.
type Callback struct {
	Award   AwardType
	Order   OrderNo
	Receipt Receipt
}
