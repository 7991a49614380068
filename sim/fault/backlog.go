package fault

import (
	"context"

	"hongbao/reference/wallet"
	"hongbao/sim/world"
)

// Gates lets posters sleep until there is something to post: one gate a shard, shared by all instances.
type Gates struct {
	world *world.World
	shard []world.Gate
}

// NewGates returns the gates of that many shards.
func NewGates(w *world.World, shards int) *Gates {
	return &Gates{world: w, shard: make([]world.Gate, shards)}
}

// ring wakes a poster of the wallet's shard.
func (g *Gates) ring(id wallet.ActID) {
	g.world.Release(&g.shard[wallet.ShardOf(id, len(g.shard))], 1)
}

// RingAll wakes every poster: after a lease ended, or when an instance died.
func (g *Gates) RingAll() {
	for i := range g.shard {
		g.world.Release(&g.shard[i], maxPosters)
	}
}

// maxPosters bounds the posters that wait at one gate: one an instance that works on the shard.
const maxPosters = 64

// Backlog is wallet.Backlog behind a Link. Take waits for the first credit.
type Backlog struct {
	Link
	Inner wallet.Backlog
	Gates *Gates
}

// Tokens is wallet.Tokens behind a Link. Issue wakes the posters, as it fills the backlog.
type Tokens struct {
	Link
	Inner wallet.Tokens
	Gates *Gates
}

var (
	_ wallet.Backlog = Backlog{}
	_ wallet.Tokens  = Tokens{}
)

// Push implements wallet.Backlog.
func (d Backlog) Push(ctx context.Context, cs []wallet.Credit) error {
	return d.do(int64(len(cs)), func() error {
		err := d.Inner.Push(ctx, cs)
		for _, c := range cs {
			d.Gates.ring(c.Order.ActID)
		}
		return err
	})
}

// Take implements wallet.Backlog.
func (d Backlog) Take(ctx context.Context, shard, limit int) (held []wallet.Held, err error) {
	for {
		err := d.do(1, func() (err error) { held, err = d.Inner.Take(ctx, shard, limit); return err })
		if err != nil || len(held) > 0 {
			return held, err
		}
		d.world.Wait(&d.Gates.shard[shard])
		d.instance.check()
	}
}

// Ack implements wallet.Backlog.
func (d Backlog) Ack(ctx context.Context, shard int, ids []uint64) error {
	return d.do(1, func() error { return d.Inner.Ack(ctx, shard, ids) })
}

// Depth implements wallet.Backlog.
func (d Backlog) Depth(ctx context.Context) (n int64, err error) {
	err = d.do(0, func() (err error) { n, err = d.Inner.Depth(ctx); return err })
	return n, err
}

// Issue implements wallet.Tokens.
func (d Tokens) Issue(ctx context.Context, t wallet.Token) error {
	return d.do(1, func() error {
		err := d.Inner.Issue(ctx, t)
		d.Gates.ring(t.Order.ActID)
		return err
	})
}

// List implements wallet.Tokens.
func (d Tokens) List(ctx context.Context, id wallet.ActID, s wallet.Stage) (ts []wallet.Token, err error) {
	err = d.do(0, func() (err error) { ts, err = d.Inner.List(ctx, id, s); return err })
	return ts, err
}

// Mark implements wallet.Tokens.
func (d Tokens) Mark(ctx context.Context, nos []wallet.OrderNo, s wallet.TokenStatus) error {
	return d.do(1, func() error { return d.Inner.Mark(ctx, nos, s) })
}
