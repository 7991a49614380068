package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// once writes records that are written once and never changed: an existing record is left alone and returned to the
// caller. The common case is one INSERT of many rows and nothing else. When some rows existed, the transaction's
// number, which is in every row, shows which.
type once[V any] struct {
	insert  insertion                     // the last column is the transaction's number
	find    string                        // SELECT of all columns, without the key's condition
	key     string                        // the condition that selects one record
	args    func(args []any, v V) []any   // appends all columns but the number
	keyArgs func(args []any, v V) []any   // appends the key's columns
	scan    func(r rowScanner) (V, error) // reads all columns but the number
	compare func(a, b V) int              // by key, in the database's order
}

// writeRequest is one record that a job wants to write, and the result.
type writeRequest[V any] struct {
	want  V
	got   V // as recorded
	isNew bool
	job   *job
}

// create writes one record on a shard by a job of kind k, whose apply is that of o, and returns the record that exists
// then.
func (o *once[V]) create(ctx context.Context, s *shard, k *kind, rows int, want V) (got V, isNew bool, err error) {
	a := &writeRequest[V]{want: want}
	if err := s.do(ctx, k, rows, a); err != nil {
		return got, false, err // the committer still owns a
	}
	return a.got, a.isNew, nil
}

// requestsOf returns the jobs' requests in key order; of two with the same key, the earlier one is first.
func (o *once[V]) requestsOf(jobs []*job) []*writeRequest[V] {
	all := make([]*writeRequest[V], len(jobs))
	for i, j := range jobs {
		all[i] = j.in.(*writeRequest[V])
		all[i].job = j
	}
	slices.SortStableFunc(all, func(a, b *writeRequest[V]) int { return o.compare(a.want, b.want) })
	return all
}

// apply writes the jobs' records.
func (o *once[V]) apply(ctx context.Context, t *txn, jobs []*job) error {
	return o.write(ctx, t, o.requestsOf(jobs))
}

// write writes records, which must be in key order.
func (o *once[V]) write(ctx context.Context, t *txn, all []*writeRequest[V]) error {
	firsts := make([]*writeRequest[V], 0, len(all)) // of each key
	for i, a := range all {
		if i == 0 || o.compare(a.want, all[i-1].want) != 0 {
			firsts = append(firsts, a)
		}
	}
	number := rand.Int64()
	err := t.insert(ctx, o.insert, len(firsts), func(i int, args []any) []any {
		return append(o.args(args, firsts[i].want), number)
	}, func(from, to int, affected int64) error {
		if affected != int64(to-from) {
			return o.lookUp(ctx, t, firsts[from:to], number)
		}
		for _, a := range firsts[from:to] {
			a.got, a.isNew = a.want, true
		}
		return nil
	})
	if err != nil {
		return err
	}
	for i, a := range all {
		if i > 0 && o.compare(a.want, all[i-1].want) == 0 {
			a.got, a.isNew = all[i-1].got, false
		}
	}
	return nil
}

// lookUp reads records, all of which exist, and whether this transaction has written them.
func (o *once[V]) lookUp(ctx context.Context, t *txn, all []*writeRequest[V], number int64) error {
	found, err := o.found(ctx, t, all, number)
	if err == nil && found < len(all) {
		return fmt.Errorf("%w: %d of %d rows exist", errAgain, found, len(all))
	}
	return err
}

// found reads the records that exist and returns their number.
func (o *once[V]) found(ctx context.Context, t *txn, all []*writeRequest[V], number int64) (int, error) {
	n := 0
	keyArgs := func(args []any, a *writeRequest[V]) []any { return o.keyArgs(args, a.want) }
	for condition, args := range lookUps(t.dialect, o.key, all, keyArgs) {
		err := t.query(ctx, o.find+condition, args, func(r *sql.Rows) error {
			var by int64
			v, err := o.scan(rowWith{r, []any{&by}})
			if err != nil {
				return err
			}
			i, ok := slices.BinarySearchFunc(all, v, func(a *writeRequest[V], v V) int { return o.compare(a.want, v) })
			if !ok {
				return fmt.Errorf("sql: looked up %d rows and got a different one", len(all))
			}
			all[i].got, all[i].isNew = v, by == number
			n++
			return nil
		})
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// change runs an UPDATE or DELETE with recurring text.
func (t *txn) change(ctx context.Context, query string, args ...any) error {
	stmt, err := t.prepared(ctx, query)
	if err != nil {
		return err
	}
	if stmt == nil {
		_, err = t.exec(ctx, query, args...)
		return err
	}
	_, err = stmt.ExecContext(ctx, args...)
	return err
}

// anyOf returns the condition that one of n conditions holds.
func anyOf(condition string, n int) string {
	return strings.TrimSuffix(strings.Repeat("("+condition+") OR ", n), " OR ")
}
