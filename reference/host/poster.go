package host

import (
	"context"
	"maps"
	"slices"
	"time"
)

// A poster's bounds.
const (
	hurry      = 10 * time.Millisecond // rest while an instance that stops posts what is held
	calm       = time.Second           // rest after a failure, so that a ledger in trouble is not hammered
	batchLimit = 30 * time.Second      // of one batch: above all tries of all its steps
)

// poster posts one shard.
type poster struct {
	stop context.CancelFunc
	done chan struct{}
}

// keep makes the given shards, and no others, be posted. It returns when those that go have finished their batch.
func (h *Host) keep(shards []int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	var gone []*poster
	for shard, p := range h.posters {
		if !slices.Contains(shards, shard) {
			p.stop()
			gone = append(gone, p)
			delete(h.posters, shard)
		}
	}
	for _, shard := range shards {
		if h.posters[shard] == nil {
			ctx, stop := context.WithCancel(context.Background())
			p := &poster{stop, make(chan struct{})}
			h.posters[shard] = p
			go func() {
				defer close(p.done)
				h.post(ctx, shard)
			}()
		}
	}
	for _, p := range gone {
		<-p.done
	}
}

// posting returns the shards that are posted, ascending.
func (h *Host) posting() []int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Sorted(maps.Keys(h.posters))
}

// posts says whether this instance posts the shard.
func (h *Host) posts(shard int) bool { return slices.Contains(h.posting(), shard) }

// post is the life of one shard's poster. A batch under way is finished when it is told to stop.
func (h *Host) post(ctx context.Context, shard int) {
	for ctx.Err() == nil {
		n, err := h.batch(ctx, shard)
		switch {
		case err != nil:
			h.warn("cannot post a batch", err)
			pause(ctx, max(calm, h.Rest))
		case n < h.Batch:
			h.rest(ctx)
		}
	}
}

// rest waits for more to post. When the instance stops, there is nothing to wait for.
func (h *Host) rest(ctx context.Context) {
	long, cancel := context.WithTimeout(ctx, h.Rest)
	defer cancel()
	select {
	case <-long.Done():
	case <-h.stopping:
		pause(ctx, hurry)
	}
}

// batch posts one batch, whatever becomes of ctx.
func (h *Host) batch(ctx context.Context, shard int) (int, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), batchLimit)
	defer cancel()
	return h.Worker.PostBatch(ctx, shard)
}

// pause waits for d and says whether ctx goes on.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
