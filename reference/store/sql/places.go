package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"math"
	"slices"

	"hongbao/reference/wallet"
)

// What is open has a place in its list: an instant, that of its creation or the one it waits since, and below it some bits
// of its number. So the places of all shards are one order, which neither inserts nor what is finished shift, and a place
// fits in 64 bits.
const (
	placeBits   = 12
	lastCreated = wallet.Instant(math.MaxInt64 >> placeBits)
)

// placeAt returns the place of a number at an instant.
func placeAt(at wallet.Instant, no wallet.OrderNo) int64 {
	h := hashed(uint64(no.ActID), uint64(no.Rain), uint64(no.Award), uint64(no.Stage))
	for i := range len(no.Scene) {
		h = (h ^ uint64(no.Scene[i])) * hashPrime
	}
	return place(at, h)
}

// placeAsked returns the place of what an account asked for under a request number.
func placeAsked(at wallet.Instant, a wallet.Account, request int64) int64 {
	return place(min(max(at, 0), lastCreated), hashed(uint64(a.Family), uint64(a.User), uint64(request)))
}

// place returns the place, above 0, of what hashes to h.
func place(at wallet.Instant, h uint64) int64 {
	return int64(at)<<placeBits | int64(1+(h>>20)%(1<<placeBits-1))
}

// placesBefore returns the place that all of before an instant are below.
func placesBefore(at wallet.Instant) int64 {
	if at > lastCreated {
		return math.MaxInt64
	}
	return int64(max(at, 0)) << placeBits
}

const hashPrime = 1099511628211

// hashed is FNV-1a over the parts of a number.
func hashed(parts ...uint64) uint64 {
	h := uint64(14695981039346656037)
	for _, part := range parts {
		h = (h ^ part) * hashPrime
	}
	return h
}

// placed is a record with its place.
type placed[V any] struct {
	v     V
	place int64
}

// listing is a list in the order of places, over all shards.
type listing[V any] struct {
	query   string // of the first ones by place, with the place after the record
	scan    func(r *sql.Rows, more ...any) (V, error)
	compare func(a, b V) int // of numbers
}

// page returns at most limit of the list, and the place to go on from; 0: there are no more. The query is asked for one
// more than that with limit+1 as the last of args. Should more than limit share a place, which takes as many numbers of one
// microsecond, the rest of them waits for the next walk.
func (l listing[V]) page(ctx context.Context, db *DB, limit int, args ...any) ([]V, wallet.OpenPlace, error) {
	var all []placed[V]
	for _, s := range db.shards {
		err := s.ask(ctx, l.query, args, func(r *sql.Rows) (err error) {
			var p placed[V]
			p.v, err = l.scan(r, &p.place)
			all = append(all, p)
			return err
		})
		if err != nil {
			return nil, 0, err
		}
	}
	out, next := firstPlaced(all, limit, l.compare)
	return out, next, nil
}

// firstPlaced returns the first limit of all at most, in the order of their places, and the place to go on from.
func firstPlaced[V any](all []placed[V], limit int, compare func(a, b V) int) ([]V, wallet.OpenPlace) {
	slices.SortStableFunc(all, func(a, b placed[V]) int { return cmp.Or(cmp.Compare(a.place, b.place), compare(a.v, b.v)) })
	page, next := cut(all, limit)
	var out []V
	for _, p := range page {
		out = append(out, p.v)
	}
	return out, wallet.OpenPlace(next)
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
