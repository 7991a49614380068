package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"hongbao/reference/wallet"
)

// advanceItemsJob is the job of one Advance call on one shard.
type advanceItemsJob struct {
	want []wallet.Item
	got  []wallet.Item // as recorded afterwards; zero if it does not exist
}

// Advance implements wallet.Items. ErrInvalid as in Create, or for more than MaxAdvance items: nothing is changed
// then. ErrOverloaded and ErrUnavailable: nothing was changed.
func (s *Items) Advance(ctx context.Context, items []wallet.Item) ([]wallet.Item, error) {
	if len(items) > wallet.MaxAdvance {
		return nil, fmt.Errorf("%w: %d items to advance at once", wallet.ErrInvalid, len(items))
	}
	parts := make([]advanceItemsJob, len(s.db.shards))
	at := make([][]int, len(s.db.shards))
	for i, v := range items {
		if err := checkItem(v); err != nil {
			return nil, err
		}
		n := wallet.ShardOf(v.No.ActID, len(parts))
		parts[n].want, at[n] = append(parts[n].want, v), append(at[n], i)
	}
	out, done := make([]wallet.Item, len(items)), false
	for n := range parts {
		if len(at[n]) == 0 {
			continue
		}
		if err := s.db.shards[n].do(ctx, s.advance, len(at[n]), &parts[n]); err != nil {
			if done {
				return nil, wallet.AsUnknown(err)
			}
			return nil, err
		}
		for i, v := range parts[n].got {
			out[at[n][i]] = v
		}
		done = true
	}
	return out, nil
}

// applyAdvance reads and locks the items of all jobs, decides which state changes are valid, and writes those.
func (s *Items) applyAdvance(ctx context.Context, t *txn, jobs []*job) error {
	var nos []wallet.OrderNo
	for _, j := range jobs {
		for _, v := range j.in.(*advanceItemsJob).want {
			nos = append(nos, v.No)
		}
	}
	slices.SortFunc(nos, wallet.OrderNo.Compare)
	nos = slices.Compact(nos)
	now, err := s.lock(ctx, t, nos)
	if err != nil {
		return err
	}
	changed := map[wallet.OrderNo]bool{}
	for _, j := range jobs {
		a := j.in.(*advanceItemsJob)
		a.got = make([]wallet.Item, len(a.want))
		for i, v := range a.want {
			was, there := now[v.No]
			if there && was.State.Follows(v.State) {
				v.Asked, v.Account, v.Opened, v.Created = was.Asked, was.Account, was.Opened, was.Created
				now[v.No], changed[v.No] = v, true
			}
			a.got[i] = now[v.No]
		}
	}
	nos = slices.DeleteFunc(nos, func(no wallet.OrderNo) bool { return !changed[no] })
	return t.insert(ctx, s.replace, len(nos), func(i int, args []any) []any {
		return append(itemArgs(args, now[nos[i]]), 0)
	}, nil)
}

// lock returns the existing items and locks them until the transaction ends.
func (s *Items) lock(ctx context.Context, t *txn, nos []wallet.OrderNo) (map[wallet.OrderNo]wallet.Item, error) {
	found := make(map[wallet.OrderNo]wallet.Item, len(nos))
	err := addRecorded(ctx, t.dialect, t.query, found, nos, scanItem, itemNo, s.get, t.dialect.lock)
	return found, err
}

// itemPlace returns the place of an item in the list of its state, computed as for an open order from the time of its
// last change or its expiry; nil if the item waits for nothing.
func itemPlace(i wallet.Item) any {
	switch {
	case i.State.Final(), i.State == wallet.ItemSettled && i.Expires == wallet.Never:
		return nil
	case i.State == wallet.ItemSettled:
		return placeAt(min(i.Expires, lastCreated), i.No)
	}
	return placeAt(i.Changed, i.No)
}

// Due implements wallet.Items. Oldest means changed first; the clocks of instances may disagree. If more than
// limit items share a place (that many numbers changed in one microsecond), the rest waits for the next walk.
func (s *Items) Due(ctx context.Context, state wallet.ItemState, before wallet.Instant, from wallet.ScanCursor, limit int) ([]wallet.Item, wallet.ScanCursor, error) {
	if limit <= 0 || before <= 0 {
		return nil, 0, nil
	}
	list := listing[wallet.Item]{s.list, scanItem, compareItems}
	return list.page(ctx, s.db, limit, int64(state), int64(from), placesBefore(before), limit+1)
}

func compareItems(a, b wallet.Item) int { return a.No.Compare(b.No) }

// Count implements wallet.Items. It counts the rows of an index: some tenths of a second per million.
func (s *Items) Count(ctx context.Context, stage wallet.Stage) (map[wallet.ItemState]int64, error) {
	out := map[wallet.ItemState]int64{}
	for _, on := range s.db.shards {
		err := on.ask(ctx, s.count, []any{int64(stage)}, func(r *sql.Rows) error {
			var state wallet.ItemState
			var n int64
			err := r.Scan(&state, &n)
			out[state] += n
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}
