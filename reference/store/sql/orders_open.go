package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"math"
	"slices"

	"hongbao/reference/wallet"
)

// An open order has a place in the list: its instant of creation and, below it, some bits of its number. So the places
// of all shards are one order, which neither inserts nor finished orders shift, and a place fits in 64 bits.
const (
	placeBits   = 12
	lastCreated = wallet.Instant(math.MaxInt64 >> placeBits)
)

// placeOf returns the place of an order, above 0, or nil when its state is final.
func placeOf(o wallet.Order) any {
	if o.State != wallet.OrderOpen {
		return nil
	}
	return placeAt(o.Created, o.No)
}

// placeAt returns the place of a number at an instant.
func placeAt(at wallet.Instant, no wallet.OrderNo) int64 {
	h := uint64(14695981039346656037) // FNV-1a over the parts of the number
	for _, part := range []uint64{uint64(no.ActID), uint64(no.Rain), uint64(no.Award), uint64(no.Stage)} {
		h = (h ^ part) * 1099511628211
	}
	for i := range len(no.Scene) {
		h = (h ^ uint64(no.Scene[i])) * 1099511628211
	}
	return int64(at)<<placeBits | int64(1+(h>>20)%(1<<placeBits-1))
}

// placed is a record with its place.
type placed[V any] struct {
	v     V
	place int64
}

// Open implements wallet.OpenOrders. Oldest means created first; instances' clocks may disagree. Should more than
// limit orders share a place, which takes as many numbers created in one microsecond, the rest of them waits until the
// first ones are settled.
func (o *Orders) Open(ctx context.Context, before wallet.Instant, from wallet.OpenPlace, limit int) ([]wallet.Order, wallet.OpenPlace, error) {
	if limit <= 0 || before <= 0 {
		return nil, 0, nil
	}
	end := int64(math.MaxInt64)
	if before <= lastCreated {
		end = int64(before) << placeBits
	}
	var all []placed[wallet.Order]
	for _, s := range o.db.shards {
		err := s.ask(ctx, o.open, []any{int64(from), end, int64(limit) + 1}, func(r *sql.Rows) (err error) {
			var p placed[wallet.Order]
			p.v, err = scanOrder(r, &p.place)
			all = append(all, p)
			return err
		})
		if err != nil {
			return nil, 0, err
		}
	}
	slices.SortStableFunc(all, func(a, b placed[wallet.Order]) int {
		return cmp.Or(cmp.Compare(a.place, b.place), a.v.No.Compare(b.v.No))
	})
	page, next := cut(all, limit)
	var out []wallet.Order
	for _, p := range page {
		out = append(out, p.v)
	}
	return out, wallet.OpenPlace(next), nil
}

// cut returns the first limit of all at most, and the place to go on from. Those of one place stay together, so that
// the place to go on from passes none by and none comes twice.
func cut[V any](all []placed[V], limit int) (page []placed[V], next int64) {
	if len(all) <= limit {
		return all, 0
	}
	next = all[limit].place
	n := limit
	for n > 0 && all[n-1].place == next {
		n--
	}
	if n == 0 {
		return all[:limit], next + 1
	}
	return all[:n], next
}

// OpenCount implements wallet.OpenOrders. It counts the rows of an index: some tenths of a second a million.
func (o *Orders) OpenCount(ctx context.Context) (int64, error) {
	total := int64(0)
	for _, s := range o.db.shards {
		err := s.ask(ctx, o.count, nil, func(r *sql.Rows) error {
			var n int64
			err := r.Scan(&n)
			total += n
			return err
		})
		if err != nil {
			return 0, err
		}
	}
	return total, nil
}
