package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"

	"hongbao/reference/wallet"
)

// Quotas stores leased budgets. Budgets and blocks are on shard 0, a reservation on the shard of its order.
//
// Fences keep the shards consistent: a block has rows on every shard that record whether it may still grant there, and
// how much it has granted. A reservation is written in the transaction that reads the fence and adds to it. To end a
// block, its fences are closed shard by shard; after that their sums are final, and no clock or waiting is needed.
type Quotas struct {
	db     *DB
	writes once[wallet.Reservation]
	turn   atomic.Uint64 // selects the stripes round robin

	ledger, record, fences *kind

	stages, blocks, latest string // shard 0
	leaseWrites
	stage, fence, closeFence, addFence              insertion
	fenced, reserved, reservedOf, holders, orphaned string
	reservation                                     string // selects reservations that are stored separately
	withOrder                                       string // selects reservations that are stored in their orders; empty: there are none
}

var _ wallet.Quotas = (*Quotas)(nil)

const (
	// leaseShare: one lease may take at most 1/leaseShare of the remaining budget beyond its need. So near the end of
	// a budget the blocks shrink to the needed amount, and little money is idle in blocks.
	leaseShare = 8
	// fenceStripes is the number of transactions of one block that can run on a shard without waiting for each other:
	// as many as an instance has committers there.
	fenceStripes = 4
	// maxHolder bounds the name of a holder, in bytes.
	maxHolder = 256
)

// The states of a block.
const (
	blockOpen = iota
	blockOrphaned
	blockClosed
)

const reservationColumns = "act_id, stage, scene, rain, award, amount, block"

// NewQuotas returns the leased budgets in db.
func NewQuotas(db *DB) *Quotas {
	q := newQuotas(db)
	q.withOrder = db.text("SELECT " + reservationColumns + " FROM {p}orders WHERE block IS NOT NULL AND ")
	return q
}

// newQuotas returns quotas whose reservations are all stored separately from their orders.
func newQuotas(db *DB) *Quotas {
	d := db.dialect
	q := &Quotas{db: db,
		stages: db.text("SELECT stage, leased FROM {p}quota_stages ORDER BY stage") + d.lock,
		blocks: db.text("SELECT block, stage, state, leased, holder FROM {p}quota_blocks WHERE state < 2 ORDER BY block"),
		latest: db.text("SELECT COALESCE(MAX(block), 0) FROM {p}quota_blocks"),
		leaseWrites: leaseWrites{
			setLeased: db.text("UPDATE {p}quota_stages SET leased = ? WHERE stage = ?"),
			setBlock:  db.text("UPDATE {p}quota_blocks SET state = ?, leased = ? WHERE block = ?"),
			add:       db.text("INSERT INTO {p}quota_blocks (block, stage, state, leased, holder) VALUES (?, ?, ?, ?, ?)"),
		},

		stage: insertion{db.text("INSERT INTO {p}quota_stages (stage, leased) VALUES "), 2, d.insertIgnore("stage")},
		fence: insertion{db.text("INSERT INTO {p}quota_fences (block, stripe, stage, closed, reserved) VALUES "), 5, d.insertIgnore("block")},
		// Adding to closed makes it 1 or more; it never decreases.
		closeFence: insertion{db.text("INSERT INTO {p}quota_fences (block, stripe, stage, closed, reserved) VALUES "), 5, d.upsertAdd("block, stripe", "closed")},
		addFence:   insertion{db.text("INSERT INTO {p}quota_fences (block, stripe, stage, closed, reserved) VALUES "), 5, d.upsertAdd("block, stripe", "reserved")},

		fenced:     db.text("SELECT block, closed FROM {p}quota_fences WHERE stripe = ? AND block IN "),
		reserved:   db.text("SELECT block, stage, SUM(reserved) FROM {p}quota_fences WHERE block IN "),
		reservedOf: db.text("SELECT block, stage, SUM(reserved) FROM {p}quota_fences WHERE stage = ? GROUP BY block, stage"),
		holders:    db.text("SELECT DISTINCT holder FROM {p}quota_blocks WHERE state = 0"),
		orphaned:   db.text("SELECT block, stage, leased FROM {p}quota_blocks WHERE state = 1"),

		reservation: db.text("SELECT " + reservationColumns + " FROM {p}quota_reservations WHERE "),
	}
	q.writes = once[wallet.Reservation]{
		insert: insertion{db.text("INSERT INTO {p}quota_reservations (" + reservationColumns + ", written) VALUES "), 8, d.insertIgnore("act_id")},
		find:   db.text("SELECT " + reservationColumns + ", written FROM {p}quota_reservations WHERE "), key: key,
		args: func(args []any, v wallet.Reservation) []any {
			return append(keyed(args, v.Order), int64(v.Amount), int64(v.Block))
		},
		keyArgs: func(args []any, v wallet.Reservation) []any { return keyed(args, v.Order) },
		scan: func(r rowScanner) (v wallet.Reservation, err error) {
			no := &v.Order
			err = r.Scan(&no.ActID, &no.Stage, &no.Scene, &no.Rain, &no.Award, &v.Amount, &v.Block)
			return v, err
		},
		compare: func(a, b wallet.Reservation) int { return a.Order.Compare(b.Order) },
	}
	q.record = &kind{rank: rankReservations, apply: q.applyRecords}
	q.fences = &kind{rank: rankReservations + 1, apply: q.applyClosing}
	q.ledger = &kind{rank: rankQuotas, apply: q.applySteps}
	q.turn.Store(rand.Uint64())
	return q
}

