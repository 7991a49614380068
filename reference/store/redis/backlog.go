package redis

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/redis/rueidis"

	"hongbao/reference/wallet"
)

// maxHeld bounds a backlog. It is more than the 54 million grants of a whole festival, so that only a defect reaches
// it; the effective bound is the server's maxmemory.
const maxHeld = 1 << 26

// Backlog stores held postings: one stream per shard, and beside it a zset of leases by their end on the adapter's
// clock. When its Redis is lost, the held postings are lost; the orders of record still have them, and compensation
// (O5) restores them.
//
// The number of shards is part of the data. With a different number, token lists are no longer found, and postings of
// shards beyond it are no longer taken: the effect is that of a loss.
type Backlog struct {
	c       *Client
	clock   wallet.Clock
	lease   time.Duration
	streams []string
	leased  []string
	full    atomic.Bool // as of the last Depth
}

var _ wallet.Backlog = (*Backlog)(nil)

// NewBacklog returns the backlog at c with the given number of shards, at least one. A posting that is not
// acknowledged within the lease, at least a microsecond on the given clock, is handed out again.
func NewBacklog(c *Client, clock wallet.Clock, shards int, lease time.Duration) *Backlog {
	b := &Backlog{c: c, clock: clock, lease: max(lease, time.Microsecond)}
	for i := range max(shards, 1) {
		tag := "{" + strconv.Itoa(i) + "}"
		b.streams = append(b.streams, c.prefix+"backlog:"+tag)
		b.leased = append(b.leased, c.prefix+"leased:"+tag)
	}
	return b
}

func (b *Backlog) shardOf(id wallet.ActID) int { return wallet.ShardOf(id, len(b.streams)) }

func (b *Backlog) add(shard int, c wallet.Credit) rueidis.Completed {
	return b.c.r.B().Xadd().Key(b.streams[shard]).Id("*").FieldValue().FieldValue("c", creditText(c)).Build()
}

func (b *Backlog) checkSpace() error {
	if b.full.Load() {
		return fmt.Errorf("redis: %d credits are held: %w", maxHeld, wallet.ErrOverloaded)
	}
	return nil
}

// Push implements wallet.Backlog. ErrOverloaded: the backlog was full at the last call of Depth.
func (b *Backlog) Push(ctx context.Context, cs []wallet.Credit) error {
	if len(cs) == 0 {
		return nil
	}
	if err := b.checkSpace(); err != nil {
		return err
	}
	cmds := make(rueidis.Commands, 0, len(cs))
	touched := make(map[int]bool)
	for _, c := range cs {
		shard := b.shardOf(c.Order.ActID)
		cmds = append(cmds, b.add(shard, c))
		touched[shard] = true
	}
	if b.c.expire != "" {
		for shard := range touched {
			cmds = append(cmds, b.c.expiry(b.streams[shard]))
		}
	}
	_, err := b.c.pipeline(ctx, writing, "push", cmds)
	return err
}

// Depth implements wallet.Backlog, with one short command per shard.
func (b *Backlog) Depth(ctx context.Context) (int64, error) {
	cmds := make(rueidis.Commands, len(b.streams))
	for i, key := range b.streams {
		cmds[i] = b.c.r.B().Xlen().Key(key).Build()
	}
	n, err := b.c.sum(ctx, "depth", cmds)
	if err != nil {
		return 0, err
	}
	b.full.Store(n >= maxHeld)
	return n, nil
}

// Oldest returns when the oldest held posting was pushed, on the server's clock; false when nothing is held.
func (b *Backlog) Oldest(ctx context.Context) (wallet.Instant, bool, error) {
	cmds := make(rueidis.Commands, len(b.streams))
	for i, key := range b.streams {
		cmds[i] = b.c.r.B().Xrange().Key(key).Start("-").End("+").Count(1).Build()
	}
	firsts, err := b.c.pipeline(ctx, reading, "oldest", cmds)
	if err != nil {
		return 0, false, err
	}
	oldest := wallet.Never
	for _, m := range firsts {
		entries, err := m.AsXRange()
		if err != nil {
			return 0, false, fmt.Errorf("redis: oldest: %w", err)
		}
		if len(entries) == 0 {
			continue
		}
		ms, _, _ := strings.Cut(entries[0].ID, "-")
		at, err := strconv.ParseInt(ms, 10, 64)
		if err != nil {
			return 0, false, fmt.Errorf("redis: oldest: %w", err)
		}
		oldest = min(oldest, wallet.InstantOf(time.UnixMilli(at)))
	}
	if oldest == wallet.Never {
		return 0, false, nil
	}
	return oldest, true, nil
}

func (b *Backlog) checkShard(shard int) error {
	if shard < 0 || shard >= len(b.streams) {
		return fmt.Errorf("%w: shard %d of %d", wallet.ErrInvalid, shard, len(b.streams))
	}
	return nil
}
