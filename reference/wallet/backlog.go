package wallet

import (
	"context"
)

// Credit is one grant to be posted to the ledger.
type Credit struct {
	Order  OrderNo
	Amount Money
	Opened Instant
}

// HeldPosting is one credit of the backlog and the id to acknowledge it with.
type HeldPosting struct {
	ID     uint64
	Credit Credit
}

// Backlog stores postings that are not in the ledger yet (held postings, 压单), in shards by wallet.
type Backlog interface {
	// Push adds credits to their owners' shards. Not idempotent: a credit pushed twice is taken twice, and the ledger,
	// idempotent by order number, posts it once. ErrUnknown: repeat the call.
	Push(ctx context.Context, cs []Credit) error
	// Take leases at most limit credits of a shard, oldest first. A credit that is not acknowledged is available again
	// when the lease ends. It may wait for the first credit. An empty result is not an error.
	Take(ctx context.Context, shard, limit int) ([]HeldPosting, error)
	// Ack removes leased credits permanently. Idempotent.
	Ack(ctx context.Context, shard int, ids []uint64) error
	// Depth returns the number of held credits in all shards.
	Depth(ctx context.Context) (int64, error)
}

// ShardOf returns the shard, 0 to shards-1, of a wallet's postings.
func ShardOf(id ActID, shards int) int { return int(uint64(id) % uint64(shards)) }