// Lease implements wallet.Quotas. It adds at most an eighth of the remaining budget, or need if that is more. With
// ErrOverBudget it also returns the holder's open block, unchanged. ErrInvalid also for an unknown stage, or a holder
// whose name is empty or longer than 256 bytes.
func (q *Quotas) Lease(ctx context.Context, holder string, s wallet.Stage, need, want, budget wallet.Money) (wallet.Block, error) {
	l := &leaseStep{holder: holder, stage: s, need: need, want: want, budget: budget}
	return l.do(ctx, "fen", q.step)
}

// step submits a step on the leases.
func (q *Quotas) step(ctx context.Context, what any) error {
	return q.db.shards[0].do(ctx, q.ledger, 1, what)
}

// Record implements wallet.Quotas. ErrInvalid: a malformed number, an amount not above zero, or a block of another
// stage. It does not check that the block was ever leased; the caller must.
func (q *Quotas) Record(ctx context.Context, r wallet.Reservation) (wallet.Reservation, bool, error) {
	if err := checkReservation(r); err != nil {
		return wallet.Reservation{}, false, err
	}
	return q.writes.create(ctx, q.db.shard(r.Order.ActID), q.record, 1, r)
}

func checkReservation(r wallet.Reservation) error {
	if err := r.Order.Validate(); err != nil {
		return err
	}
	if r.Amount <= 0 || r.Block < 0 || r.Block != 0 && stageOf(r.Block) != r.Order.Stage {
		return fmt.Errorf("%w: reservation of %d fen from block %d in %s", wallet.ErrInvalid, int64(r.Amount), r.Block, r.Order.Stage)
	}
	return nil
}

// Find implements wallet.Quotas.
func (q *Quotas) Find(ctx context.Context, no wallet.OrderNo) (r wallet.Reservation, ok bool, err error) {
	for _, query := range []string{q.reservation, q.withOrder} {
		if query == "" {
			continue
		}
		found, err := list(ctx, q.db.shard(no.ActID).ask, q.writes.scan, query+key, keyed(nil, no)...)
		if err != nil {
			return r, false, err
		}
		if len(found) > 0 {
			return found[0], true, nil
		}
	}
	return r, false, nil
}

// Orphan implements wallet.Quotas. It marks the blocks as orphaned first, so that nothing more is leased to them, and
// then closes their fences.
func (q *Quotas) Orphan(ctx context.Context, holder string) error {
	return q.orphan(ctx, holder, q.step)
}

