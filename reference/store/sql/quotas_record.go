package sqlstore

import (
	"context"
	"database/sql"
	"slices"

	"hongbao/reference/wallet"
)

// applyRecords writes the reservations of all jobs, except for orders that were recorded with theirs.
func (q *Quotas) applyRecords(ctx context.Context, t *txn, jobs []*job) error {
	all := q.writes.requestsOf(jobs)
	nos := make([]wallet.OrderNo, len(all))
	for i, a := range all {
		nos[i] = a.want.Order
	}
	admitted, err := q.admitted(ctx, t, slices.Compact(nos))
	if err != nil {
		return err
	}
	all = slices.DeleteFunc(all, func(a *writeRequest[wallet.Reservation]) (is bool) {
		a.isNew = false
		a.got, is = admitted[a.want.Order]
		return is
	})
	return writeFenced(ctx, t, q, &q.writes, all, func(r wallet.Reservation) wallet.Reservation { return r })
}

// admitted returns the reservations of those orders that were recorded together with them.
func (q *Quotas) admitted(ctx context.Context, t *txn, nos []wallet.OrderNo) (map[wallet.OrderNo]wallet.Reservation, error) {
	out := map[wallet.OrderNo]wallet.Reservation{}
	if q.withOrder == "" {
		return out, nil
	}
	err := addRecorded(ctx, t.dialect, t.query, out, nos, q.writes.scan, func(r wallet.Reservation) wallet.OrderNo { return r.Order }, q.withOrder, "")
	return out, err
}

// writeFenced writes records that blocks pay for. It locks the fences of the blocks first, so that no other
// transaction closes one before this one ends, and adds the newly granted amounts to them.
func writeFenced[V any](ctx context.Context, t *txn, q *Quotas, o *once[V], all []*writeRequest[V], paid func(V) wallet.Reservation) error {
	var blocks []wallet.Block
	for _, a := range all {
		if r := paid(a.want); r.Block != 0 {
			blocks = append(blocks, wallet.Block{ID: r.Block, Stage: r.Order.Stage})
		}
	}
	stripe := int64(q.turn.Add(1) % fenceStripes)
	closed, err := q.lockFences(ctx, t, eachOnce(blocks), stripe)
	if err != nil {
		return err
	}
	granting := make([]*writeRequest[V], 0, len(all))
	var rest []*writeRequest[V] // their blocks are closed: they get the recorded result or a refusal
	for _, a := range all {
		if !closed[paid(a.want).Block] {
			granting = append(granting, a)
		} else {
			rest = append(rest, a)
		}
	}
	if err := o.write(ctx, t, granting); err != nil {
		return err
	}
	if err := o.onRecord(ctx, t, rest); err != nil {
		return err
	}
	var granted []wallet.Reservation
	for _, a := range granting {
		if r := paid(a.want); a.isNew && r.Block != 0 {
			granted = append(granted, r)
		}
	}
	return q.addToFences(ctx, t, granted, stripe)
}

// onRecord answers requests whose block is closed with the recorded result, or refuses them.
func (o *once[V]) onRecord(ctx context.Context, t *txn, rest []*writeRequest[V]) error {
	if len(rest) == 0 {
		return nil
	}
	var none V
	for _, a := range rest {
		a.got, a.isNew = none, false
	}
	firsts := slices.Clone(rest) // requests for one order are adjacent and look up the same row
	firsts = slices.CompactFunc(firsts, func(a, b *writeRequest[V]) bool { return o.compare(a.want, b.want) == 0 })
	if _, err := o.found(ctx, t, firsts, 0); err != nil {
		return err
	}
	for i, a := range rest {
		if i > 0 && o.compare(a.want, rest[i-1].want) == 0 {
			a.got = rest[i-1].got
		}
		a.isNew = false
		if o.compare(a.got, a.want) != 0 {
			a.job.err = wallet.ErrStale
		}
	}
	return nil
}

// lockFences returns which blocks' fences are closed, and locks them until the commit. It creates a missing fence: the
// block was neither used nor ended on this shard before.
func (q *Quotas) lockFences(ctx context.Context, t *txn, blocks []wallet.Block, stripe int64) (map[wallet.BlockID]bool, error) {
	closed, err := q.readFences(ctx, t, blocks, stripe)
	if err != nil || len(closed) == len(blocks) {
		return closed, err
	}
	err = t.insert(ctx, q.fence, len(blocks), func(i int, args []any) []any {
		return append(args, int64(blocks[i].ID), stripe, int64(blocks[i].Stage), 0, 0)
	}, nil)
	if err != nil {
		return nil, err
	}
	return q.readFences(ctx, t, blocks, stripe)
}

