package wallet

import "context"

// Credit is one grant on its way into the ledger.
type Credit struct {
	Order  OrderNo
	Amount Money
	Opened Instant
}

// Held is one credit of the backlog and the handle to acknowledge it with.
type Held struct {
	ID     uint64
	Credit Credit
}

// Backlog holds postings that the ledger has not taken yet (held postings, 压单), in shards by wallet.
type Backlog interface {
	// Push adds credits to their owners' shards. A credit pushed twice is taken twice; the ledger's order number
	// settles that. ErrUnknown: repeat the call.
	Push(ctx context.Context, cs []Credit) error
	// Take leases at most limit credits of a shard, oldest first. What is not acknowledged comes back when the
	// lease ends. May wait for the first one; an empty answer is no error.
	Take(ctx context.Context, shard, limit int) ([]Held, error)
	// Ack removes leased credits for good. Idempotent.
	Ack(ctx context.Context, shard int, ids []uint64) error
	// Depth returns how many credits are held over all shards.
	Depth(ctx context.Context) (int64, error)
}

// ShardOf returns the shard of shards that a wallet's postings go through.
func ShardOf(id ActID, shards int) int { return int(uint64(id) % uint64(shards)) }
