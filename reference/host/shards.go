package host

import (
	"context"
	"fmt"
	"hash/fnv"
	"slices"

	"hongbao/reference/wallet"
)

// posters is the name of the membership group of posting instances.
const posters = "posters"

// shardLease returns the name of a backlog shard's lease.
func shardLease(shard int) string { return fmt.Sprintf("shard-%d", shard) }

// divide takes this instance's fair share of the backlog's shards: it renews its shards, releases those beyond its
// share, and takes free ones, such as those of a dead instance. If the lock is unreachable it keeps its shards (D1), or
// takes all: two instances that post one shard do no harm, but a shard that no instance posts would.
func (h *Host) divide(ctx context.Context) {
	if h.Degrade.ByOperator(wallet.SwitchSkipLocks) {
		h.setMembers(nil)
		h.keepOrTakeAll()
		return
	}
	members, err := h.Leases.Join(ctx, posters, h.Instance, h.Lease)
	h.Degrade.Watch(wallet.SwitchSkipLocks, "shards", err)
	if err != nil {
		h.warn("cannot renew this instance's membership", err)
		h.keepOrTakeAll()
		return
	}
	h.setMembers(members)
	share := (h.Shards + len(members) - 1) / max(1, len(members))
	h.setShards(h.holdShards(ctx, share))
}

// setMembers stores the running instances.
func (h *Host) setMembers(members []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.members = members
}

// keepOrTakeAll keeps the current shards, or takes all if there are none.
func (h *Host) keepOrTakeAll() {
	if len(h.posting()) == 0 {
		h.setShards(h.wanted())
	}
}

// holdShards returns the shards that this instance holds, at most share of them.
func (h *Host) holdShards(ctx context.Context, share int) []int {
	var held []int
	for _, shard := range h.wanted() {
		if len(held) == share {
			if h.posts(shard) {
				h.setShards(append(slices.Clone(held), h.without(held, shard)...))
				h.warn("cannot release a shard", h.Leases.Release(ctx, shardLease(shard), h.Instance))
			}
			continue
		}
		mine, err := h.Leases.Hold(ctx, shardLease(shard), h.Instance, h.Lease)
		if err != nil {
			h.warn("cannot hold a shard", err)
			mine = h.posts(shard)
		}
		if mine {
			held = append(held, shard)
		}
	}
	return held
}

// without returns the posted shards, without those in held and without gone.
func (h *Host) without(held []int, gone int) []int {
	return slices.DeleteFunc(h.posting(), func(s int) bool { return s == gone || slices.Contains(held, s) })
}

// wanted returns all shards: first those that this instance posts, then the others from an instance-specific start, so
// that instances that start together do not all ask for the same shards.
func (h *Host) wanted() []int {
	f := fnv.New32a()
	f.Write([]byte(h.Instance))
	first := int(f.Sum32() % uint32(h.Shards))
	out := h.posting()
	mine := len(out)
	for i := range h.Shards {
		if s := (first + i) % h.Shards; !slices.Contains(out[:mine], s) {
			out = append(out, s)
		}
	}
	return out
}

// drain posts what is held until the backlog is empty, unless another instance is running.
func (h *Host) drain(ctx context.Context) error {
	for {
		if m := h.Members(); len(m) > 1 || len(m) == 1 && m[0] != h.Instance {
			return nil
		}
		if h.Degrade.On(wallet.SwitchHoldPosting) {
			h.Log.Info("postings are held by a switch; the next instance will post them")
			return nil
		}
		depth, err := h.Backlog.Depth(ctx)
		if err == nil && depth == 0 {
			return nil
		}
		if !pause(ctx, drainPause) {
			if err != nil {
				return fmt.Errorf("host: the backlog cannot be read after %v: %w", h.Drain, err)
			}
			return fmt.Errorf("host: %d postings are still held after %v (%w): the next instance will post them", depth, h.Drain, wallet.ErrUnavailable)
		}
	}
}

// leave releases what other instances can use.
func (h *Host) leave(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, h.Lease)
	defer cancel()
	for shard := range h.Shards {
		if err := h.Leases.Release(ctx, shardLease(shard), h.Instance); err != nil {
			h.warn("cannot release a shard", err) // the lease expires by itself
			break
		}
	}
	h.warn("cannot leave", h.Leases.Leave(ctx, posters, h.Instance))
	h.warn("cannot flush the running total", h.Writer.Flush(ctx))
	h.warn("cannot return unused stock", h.retireStock(ctx)) // the next instance orphans it
	if h.Quotas == nil {
		return nil
	}
	if err := h.Retire(ctx, h.Instance); err != nil {
		return fmt.Errorf("host: returning unused budget: %w", err)
	}
	return nil
}