func (q *Quotas) orphan(ctx context.Context, holder string, submit func(ctx context.Context, what any) error) error {
	s := &orphanStep{holder: holder}
	if err := submit(ctx, s); err != nil {
		return err
	}
	if _, err := q.closeAll(ctx, s.out); err != nil {
		return wallet.AsUnknown(err)
	}
	return nil
}

// Reclaim implements wallet.Quotas. ErrInvalid for an unknown stage.
func (q *Quotas) Reclaim(ctx context.Context, s wallet.Stage) (wallet.Money, error) {
	if err := s.Validate(); err != nil {
		return 0, err
	}
	orphaned, err := q.orphanedBlocks(ctx, s)
	if err != nil || len(orphaned) == 0 {
		return 0, err
	}
	granted, err := q.closeAll(ctx, orphaned) // again: the instance that orphaned them may have crashed before it closed them
	if err != nil {
		return 0, err
	}
	c := &closeStep{blocks: orphaned, granted: granted}
	if err := q.step(ctx, c); err != nil {
		return 0, err
	}
	return c.returned, nil
}

// Holders implements wallet.Quotas.
func (q *Quotas) Holders(ctx context.Context) ([]string, error) {
	out, err := list(ctx, q.db.shards[0].ask, scanText, q.holders)
	slices.Sort(out)
	return out, err
}

// Quota implements wallet.Quotas. It reads the shards one after another, reservations first: while instances grant,
// Reserved is slightly older than Leased. ErrInvalid for an unknown stage.
func (q *Quotas) Quota(ctx context.Context, s wallet.Stage) (wallet.Quota, error) {
	if err := s.Validate(); err != nil {
		return wallet.Quota{}, err
	}
	var out wallet.Quota
	granted, sum, err := q.granted(ctx, s)
	if err != nil {
		return wallet.Quota{}, err
	}
	out.Reserved = sum
	orphaned, err := q.orphanedBlocks(ctx, s)
	for _, b := range orphaned {
		out.Orphaned += b.Amount - granted[b.ID]
	}
	return out, errors.Join(err, q.db.shards[0].ask(ctx, strings.TrimSuffix(q.stages, q.db.dialect.lock), nil, func(r *sql.Rows) error {
		var stage wallet.Stage
		var leased wallet.Money
		err := r.Scan(&stage, &leased)
		if stage == s {
			out.Leased = leased
		}
		return err
	}))
}

// granted returns how much every block of a stage has granted, and their sum.
func (q *Quotas) granted(ctx context.Context, s wallet.Stage) (by map[wallet.BlockID]wallet.Money, sum wallet.Money, err error) {
	by = map[wallet.BlockID]wallet.Money{}
	for _, shard := range q.db.shards {
		err := shard.ask(ctx, q.reservedOf, []any{int64(s)}, func(r *sql.Rows) error { return addReserved(r, by, &sum) })
		if err != nil {
			return nil, 0, err
		}
	}
	return by, sum, nil
}

// addReserved adds one row of block, stage and sum to the block's amount and to the total.
func addReserved(r *sql.Rows, granted map[wallet.BlockID]wallet.Money, total *wallet.Money) error {
	var block wallet.BlockID
	var stage wallet.Stage
	var sum wallet.Money
	err := r.Scan(&block, &stage, &sum)
	if err == nil {
		granted[block], err = granted[block].Add(sum)
	}
	if err == nil {
		*total, err = total.Add(sum)
	}
	return err
}

// orphanedBlocks returns the blocks of a stage that are orphaned and not closed.
func (q *Quotas) orphanedBlocks(ctx context.Context, s wallet.Stage) (out []wallet.Block, err error) {
	err = q.db.shards[0].ask(ctx, q.orphaned, nil, func(r *sql.Rows) error {
		var b wallet.Block
		err := r.Scan(&b.ID, &b.Stage, &b.Amount)
		if b.Stage == s {
			out = append(out, b)
		}
		return err
	})
	return out, err
}
