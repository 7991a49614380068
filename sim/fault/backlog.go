package fault

import (
	"context"

	"hongbao/reference/intercept"
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

// RingAll wakes every poster: after a lease expired, or when an instance crashed.
func (g *Gates) RingAll() {
	for i := range g.shard {
		g.world.Release(&g.shard[i], maxPosters)
	}
}

// maxPosters bounds the posters that wait at one gate: one for each instance that works on the shard.
const maxPosters = 64

// Tokens returns the token lists as one instance reaches them. Issue wakes the posters, because it fills the backlog.
func Tokens(next wallet.Tokens, l Link, g *Gates) wallet.Tokens {
	return intercept.Tokens(ringingTokens{next, g}, l)
}

// Backlog returns the backlog as one instance reaches it. Push wakes the posters, and Take waits for the first credit.
func Backlog(next wallet.Backlog, l Link, g *Gates) wallet.Backlog {
	return waitingBacklog{intercept.Backlog(ringingBacklog{next, g}, l), l, g}
}

// The wrappers below are no hooks: waking needs the owner of each credit, and waiting repeats the call. They embed their
// port, so they forward nothing. The first two wrap the store itself, so that a call which arrives late wakes posters too.
type (
	ringingTokens struct {
		wallet.Tokens
		gates *Gates
	}
	ringingBacklog struct {
		wallet.Backlog
		gates *Gates
	}
	waitingBacklog struct {
		wallet.Backlog
		link  Link
		gates *Gates
	}
)

// Issue implements wallet.Tokens.
func (r ringingTokens) Issue(ctx context.Context, t wallet.Token) error {
	err := r.Tokens.Issue(ctx, t)
	r.gates.ring(t.Order.ActID)
	return err
}

// Push implements wallet.Backlog.
func (r ringingBacklog) Push(ctx context.Context, cs []wallet.Credit) error {
	err := r.Backlog.Push(ctx, cs)
	for _, c := range cs {
		r.gates.ring(c.Order.ActID)
	}
	return err
}

// Take implements wallet.Backlog.
func (w waitingBacklog) Take(ctx context.Context, shard, limit int) ([]wallet.HeldPosting, error) {
	for {
		held, err := w.Backlog.Take(ctx, shard, limit)
		if err != nil || len(held) > 0 {
			return held, err
		}
		w.link.world.Wait(&w.gates.shard[shard])
		w.link.instance.check()
	}
}
