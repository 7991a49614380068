package sqlstore

import (
	"cmp"
	"context"
	"math"
	"slices"

	"hongbao/reference/wallet"
)

// An open record has a place in its list: a time (of its creation, or since when it waits) in the high bits, and a
// hash of its number in the low ones. So the places of all shards form one order, which neither inserts nor finished
// records shift, and a place fits in 64 bits.
const (
	placeBits   = 12
	lastCreated = wallet.Instant(math.MaxInt64 >> placeBits)
)

// placeAt returns the place of a number at a time.
func placeAt(at wallet.Instant, no wallet.OrderNo) int64 {
	h := hashed(uint64(no.ActID), uint64(no.Rain), uint64(no.Award), uint64(no.Stage))
	for i := range len(no.Scene) {
		h = (h ^ uint64(no.Scene[i])) * hashPrime
	}
	return place(at, h)
}

// placeAsked returns the place of an account's request.
func placeAsked(at wallet.Instant, a wallet.Account, request int64) int64 {
	return place(min(max(at, 0), lastCreated), hashed(uint64(a.Family), uint64(a.User), uint64(request)))
}

// place returns the place, above 0, of a time and a hash.
func place(at wallet.Instant, h uint64) int64 {
	return int64(at)<<placeBits | int64(1+(h>>20)%(1<<placeBits-1))
}

// placesBefore returns the upper bound of all places before a time.
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

// listing is a list in place order, over all shards.
type listing[V any] struct {
	query   string // selects the first ones by place, with the place after the record
	scan    func(r rowScanner) (V, error)
	compare func(a, b V) int // by number
}

// page returns at most limit records of the list, and the place to continue from; 0 means that there are no more. The
// last of args must be limit+1. If more than limit records share a place (that many numbers of one microsecond), the
// rest waits for the next walk.
func (l listing[V]) page(ctx context.Context, db *DB, limit int, args ...any) ([]V, wallet.ScanCursor, error) {
	all, err := onAllShards(db, func(s *shard) ([]placed[V], error) {
		return list(ctx, s.ask, func(r rowScanner) (p placed[V], err error) {
			p.v, err = l.scan(rowWith{r, []any{&p.place}})
			return p, err
		}, l.query, args...)
	})
	if err != nil {
		return nil, 0, err
	}
	out, next := firstPlaced(all, limit, l.compare)
	return out, next, nil
}

// firstPlaced returns at most the first limit of all, in place order, and the place to continue from.
func firstPlaced[V any](all []placed[V], limit int, compare func(a, b V) int) ([]V, wallet.ScanCursor) {
	slices.SortStableFunc(all, func(a, b placed[V]) int { return cmp.Or(cmp.Compare(a.place, b.place), compare(a.v, b.v)) })
	page, next := cut(all, limit)
	var out []V
	for _, p := range page {
		out = append(out, p.v)
	}
	return out, wallet.ScanCursor(next)
}

// cut returns at most the first limit of all, and the place to continue from. Records of one place stay together, so
// that continuing neither skips nor repeats any.
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