func (q *Quotas) readFences(ctx context.Context, t *txn, blocks []wallet.Block, stripe int64) (map[wallet.BlockID]bool, error) {
	closed := make(map[wallet.BlockID]bool, len(blocks))
	if len(blocks) == 0 {
		return closed, nil
	}
	args := []any{stripe}
	for _, b := range blocks {
		args = append(args, int64(b.ID))
	}
	err := t.query(ctx, q.fenced+placeholders(len(blocks), 1)+" ORDER BY block"+t.dialect.lock, args, func(r *sql.Rows) error {
		var block wallet.BlockID
		var times int64
		err := r.Scan(&block, &times)
		closed[block] = times > 0
		return err
	})
	return closed, err
}

// addToFences adds the newly granted amounts to the fences.
func (q *Quotas) addToFences(ctx context.Context, t *txn, granted []wallet.Reservation, stripe int64) error {
	sums := map[wallet.BlockID]wallet.Money{}
	var blocks []wallet.Block
	for _, r := range granted {
		blocks = append(blocks, wallet.Block{ID: r.Block, Stage: r.Order.Stage})
		var err error
		if sums[r.Block], err = sums[r.Block].Add(r.Amount); err != nil {
			return err
		}
	}
	blocks = eachOnce(blocks)
	return t.insert(ctx, q.addFence, len(blocks), func(i int, args []any) []any {
		return append(args, int64(blocks[i].ID), stripe, int64(blocks[i].Stage), 0, int64(sums[blocks[i].ID]))
	}, nil)
}

// eachOnce returns the blocks in order of their numbers, without duplicates.
func eachOnce(blocks []wallet.Block) []wallet.Block {
	slices.SortStableFunc(blocks, func(a, b wallet.Block) int { return int(a.ID - b.ID) })
	return slices.CompactFunc(blocks, func(a, b wallet.Block) bool { return a.ID == b.ID })
}

// fenceJob is the job of closing blocks' fences on one shard.
type fenceJob struct {
	blocks  []wallet.Block
	granted map[wallet.BlockID]wallet.Money // on this shard; final
}

// closeAll closes the fences of blocks on every shard and returns the total that each block has granted. Idempotent.
func (q *Quotas) closeAll(ctx context.Context, blocks []wallet.Block) (map[wallet.BlockID]wallet.Money, error) {
	total := map[wallet.BlockID]wallet.Money{}
	if len(blocks) == 0 {
		return total, nil
	}
	for _, s := range q.db.shards {
		e := &fenceJob{blocks: eachOnce(slices.Clone(blocks))}
		if err := s.do(ctx, q.fences, fenceStripes*len(blocks), e); err != nil {
			return nil, err
		}
		for block, sum := range e.granted {
			var err error
			if total[block], err = total[block].Add(sum); err != nil {
				return nil, err
			}
		}
	}
	return total, nil
}

// applyClosing closes all stripes of the blocks' fences, creating missing ones as closed, and then sums them.
func (q *Quotas) applyClosing(ctx context.Context, t *txn, jobs []*job) error {
	for _, j := range jobs {
		e := j.in.(*fenceJob)
		err := t.insert(ctx, q.closeFence, fenceStripes*len(e.blocks), func(i int, args []any) []any {
			b := e.blocks[i/fenceStripes]
			return append(args, int64(b.ID), int64(i%fenceStripes), int64(b.Stage), 1, 0)
		}, nil)
		if err != nil {
			return err
		}
		e.granted = map[wallet.BlockID]wallet.Money{}
		args := make([]any, len(e.blocks))
		for i, b := range e.blocks {
			args[i] = int64(b.ID)
		}
		total := wallet.Money(0)
		err = t.query(ctx, q.reserved+placeholders(len(args), 1)+" GROUP BY block, stage", args, func(r *sql.Rows) error {
			return addReserved(r, e.granted, &total)
		})
		if err != nil {
			return err
		}
	}
	return nil
}
