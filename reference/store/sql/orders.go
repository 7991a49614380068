package sqlstore

import (
	"context"
	"fmt"
	"slices"

	"hongbao/reference/wallet"
)

// Orders stores the orders of record, each on the shard of its wallet.
type Orders struct {
	db     *DB
	writes once[wallet.Order]

	create, finish *kind

	finished, get, of, open, count, owners string
}

var (
	_ wallet.Orders      = (*Orders)(nil)
	_ wallet.OpenOrders  = (*Orders)(nil)
	_ wallet.OrderReader = (*Orders)(nil)
)

const orderColumns = "act_id, stage, scene, rain, award, amount, opened, created, state"

// NewOrders returns the orders in db.
func NewOrders(db *DB) *Orders {
	from := "SELECT " + orderColumns + " FROM {p}orders WHERE "
	o := &Orders{db: db,
		finished: db.text("UPDATE {p}orders SET state = ?, place = NULL WHERE state = 0 AND "),
		get:      db.text(from),
		of:       db.text(from + "act_id = ? AND stage = ? ORDER BY scene, rain, award"),
		open: db.text("SELECT " + orderColumns + ", place FROM {p}orders WHERE place >= ? AND place < ? " +
			"ORDER BY place, act_id, stage, scene, rain, award LIMIT ?"),
		count:  db.text("SELECT COUNT(*) FROM {p}orders WHERE place > 0"),
		owners: db.text("SELECT DISTINCT act_id FROM {p}orders WHERE act_id > ? ORDER BY act_id LIMIT ?"),
	}
	o.writes = once[wallet.Order]{
		insert: insertion{db.text("INSERT INTO {p}orders (" + orderColumns + ", place, written) VALUES "), 11, db.dialect.insertIgnore("act_id")},
		find:   db.text("SELECT " + orderColumns + ", written FROM {p}orders WHERE "), key: key,
		args: func(args []any, v wallet.Order) []any {
			return append(keyed(args, v.No), int64(v.Amount), int64(v.Opened), int64(v.Created), int64(v.State), placeOf(v))
		},
		keyArgs: func(args []any, v wallet.Order) []any { return keyed(args, v.No) },
		scan:    scanOrder,
		compare: compareOrders,
	}
	o.create = &kind{rank: rankOrders, apply: o.writes.apply}
	o.finish = &kind{rank: rankOrders + 1, apply: o.applyFinish}
	return o
}

func scanOrder(r rowScanner) (o wallet.Order, err error) {
	err = r.Scan(&o.No.ActID, &o.No.Stage, &o.No.Scene, &o.No.Rain, &o.No.Award, &o.Amount, &o.Opened, &o.Created, &o.State)
	return o, err
}

// Create implements wallet.Orders. ErrInvalid: a malformed number or state, or a creation time before 1970 or after
// 2041. ErrOverloaded and ErrUnavailable: nothing was recorded.
func (o *Orders) Create(ctx context.Context, v wallet.Order) (wallet.Order, bool, error) {
	if err := v.No.Validate(); err != nil {
		return wallet.Order{}, false, err
	}
	if v.State > wallet.OrderMoved || v.Created < 0 || v.Created > lastCreated {
		return wallet.Order{}, false, fmt.Errorf("%w: order of state %d, created at %s", wallet.ErrInvalid, v.State, v.Created)
	}
	return o.writes.create(ctx, o.db.shard(v.No.ActID), o.create, 1, v)
}

// Get implements wallet.Orders.
func (o *Orders) Get(ctx context.Context, nos []wallet.OrderNo) ([]wallet.Order, error) {
	return getAll(ctx, o.db, nos, scanOrder, orderNo, o.get)
}

func orderNo(v wallet.Order) wallet.OrderNo { return v.No }

// byShard returns the numbers by shard, each once, in key order.
func byShard(db *DB, nos []wallet.OrderNo) [][]wallet.OrderNo {
	parts := make([][]wallet.OrderNo, len(db.shards))
	for _, no := range nos {
		s := wallet.ShardOf(no.ActID, len(parts))
		parts[s] = append(parts[s], no)
	}
	for s := range parts {
		slices.SortFunc(parts[s], wallet.OrderNo.Compare)
		parts[s] = slices.Compact(parts[s])
	}
	return parts
}

// finishJob is the job of one Finish call on one shard.
type finishJob struct {
	nos   []wallet.OrderNo // in key order
	state wallet.OrderState
}

// Finish implements wallet.Orders. ErrInvalid for a state that is not final. After any other error some orders may be
// finished: repeat the call.
func (o *Orders) Finish(ctx context.Context, nos []wallet.OrderNo, state wallet.OrderState) error {
	if state != wallet.OrderSettled && state != wallet.OrderVoid {
		return fmt.Errorf("%w: order state %d is not final", wallet.ErrInvalid, state)
	}
	done := false
	for s, part := range byShard(o.db, nos) {
		if len(part) == 0 {
			continue
		}
		if err := o.db.shards[s].do(ctx, o.finish, len(part), &finishJob{part, state}); err != nil {
			if done {
				return wallet.AsUnknown(err)
			}
			return err
		}
		done = true
	}
	return nil
}

// applyFinish updates the orders of all jobs: first those to settle, then those to void. If two concurrent jobs want
// different states for one order, settled wins.
func (o *Orders) applyFinish(ctx context.Context, t *txn, jobs []*job) error {
	for _, state := range []wallet.OrderState{wallet.OrderSettled, wallet.OrderVoid} {
		var nos []wallet.OrderNo
		for _, j := range jobs {
			if f := j.in.(*finishJob); f.state == state {
				nos = append(nos, f.nos...)
			}
		}
		slices.SortFunc(nos, wallet.OrderNo.Compare)
		for condition, args := range lookUps(t.dialect, key, slices.Compact(nos), keyed) {
			if err := t.change(ctx, o.finished+condition, append([]any{int64(state)}, args...)...); err != nil {
				return err
			}
		}
	}
	return nil
}

// Of implements wallet.Orders.
func (o *Orders) Of(ctx context.Context, id wallet.ActID, stage wallet.Stage) ([]wallet.Order, error) {
	return list(ctx, o.db.shard(id).ask, scanOrder, o.of, int64(id), int64(stage))
}

// Orders implements wallet.OrderReader; orders of one owner come in order of their numbers. It reads one page of
// wallets at a time; each page is from its own point in time.
func (o *Orders) Orders(ctx context.Context, yield func(wallet.Order) bool) error {
	return eachOwner(ctx, o.db, o.owners, rowsOf(scanOrder, o.get+"act_id BETWEEN ? AND ? ORDER BY act_id, stage, scene, rain, award"),
		func(v wallet.Order) int64 { return int64(v.No.ActID) }, yield)
}
