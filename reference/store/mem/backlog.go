package mem

import (
	"context"
	"fmt"
	"sync"
	"time"

	"hongbao/reference/wallet"
)

// maxHeld bounds the credits of a backlog over all shards: more than the 54 million grants of a whole festival, so
// that only a defect reaches it, before it uses up the machine's memory.
const maxHeld = 1 << 26

// Backlog stores held postings: 24 bytes each, freed in chunks once acknowledged.
type Backlog struct {
	mu     sync.Mutex
	clock  wallet.Clock
	lease  time.Duration
	kinds  kinds
	shards []shard
	held   int64
}

var _ wallet.Backlog = (*Backlog)(nil)

// NewBacklog returns an empty backlog with the given number of shards, at least one. A posting that is not
// acknowledged within the lease, at least a microsecond on the given clock, is handed out again.
func NewBacklog(clock wallet.Clock, shards int, lease time.Duration) *Backlog {
	b := &Backlog{clock: clock, lease: max(lease, time.Microsecond), kinds: newKinds(), shards: make([]shard, max(shards, 1))}
	b.reset()
	return b
}

// Push implements wallet.Backlog. It pushes all credits or, with ErrInvalid or ErrOverloaded, none.
func (b *Backlog) Push(_ context.Context, cs []wallet.Credit) error { return b.push(cs...) }

func (b *Backlog) push(cs ...wallet.Credit) error {
	now := b.clock.Now()
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.held+int64(len(cs)) > maxHeld {
		return fmt.Errorf("mem: %d credits are held: %w", b.held, wallet.ErrOverloaded)
	}
	for _, c := range cs {
		if _, err := b.kinds.intern(c.Order); err != nil {
			return err
		}
	}
	for _, c := range cs {
		b.shards[wallet.ShardOf(c.Order.ActID, len(b.shards))].push(
			heldRecord{opened: c.Opened, amount: c.Amount, owner: uint32(c.Order.ActID), kind: b.kinds.of(c.Order)}, now)
	}
	b.held += int64(len(cs))
	return nil
}

// Take implements wallet.Backlog; it never waits. ErrInvalid for an unknown shard.
func (b *Backlog) Take(_ context.Context, n, limit int) ([]wallet.HeldPosting, error) {
	now := b.clock.Now()
	b.mu.Lock()
	defer b.mu.Unlock()
	s, err := b.shard(n)
	if err != nil {
		return nil, err
	}
	ready := min(s.ready(now), limit)
	if ready <= 0 {
		return nil, nil
	}
	out := make([]wallet.HeldPosting, 0, ready)
	s.take(ready, now, now.Add(b.lease), func(id uint64, r *heldRecord) {
		c := wallet.Credit{Order: b.kinds.no(wallet.ActID(r.owner), r.kind), Amount: r.amount, Opened: r.opened}
		out = append(out, wallet.HeldPosting{ID: id, Credit: c})
	})
	return out, nil
}

// Ack implements wallet.Backlog. It ignores ids that were never handed out. ErrInvalid for an unknown shard.
func (b *Backlog) Ack(_ context.Context, n int, ids []uint64) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	s, err := b.shard(n)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if s.ack(id) {
			b.held--
		}
	}
	return nil
}

// Depth implements wallet.Backlog.
func (b *Backlog) Depth(context.Context) (int64, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.held, nil
}

// Oldest returns when the oldest held posting was pushed, or up to a second earlier; false when nothing is held.
func (b *Backlog) Oldest(context.Context) (wallet.Instant, bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	oldest := wallet.Never
	for i := range b.shards {
		oldest = min(oldest, b.shards[i].oldest())
	}
	if oldest == wallet.Never {
		return 0, false, nil
	}
	return oldest, true, nil
}

// Flush loses everything, including leases, like a Redis that restarts empty (T8). Handles from before stay invalid.
func (b *Backlog) Flush() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.reset()
}

func (b *Backlog) reset() {
	b.held = 0
	for i := range b.shards {
		b.shards[i].reset()
	}
}

func (b *Backlog) shard(n int) (*shard, error) {
	if n < 0 || n >= len(b.shards) {
		return nil, fmt.Errorf("%w: shard %d of %d", wallet.ErrInvalid, n, len(b.shards))
	}
	return &b.shards[n], nil
}

// Bytes returns the memory used.
func (b *Backlog) Bytes() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := b.kinds.Bytes()
	for i := range b.shards {
		n += b.shards[i].bytes()
	}
	return n
}
