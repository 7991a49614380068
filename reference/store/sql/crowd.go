package sqlstore

import (
	"context"
	"fmt"
	"sync"

	"hongbao/reference/wallet"
)

// The bounds of group reads.
const (
	maxReaders = 4    // queries under way: fewer than that many callers never wait for each other
	maxAsking  = 8192 // who wait: as many as writes may (maxWaiting)
)

// crowd is for reads that everybody makes: what is asked while some queries are under way goes into the next one
// together, as writes do in a group commit. Each query begins after all its callers have asked, so that nobody is told
// what was true before. A reader lives as long as somebody waits.
type crowd[K comparable, V any] struct {
	// read answers all keys, each of them once, by one query of bounded time.
	read func(ctx context.Context, all []K) (map[K]V, error)

	mu      sync.Mutex
	waiting []*question[K, V]
	readers int
}

// question is one caller's.
type question[K comparable, V any] struct {
	key  K
	got  V
	ok   bool
	err  error
	ends chan struct{} // closed when the answer stands
}

// ask returns the value of a key; ok is false when there is none. ErrOverloaded: too many wait. ErrUnavailable: the
// query failed, or ctx ended.
func (c *crowd[K, V]) ask(ctx context.Context, key K) (got V, ok bool, err error) {
	q := &question[K, V]{key: key, ends: make(chan struct{})}
	if !c.join(q) {
		return got, false, fmt.Errorf("%w: %d wait to be looked up", wallet.ErrOverloaded, maxAsking)
	}
	select {
	case <-q.ends:
		return q.got, q.ok, q.err
	case <-ctx.Done():
		return got, false, fmt.Errorf("%w: waited to be looked up: %w", wallet.ErrUnavailable, context.Cause(ctx))
	}
}

// join has a question answered by a reader, unless too many wait.
func (c *crowd[K, V]) join(q *question[K, V]) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.waiting) >= maxAsking {
		return false
	}
	c.waiting = append(c.waiting, q)
	if c.readers < maxReaders {
		c.readers++
		go c.answer()
	}
	return true
}

// next takes what waits, at most lookUpAtOnce questions; none: the reader is not needed any more.
func (c *crowd[K, V]) next() []*question[K, V] {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := min(len(c.waiting), lookUpAtOnce)
	if n == 0 {
		c.readers--
		return nil
	}
	all := c.waiting[:n:n]
	c.waiting = append([]*question[K, V](nil), c.waiting[n:]...)
	return all
}

// answer is a reader's life. That one caller's time is up is not the others' concern.
func (c *crowd[K, V]) answer() {
	for all := c.next(); all != nil; all = c.next() {
		keys := make([]K, 0, len(all))
		seen := make(map[K]bool, len(all))
		for _, q := range all {
			if !seen[q.key] {
				seen[q.key] = true
				keys = append(keys, q.key)
			}
		}
		found, err := c.read(context.Background(), keys)
		for _, q := range all {
			q.got, q.ok = found[q.key]
			q.err = err
			close(q.ends)
		}
	}
}
