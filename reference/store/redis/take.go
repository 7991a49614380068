package redis

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/redis/rueidis"

	"hongbao/reference/wallet"
)

// The bounds of Take.
const (
	maxTake  = 4096 // entries: a few milliseconds of an embedded server, which is blocked meanwhile
	maxEnded = 1024 // ended leases that are examined to find the oldest; each is a batch of a crashed taker
	atOnce   = 16   // ended leases that are read in one round trip

	// maxClaims bounds the attempts when other takers are faster. Shards are divided among instances, so this is rare.
	maxClaims = 64
)

// Take implements wallet.Backlog. It never waits, and hands out at most maxTake. Entries that cannot be parsed stay
// held, where Depth counts them. ErrInvalid for an unknown shard. ErrUnknown: some entries may be leased but not
// delivered, until their lease ends.
//
// It reads entries, and then claims them in one small script that fails if another taker changed the leases meanwhile.
// So the entries do not pass through a script, which costs an embedded Redis more than everything else.
func (b *Backlog) Take(ctx context.Context, shard, limit int) ([]wallet.HeldPosting, error) {
	if err := b.checkShard(shard); err != nil || limit <= 0 {
		return nil, err
	}
	for range maxClaims {
		c, err := b.prepare(ctx, shard, min(limit, maxTake))
		if err != nil || c == nil {
			return nil, err
		}
		claimed, err := c.commit(ctx)
		if err != nil {
			return nil, err
		}
		if claimed {
			return c.result, nil
		}
	}
	return nil, nil
}

// claim is the set of entries that a taker has read and wants to lease.
type claim struct {
	*Backlog
	leaseIndex
	shard   int
	now     wallet.Instant
	next    string   // the new value of the last member
	removed []string // spans to remove
	taken   []string // new spans, each after the end of its lease
	result  []wallet.HeldPosting
	space   int
}

// prepare reads the entries to take: first those of ended leases, oldest first, then those that were never handed out.
// It returns nil if there are none.
func (b *Backlog) prepare(ctx context.Context, shard, limit int) (*claim, error) {
	c := &claim{Backlog: b, shard: shard, now: b.clock.Now(), space: limit}
	stream, leased, cmds := b.streams[shard], b.leased[shard], b.c.r.B()
	answers, err := b.c.pipeline(ctx, reading, "take", rueidis.Commands{
		cmds.Xlen().Key(stream).Build(),
		cmds.Zrangebyscore().Key(leased).Min("-inf").Max(text(c.now)).Withscores().Limit(0, maxEnded).Build(),
		cmds.Zrangebyscore().Key(leased).Min("+inf").Max("+inf").Build(),
	})
	if err != nil {
		return nil, err
	}
	if c.leaseIndex, err = readLeaseIndex(answers); err != nil {
		return nil, fmt.Errorf("redis: take: %w", err)
	}
	if c.held == 0 {
		return nil, nil
	}
	c.next = c.last
	for ended := range slices.Chunk(c.ended, atOnce) {
		if c.space == 0 {
			break
		}
		if err := c.takeEnded(ctx, ended); err != nil {
			return nil, err
		}
	}
	if c.space > 0 {
		err = c.takeNew(ctx)
	}
	if len(c.taken) == 0 && len(c.removed) == 0 {
		return nil, err
	}
	return c, err
}

// read returns the entries of spans of the stream.
func (c *claim) read(ctx context.Context, count int, spans ...span) ([][]entry, error) {
	cmds := make(rueidis.Commands, len(spans))
	for i, s := range spans {
		cmds[i] = c.c.r.B().Xrange().Key(c.streams[c.shard]).Start(s.first).End(s.last).Count(int64(count)).Build()
	}
	answers, err := c.c.pipeline(ctx, reading, "take", cmds)
	if err != nil {
		return nil, err
	}
	out := make([][]entry, len(spans))
	for i := range answers {
		if out[i], err = entries(answers[i]); err != nil {
			return nil, fmt.Errorf("redis: take: %w", err)
		}
	}
	return out, nil
}

