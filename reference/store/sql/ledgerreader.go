package sqlstore

import (
	"cmp"
	"context"
	"math"
	"slices"

	"hongbao/reference/wallet"
)

// readerPage is the number of wallets that a reader scans per query and shard: some thousands of rows.
const readerPage = 256

// Entries implements wallet.LedgerReader; entries of one owner come in the order in which they were written. It reads
// one page of wallets at a time; each page is from its own point in time, so sums over all pages are exact only while
// nothing is written.
func (l *Ledger) Entries(ctx context.Context, yield func(wallet.Entry) bool) error {
	return eachOwner(ctx, l.db, l.owners, func(ctx context.Context, s *shard, first, last int64) ([]wallet.Entry, error) {
		page, err := list(ctx, s.ask, scanGrant, l.grantRows, first, last)
		if err != nil {
			return nil, err
		}
		legs, err := list(ctx, s.ask, scanLeg, l.legRows, first, last)
		page = append(page, legs...)
		slices.SortStableFunc(page, func(a, b wallet.Entry) int {
			return cmp.Or(cmp.Compare(a.Account.Owner, b.Account.Owner), cmp.Compare(a.Posted, b.Posted))
		})
		return page, err
	}, func(e wallet.Entry) int64 { return e.Account.Owner }, yield)
}

func scanGrant(r rowScanner) (wallet.Entry, error) {
	var no wallet.OrderNo
	var amount wallet.Money
	var opened, posted wallet.Instant
	err := r.Scan(&no.ActID, &no.Stage, &no.Scene, &no.Rain, &no.Award, &amount, &opened, &posted)
	return grant(no, amount, opened, posted), err
}

func scanLeg(r rowScanner) (e wallet.Entry, err error) {
	var of moveKey
	a := &e.Account
	err = r.Scan(append(append([]any{&a.Owner, &a.Kind, &a.Stage, &e.Amount}, of.columns()...), &e.Posted)...)
	e.Transfer = of.no()
	return e, err
}

// Balances implements wallet.LedgerReader. A cost account is summed over the shards and listed even if it is zero. The
// transit accounts are summed to one per stage, which is listed while transfers between shards are in progress.
func (l *Ledger) Balances(ctx context.Context, yield func(wallet.AccountNo, wallet.Money) bool) error {
	common, err := l.common(ctx)
	if err != nil {
		return err
	}
	for _, b := range common {
		if !yield(b.Account, b.Amount) {
			return nil
		}
	}
	return eachOwner(ctx, l.db, l.owners, rowsOf(scanBalance, l.balances), func(b wallet.Leg) int64 { return b.Account.Owner },
		func(b wallet.Leg) bool { return yield(b.Account, b.Amount) })
}

// common returns the balances of the accounts that have no owner, cost accounts first.
func (l *Ledger) common(ctx context.Context) ([]wallet.Leg, error) {
	var out []wallet.Leg
	for stage := wallet.InternalTest; stage <= wallet.Official; stage++ {
		for sub := range int64(l.costs) {
			out = append(out, wallet.Leg{Account: wallet.AccountNo{Kind: wallet.CostAccount, Stage: stage, Owner: sub}})
		}
	}
	costs := len(out)
	for stage := wallet.InternalTest; stage <= wallet.Official; stage++ {
		out = append(out, wallet.Leg{Account: wallet.AccountNo{Kind: wallet.TransitAccount, Stage: stage}})
	}
	for _, s := range l.db.shards {
		balances, err := list(ctx, s.ask, scanBalance, l.balances, math.MinInt64, -1)
		if err != nil {
			return nil, err
		}
		for _, b := range balances {
			i := slices.IndexFunc(out, func(o wallet.Leg) bool { return o.Account == b.Account })
			if i < 0 { // a sub-account from a time when there were more of them
				i, costs = costs, costs+1
				out = slices.Insert(out, i, wallet.Leg{Account: b.Account})
			}
			if out[i].Amount, err = out[i].Amount.Add(b.Amount); err != nil {
				return nil, err
			}
		}
	}
	return slices.DeleteFunc(out, func(b wallet.Leg) bool { return b.Account.Kind == wallet.TransitAccount && b.Amount == 0 }), nil
}

// walker reads one shard's records, one page of wallets at a time.
type walker[T any] struct {
	shard *shard
	page  []T
	last  int64 // owner that was read last
	ended bool
}

// readRange reads the records of the owners from first to last on a shard.
type readRange[T any] func(ctx context.Context, s *shard, first, last int64) ([]T, error)

// rowsOf returns a readRange of one record per row.
func rowsOf[T any](scan func(rowScanner) (T, error), query string) readRange[T] {
	return func(ctx context.Context, s *shard, first, last int64) ([]T, error) {
		return list(ctx, s.ask, scan, query, first, last)
	}
}

// eachOwner merges the records of the wallets of all shards, by ascending owner. The query owners lists the owners
// above one, at most a given number.
func eachOwner[T any](ctx context.Context, db *DB, owners string, read readRange[T], owner func(T) int64, yield func(T) bool) error {
	walkers := make([]walker[T], len(db.shards))
	for i, s := range db.shards {
		walkers[i].shard = s
	}
	for {
		var next *walker[T]
		for i := range walkers {
			w := &walkers[i]
			for len(w.page) == 0 && !w.ended {
				if err := fill(ctx, w, owners, read); err != nil {
					return err
				}
			}
			if len(w.page) > 0 && (next == nil || owner(w.page[0]) < owner(next.page[0])) {
				next = w
			}
		}
		if next == nil {
			return nil
		}
		for of := owner(next.page[0]); len(next.page) > 0 && owner(next.page[0]) == of; next.page = next.page[1:] {
			if !yield(next.page[0]) {
				return nil
			}
		}
	}
}

// fill reads the walker's next page.
func fill[T any](ctx context.Context, w *walker[T], owners string, read readRange[T]) error {
	ids, err := list(ctx, w.shard.ask, scanNumber, owners, w.last, readerPage)
	if err != nil {
		return err
	}
	w.ended = len(ids) < readerPage
	if len(ids) == 0 {
		return nil
	}
	w.last = ids[len(ids)-1]
	w.page, err = read(ctx, w.shard, ids[0], w.last)
	return err
}
