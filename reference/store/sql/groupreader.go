package sqlstore

import (
	"context"
	"fmt"
	"sync"

	"hongbao/reference/wallet"
)

// The bounds of group reads.
const (
	maxReaders = 4    // concurrent queries; up to that many callers never wait for each other
	maxAsking  = 8192 // waiting callers: as many as for writes (maxWaiting)
)

// groupReader batches reads that many callers make. Keys requested while queries are in progress go into the next
// query together, as writes do in a group commit. Each query begins after all its callers have asked, so that no
// caller gets a value from before its request. A reader goroutine runs as long as callers wait.
type groupReader[K comparable, V any] struct {
	// read returns the values of all keys, which are distinct, by one query of bounded time.
	read func(ctx context.Context, all []K) (map[K]V, error)

	mu      sync.Mutex
	waiting []*question[K, V]
	readers int
}

// question is the request of one caller.
type question[K comparable, V any] struct {
	key  K
	got  V
	ok   bool
	err  error
	done chan struct{} // closed when the result is final
}

// ask returns the value of a key; ok is false when the key does not exist. ErrOverloaded: too many callers wait.
// ErrUnavailable: the query failed, or ctx ended.
func (c *groupReader[K, V]) ask(ctx context.Context, key K) (got V, ok bool, err error) {
	q := &question[K, V]{key: key, done: make(chan struct{})}
	if !c.join(q) {
		return got, false, fmt.Errorf("%w: %d look-ups are waiting", wallet.ErrOverloaded, maxAsking)
	}
	select {
	case <-q.done:
		return q.got, q.ok, q.err
	case <-ctx.Done():
		return got, false, fmt.Errorf("%w: waiting for a look-up: %w", wallet.ErrUnavailable, context.Cause(ctx))
	}
}

// join queues a question for a reader. It returns false when too many wait.
func (c *groupReader[K, V]) join(q *question[K, V]) bool {
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

// next takes waiting questions, at most lookUpAtOnce; nil means that the reader must end.
func (c *groupReader[K, V]) next() []*question[K, V] {
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

// answer is the loop of one reader. The query does not use a caller's context: the other callers still need the
// result.
func (c *groupReader[K, V]) answer() {
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
			close(q.done)
		}
	}
}
