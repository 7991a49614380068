package sqlstore

import (
	"context"
	"database/sql"
	"slices"

	"hongbao/reference/wallet"
)

// applyRecords writes the reservations of all jobs. The fences of their blocks are locked first, so that nobody closes
// one before this transaction has ended.
func (q *Quotas) applyRecords(ctx context.Context, t *txn, jobs []*job) error {
	all := q.writes.askedOf(jobs)
	stripe := int64(q.turn.Add(1) % fenceStripes)
	closed, err := q.lockFences(ctx, t, all, stripe)
	if err != nil {
		return err
	}
	granting := make([]*asked[wallet.Reservation], 0, len(all))
	var rest []*asked[wallet.Reservation] // whose blocks pay for nothing: they have an answer on record, or none
	for _, a := range all {
		if !closed[a.want.Block] {
			granting = append(granting, a)
		} else {
			rest = append(rest, a)
		}
	}
	if err := q.writes.write(ctx, t, granting); err != nil {
		return err
	}
	if err := q.refuseRest(ctx, t, rest); err != nil {
		return err
	}
	return q.addToFences(ctx, t, granting, stripe)
}

// refuseRest answers requests whose block cannot pay with what is on record, or else refuses them.
func (q *Quotas) refuseRest(ctx context.Context, t *txn, rest []*asked[wallet.Reservation]) error {
	if len(rest) == 0 {
		return nil
	}
	var none wallet.Reservation
	for _, a := range rest {
		a.got, a.isNew = none, false
	}
	firsts := slices.Clone(rest) // requests for one order stand side by side, and look up the same row
	firsts = slices.CompactFunc(firsts, func(a, b *asked[wallet.Reservation]) bool { return a.want.Order == b.want.Order })
	if _, err := q.writes.found(ctx, t, firsts, 0); err != nil {
		return err
	}
	for i, a := range rest {
		if i > 0 && a.want.Order == rest[i-1].want.Order {
			a.got = rest[i-1].got
		}
		a.isNew = false
		if a.got == none {
			a.job.err = wallet.ErrStale
		}
	}
	return nil
}

// lockFences says which blocks' fences are closed and keeps it so until the commit. A fence that is not there
// is put up: the block was not used on this shard before, nor ended.
func (q *Quotas) lockFences(ctx context.Context, t *txn, all []*asked[wallet.Reservation], stripe int64) (map[wallet.BlockID]bool, error) {
	var blocks []wallet.Block
	for _, a := range all {
		if a.want.Block != 0 {
			blocks = append(blocks, wallet.Block{ID: a.want.Block, Stage: a.want.Order.Stage})
		}
	}
	blocks = eachOnce(blocks)
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
	err := t.query(ctx, q.fenced+marks(len(blocks), 1)+" ORDER BY block"+t.dialect.lock, args, func(r *sql.Rows) error {
		var block wallet.BlockID
		var times int64
		err := r.Scan(&block, &times)
		closed[block] = times > 0
		return err
	})
	return closed, err
}

// addToFences adds what was newly granted.
func (q *Quotas) addToFences(ctx context.Context, t *txn, granting []*asked[wallet.Reservation], stripe int64) error {
	sums := map[wallet.BlockID]wallet.Money{}
	var blocks []wallet.Block
	for _, a := range granting {
		if !a.isNew || a.want.Block == 0 {
			continue
		}
		blocks = append(blocks, wallet.Block{ID: a.want.Block, Stage: a.want.Order.Stage})
		var err error
		if sums[a.want.Block], err = sums[a.want.Block].Add(a.want.Amount); err != nil {
			return err
		}
	}
	blocks = eachOnce(blocks)
	return t.insert(ctx, q.addFence, len(blocks), func(i int, args []any) []any {
		return append(args, int64(blocks[i].ID), stripe, int64(blocks[i].Stage), 0, int64(sums[blocks[i].ID]))
	}, nil)
}

// eachOnce returns the blocks in the order of their numbers, each once.
func eachOnce(blocks []wallet.Block) []wallet.Block {
	slices.SortStableFunc(blocks, func(a, b wallet.Block) int { return int(a.ID - b.ID) })
	return slices.CompactFunc(blocks, func(a, b wallet.Block) bool { return a.ID == b.ID })
}

// ending is the job of closing blocks' fences on one shard.
type ending struct {
	blocks  []wallet.Block
	granted map[wallet.BlockID]wallet.Money // on this shard, finally
}

// closeAll closes the fences of blocks on every shard and returns what each block has granted in all. Idempotent.
func (q *Quotas) closeAll(ctx context.Context, blocks []wallet.Block) (map[wallet.BlockID]wallet.Money, error) {
	total := map[wallet.BlockID]wallet.Money{}
	if len(blocks) == 0 {
		return total, nil
	}
	for _, s := range q.db.shards {
		e := &ending{blocks: eachOnce(slices.Clone(blocks))}
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

// applyClosing closes all stripes of the blocks' fences, put up closed where there are none, and then sums them up.
func (q *Quotas) applyClosing(ctx context.Context, t *txn, jobs []*job) error {
	for _, j := range jobs {
		e := j.in.(*ending)
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
		err = t.query(ctx, q.reserved+marks(len(args), 1)+" GROUP BY block, stage", args, func(r *sql.Rows) error {
			return addReserved(r, e.granted, &total)
		})
		if err != nil {
			return err
		}
	}
	return nil
}