// takeEnded takes the entries of ended leases. If a lease has more than there is room for, the rest stays ended.
func (c *claim) takeEnded(ctx context.Context, ended []string) error {
	spans := make([]span, 0, len(ended))
	for _, name := range ended {
		if s, ok := parseSpan(name); ok {
			spans = append(spans, s)
		}
	}
	found, err := c.read(ctx, c.space+1, spans...)
	if err != nil {
		return err
	}
	c.removed = append(c.removed, ended[:len(ended)-len(spans)]...) // names that are not spans come first
	for i, of := range found {
		if c.space == 0 {
			break
		}
		c.removed = append(c.removed, ended[len(ended)-len(spans)+i])
		n := min(len(of), c.space)
		c.leaseEntries(of[:n])
		if n < len(of) {
			rest := span{first: of[n].id, last: spans[i].last, n: len(of) - n, generation: c.generation}
			c.taken = append(c.taken, text(c.now), rest.name())
		}
	}
	return nil
}

// takeNew takes entries that were never handed out.
func (c *claim) takeNew(ctx context.Context) error {
	from := "-"
	if c.last != "" {
		from = "(" + strings.TrimPrefix(c.last, lastMember)
	}
	found, err := c.read(ctx, c.space, span{first: from, last: "+"})
	if err != nil || len(found[0]) == 0 {
		return err
	}
	c.next = lastMember + found[0][len(found[0])-1].id
	c.leaseEntries(found[0])
	return nil
}

// leaseEntries leases adjacent entries.
func (c *claim) leaseEntries(of []entry) {
	if len(of) == 0 {
		return
	}
	c.space -= len(of)
	c.taken = append(c.taken, text(c.now.Add(c.lease)), span{of[0].id, of[len(of)-1].id, len(of), c.generation}.name())
	for _, e := range of {
		id, err1 := handle(e.id)
		credit, err2 := parseCredit(e.credit)
		if err1 == nil && err2 == nil {
			c.result = append(c.result, wallet.HeldPosting{ID: id, Credit: credit})
		}
	}
}

// commit leases the claimed entries, unless another taker changed the leases meanwhile.
func (c *claim) commit(ctx context.Context) (bool, error) {
	args := append([]string{c.last, c.next, text(c.generation), text(c.now), c.c.expire, text(len(c.removed))}, c.removed...)
	m, err := c.c.eval(ctx, writing, "take", claimScript, []string{c.leased[c.shard]}, append(args, c.taken...)...)
	if err != nil {
		return false, err
	}
	done, err := m.AsInt64()
	if err != nil {
		return false, fmt.Errorf("redis: take: %w: %w", wallet.ErrUnknown, err)
	}
	return done == 1, nil
}

// Ack implements wallet.Backlog. ErrInvalid for an unknown shard. ErrUnknown: repeat the call.
func (b *Backlog) Ack(ctx context.Context, shard int, ids []uint64) error {
	if err := b.checkShard(shard); err != nil || len(ids) == 0 {
		return err
	}
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	s := span{first: entryID(ids[0]), last: entryID(ids[len(ids)-1]), n: len(ids)}
	m, err := b.c.eval(ctx, writing, "ack", ackScript, []string{b.streams[shard], b.leased[shard]}, s.first, s.last, text(s.n))
	if err != nil {
		return err
	}
	if whole, err := m.AsInt64(); err == nil && whole == 1 {
		return nil
	}
	for batch := range slices.Chunk(ids, maxPipeline) {
		// A span that becomes empty is removed by the taker that finds it after its lease has ended.
		all := make([]string, len(batch))
		for i, id := range batch {
			all[i] = entryID(id)
		}
		if _, err := b.c.transact(ctx, "ack", b.deleteEntries(shard, all...)...); err != nil {
			return err
		}
	}
	return nil
}

// deleteEntries deletes entries in any position, and invalidates what others have read or leased of their spans.
func (b *Backlog) deleteEntries(shard int, ids ...string) []rueidis.Completed {
	return []rueidis.Completed{
		b.c.r.B().Xdel().Key(b.streams[shard]).Id(ids...).Build(),
		b.c.r.B().Zincrby().Key(b.leased[shard]).Increment(-1).Member(goneMember).Build(),
	}
}
