package coupons

import (
	"context"
	"fmt"
	"time"

	"hongbao/reference/store/mem"
	"hongbao/reference/wallet"
	"hongbao/scenarios"
	"hongbao/sim/fault"
	"hongbao/sim/world"
)

// redis is the store of the counters. Each key answers a bounded number of calls a second; other calls wait or are rejected.
type redis struct {
	*mem.Stock
	world *world.World
	tally *tally
	rate  scenarios.Ratio // of one key
	bound time.Duration
	keys  map[wallet.StockKey]*keyLoad
	calls int64
	peak  int64 // most calls of one key in one second
}

// keyLoad is the load of one key.
type keyLoad struct {
	queue  *fault.Queue
	second int64
	calls  int64 // in that second
}

func newRedis(w *world.World, t *tally, c *scenarios.Coupons) *redis {
	return &redis{Stock: mem.NewStock(), world: w, tally: t, rate: c.KeyRate, bound: c.KeyQueue, keys: map[wallet.StockKey]*keyLoad{}}
}

// admit counts a call of a key and returns its waiting time, or false if the call is rejected.
func (r *redis) admit(k wallet.StockKey) (time.Duration, bool) {
	load := r.keys[k]
	if load == nil {
		load = &keyLoad{queue: fault.NewQueue(r.rate, r.bound)}
		r.keys[k] = load
	}
	now := r.world.Now()
	if second := now / int64(time.Second); second != load.second {
		load.second, load.calls = second, 0
	}
	load.calls++
	r.calls++
	r.peak = max(r.peak, load.calls)
	return load.queue.Enter(now, 1)
}

// failover resets the keys of one machine to their state at time at−lost. The machine has the first part of each template,
// including all templates with only one part.
func (r *redis) failover(at int64, lost time.Duration) {
	first := func(k wallet.StockKey) bool { return k.Part == 0 }
	r.world.At(at-int64(lost), func() {
		restore := r.Snapshot(first)
		r.world.At(at, func() {
			restore()
			r.tally.lose(at - int64(lost))
		})
	})
}

// redisLink is the connection of one instance to redis.
type redisLink struct {
	*redis
	fault.Link
}

var (
	_ wallet.StockCounter = redisLink{}
	_ wallet.StockParts   = redisLink{}
	_ wallet.StockMirror  = redisLink{}
)

func (l redisLink) call(k wallet.StockKey, apply func() error) error {
	wait, ok := l.admit(k)
	if !ok {
		return fmt.Errorf("%w: a hot key", wallet.ErrOverloaded)
	}
	l.redis.world.Sleep(wait)
	return l.Call(0, apply)
}

// Add implements wallet.StockCounter.
func (l redisLink) Add(ctx context.Context, k wallet.StockKey, n int64) (sum int64, err error) {
	no := orderOf(ctx)
	err = l.call(k, func() (err error) {
		sum, err = l.Stock.Add(ctx, k, n)
		if err == nil && n > 0 {
			l.tally.counted(k.Reward, no, sum, k.Part == 0)
		}
		return err
	})
	return sum, err
}

// Count implements wallet.StockCounter.
func (l redisLink) Count(ctx context.Context, k wallet.StockKey) (n int64, err error) {
	err = l.call(k, func() (err error) { n, err = l.Stock.Count(ctx, k); return err })
	return n, err
}

// Take implements wallet.StockParts.
func (l redisLink) Take(ctx context.Context, k wallet.StockKey, no wallet.OrderNo, limit int64, last bool) (a wallet.StockAnswer, err error) {
	err = l.call(k, func() (err error) {
		before, _ := l.Stock.Issued(ctx, k)
		a, err = l.Stock.Take(ctx, k, no, limit, last)
		if after, _ := l.Stock.Issued(ctx, k); after > before {
			l.tally.counted(k.Reward, no.ActID, 0, k.Part == 0)
		}
		return err
	})
	return a, err
}

// GiveBack implements wallet.StockParts.
func (l redisLink) GiveBack(ctx context.Context, k wallet.StockKey, no wallet.OrderNo) error {
	return l.call(k, func() error { return l.Stock.GiveBack(ctx, k, no) })
}

// MoveOut implements wallet.StockParts.
func (l redisLink) MoveOut(ctx context.Context, from wallet.StockKey, to int, limit, want int64) (moved int64, err error) {
	err = l.call(from, func() (err error) { moved, err = l.Stock.MoveOut(ctx, from, to, limit, want); return err })
	return moved, err
}

// MoveIn implements wallet.StockParts.
func (l redisLink) MoveIn(ctx context.Context, to wallet.StockKey, from int, moved int64) (fresh int64, err error) {
	err = l.call(to, func() (err error) { fresh, err = l.Stock.MoveIn(ctx, to, from, moved); return err })
	return fresh, err
}

// Issued implements wallet.StockParts.
func (l redisLink) Issued(ctx context.Context, k wallet.StockKey) (n int64, err error) {
	err = l.call(k, func() (err error) { n, err = l.Stock.Issued(ctx, k); return err })
	return n, err
}

// Report implements wallet.StockMirror.
func (l redisLink) Report(ctx context.Context, t wallet.Template, issued int64) error {
	return l.call(wallet.StockKey{Template: t}, func() error { return l.Stock.Report(ctx, t, issued) })
}

// Reported implements wallet.StockMirror.
func (l redisLink) Reported(ctx context.Context, t wallet.Template) (n int64, err error) {
	err = l.call(wallet.StockKey{Template: t}, func() (err error) { n, err = l.Stock.Reported(ctx, t); return err })
	return n, err
}

// orderKey is the context key of a request's order. A plain counter does not receive the order, but the tally needs it.
type orderKey struct{}

func withOrder(ctx context.Context, id wallet.ActID) context.Context {
	return context.WithValue(ctx, orderKey{}, id)
}

func orderOf(ctx context.Context) wallet.ActID {
	id, _ := ctx.Value(orderKey{}).(wallet.ActID)
	return id
}
