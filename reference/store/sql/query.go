package sqlstore

import (
	"context"
	"database/sql"
	"iter"
	"slices"

	"hongbao/reference/wallet"
)

// asker runs a query and calls scan for each row: shard.ask, or txn.query within a transaction.
type asker func(ctx context.Context, query string, args []any, scan func(*sql.Rows) error) error

// rowScanner reads the columns of one row.
type rowScanner interface{ Scan(dest ...any) error }

// rowWith is a row with more columns behind those that a record's scan function reads.
type rowWith struct {
	rowScanner
	more []any
}

// Scan implements rowScanner.
func (r rowWith) Scan(dest ...any) error { return r.rowScanner.Scan(append(dest, r.more...)...) }

// list returns the records that a query finds.
func list[V any](ctx context.Context, ask asker, scan func(rowScanner) (V, error), query string, args ...any) (out []V, err error) {
	err = ask(ctx, query, args, func(r *sql.Rows) error {
		v, err := scan(r)
		out = append(out, v)
		return err
	})
	return out, err
}

// onAllShards returns what read finds on each shard, in the order of the shards.
func onAllShards[V any](db *DB, read func(s *shard) ([]V, error)) (out []V, err error) {
	for _, s := range db.shards {
		found, err := read(s)
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	return out, nil
}

// readOne reads the columns of the row that a query finds into dest, and returns whether it exists.
func readOne(ctx context.Context, ask asker, query string, args []any, dest ...any) (found bool, err error) {
	err = ask(ctx, query, args, func(r *sql.Rows) error {
		found = true
		return r.Scan(dest...)
	})
	return found, err
}

// scanText reads a row of one text.
func scanText(r rowScanner) (string, error) {
	var text []byte
	err := r.Scan(&text)
	return string(text), err
}

// scanNumber reads a row of one number.
func scanNumber(r rowScanner) (n int64, err error) {
	err = r.Scan(&n)
	return n, err
}

// lookUps divides keys into statements of at most lookUpAtOnce: it yields the condition that a row has one of the keys,
// and its arguments. keyArgs appends those of one key.
func lookUps[K any](d *dialect, condition string, all []K, keyArgs func(args []any, k K) []any) iter.Seq2[string, []any] {
	return func(yield func(string, []any) bool) {
		for part := range slices.Chunk(all, lookUpAtOnce) {
			n := padded(d, len(part))
			var args []any
			for i := range n {
				args = keyArgs(args, part[min(i, len(part)-1)])
			}
			if !yield("("+anyOf(condition, n)+")", args) {
				return
			}
		}
	}
}

// recorded adds the records of the given numbers to found. The query ends before the condition; tail comes after it.
func addRecorded[V any](ctx context.Context, d *dialect, ask asker, found map[wallet.OrderNo]V, nos []wallet.OrderNo,
	scan func(rowScanner) (V, error), no func(V) wallet.OrderNo, query, tail string) error {
	for condition, args := range lookUps(d, key, nos, keyed) {
		records, err := list(ctx, ask, scan, query+condition+tail, args...)
		if err != nil {
			return err
		}
		for _, v := range records {
			found[no(v)] = v
		}
	}
	return nil
}

// getAll returns the records of the given numbers, in their order; the zero record for an unknown number.
func getAll[V any](ctx context.Context, db *DB, nos []wallet.OrderNo, scan func(rowScanner) (V, error), no func(V) wallet.OrderNo, query string) ([]V, error) {
	found := make(map[wallet.OrderNo]V, len(nos))
	for s, part := range byShard(db, nos) {
		if err := addRecorded(ctx, db.dialect, db.shards[s].ask, found, part, scan, no, query, ""); err != nil {
			return nil, err
		}
	}
	out := make([]V, len(nos))
	for i, no := range nos {
		out[i] = found[no]
	}
	return out, nil
}
