package host

import (
	"context"
	"maps"
	"slices"
	"time"
)

// Bounds of a poster.
const (
	drainPause   = 10 * time.Millisecond // pause while a stopping instance posts what is held
	failurePause = time.Second           // pause after a failure, to protect a failing ledger
	batchLimit   = 30 * time.Second      // of one batch: longer than all tries of its steps
)

// poster posts one shard.
type poster struct {
	stop context.CancelFunc
	done chan struct{}
}

// setShards sets the shards that are posted. It returns when the posters of removed shards have finished their batch.
func (h *Host) setShards(shards []int) {
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

// posting returns the shards that are being posted, ascending.
func (h *Host) posting() []int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Sorted(maps.Keys(h.posters))
}

// posts reports whether this instance posts the shard.
func (h *Host) posts(shard int) bool { return slices.Contains(h.posting(), shard) }

// post runs one shard's poster. A batch in progress is finished after a stop.
func (h *Host) post(ctx context.Context, shard int) {
	for ctx.Err() == nil {
		n, err := h.batch(ctx, shard)
		switch {
		case err != nil:
			h.warn("cannot post a batch", err)
			pause(ctx, max(failurePause, h.PostPause))
		case n < h.Batch:
			h.waitForCredits(ctx)
		}
	}
}

// waitForCredits waits for more credits. It returns early when the instance stops.
func (h *Host) waitForCredits(ctx context.Context) {
	long, cancel := context.WithTimeout(ctx, h.PostPause)
	defer cancel()
	select {
	case <-long.Done():
	case <-h.stopping:
		pause(ctx, drainPause)
	}
}

// batch posts one batch, even if ctx ends meanwhile.
func (h *Host) batch(ctx context.Context, shard int) (int, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), batchLimit)
	defer cancel()
	return h.Worker.PostBatch(ctx, shard)
}

// pause waits for d, and returns false if ctx has ended.
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
