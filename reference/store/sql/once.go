package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// once writes records that are written once and stay: what is there already is left alone, and whoever asked is told
// of it. The common case is one INSERT of many rows and nothing else. When some rows were there, the transaction's
// number, which is in every row, tells which.
type once[V any] struct {
	insert  insertion                                   // the last column is the transaction's number
	find    string                                      // SELECT of all columns but the key's condition
	key     string                                      // the condition of one record
	args    func(args []any, v V) []any                 // appends all columns but the number
	keyArgs func(args []any, v V) []any                 // appends the key's columns
	scan    func(r *sql.Rows, number ...any) (V, error) // reads all columns, the number into what it is given
	compare func(a, b V) int                            // by key, as the database orders it
}

// asked is one record that a job wants to be written, and what became of it.
type asked[V any] struct {
	want  V
	got   V // on record
	isNew bool
	job   *job
}

// askedOf returns the jobs' requests in the order of their keys; of two with one key, the one that came first is first.
func (o *once[V]) askedOf(jobs []*job) []*asked[V] {
	all := make([]*asked[V], len(jobs))
	for i, j := range jobs {
		all[i] = j.in.(*asked[V])
		all[i].job = j
	}
	slices.SortStableFunc(all, func(a, b *asked[V]) int { return o.compare(a.want, b.want) })
	return all
}

// apply writes the jobs' records.
func (o *once[V]) apply(ctx context.Context, t *txn, jobs []*job) error {
	return o.write(ctx, t, o.askedOf(jobs))
}

// write writes records, which are in the order of their keys.
func (o *once[V]) write(ctx context.Context, t *txn, all []*asked[V]) error {
	firsts := make([]*asked[V], 0, len(all)) // of each key
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

// lookUp tells of records, all of which are there, what they say and whether this transaction has written them.
func (o *once[V]) lookUp(ctx context.Context, t *txn, all []*asked[V], number int64) error {
	found, err := o.found(ctx, t, all, number)
	if err == nil && found < len(all) {
		return fmt.Errorf("%w: %d of %d rows are there", errAgain, found, len(all))
	}
	return err
}

// found tells of those records that are there, and returns how many are.
func (o *once[V]) found(ctx context.Context, t *txn, all []*asked[V], number int64) (int, error) {
	n := 0
	for part := range slices.Chunk(all, lookUpAtOnce) {
		var args []any
		size := padded(t.dialect, len(part))
		for i := range size {
			args = o.keyArgs(args, part[min(i, len(part)-1)].want)
		}
		err := t.query(ctx, o.find+anyOf(o.key, size), args, func(r *sql.Rows) error {
			var by int64
			v, err := o.scan(r, &by)
			if err != nil {
				return err
			}
			i, ok := slices.BinarySearchFunc(part, v, func(a *asked[V], v V) int { return o.compare(a.want, v) })
			if !ok {
				return fmt.Errorf("sql: asked for %d rows and was told of another", len(part))
			}
			part[i].got, part[i].isNew = v, by == number
			n++
			return nil
		})
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// change runs an UPDATE or DELETE whose text recurs.
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
