// Package reconcile compares the sides that hold the same money (F3–F5): orders of record ↔ tokens ↔ ledger ↔ budget.
// Every difference is typed, counted and listed.
//
// It reads the books and changes nothing. The books are read side by side, one wallet at a time, so that memory does
// not grow with the festival.
package reconcile

import (
	"context"
	"iter"

	"hongbao/reference/wallet"
)

// MaxListed bounds the differences that a report lists; all are counted.
const MaxListed = 10_000

// Books are the sides.
type Books struct {
	Orders wallet.OrderBook
	Tokens wallet.TokenBook // nil where the strategy has none
	Ledger wallet.LedgerBook
	Spent  func(ctx context.Context, s wallet.Stage) (wallet.Money, error)
}

// Report is what a reconciliation found.
type Report struct {
	Wallets     int64 // compared
	Orders      int64
	Entries     int64
	Count       int64               // differences
	Differences []wallet.Difference // the first MaxListed
}

// run is one reconciliation under way.
type run struct {
	report  Report
	late    wallet.Instant
	orders  [wallet.Stages + 1]wallet.Money // by stage, void ones left out
	granted [wallet.Stages + 1]wallet.Money // by stage, in the ledger
}

// Run compares all sides. Open orders created before late count as differences. Errors are the books'.
func Run(ctx context.Context, b Books, late wallet.Instant) (Report, error) {
	var failed error
	orders, stop1 := pull(func(y func(wallet.Order) bool) error { return b.Orders.Orders(ctx, y) }, &failed)
	defer stop1()
	entries, stop2 := pull(func(y func(wallet.Entry) bool) error { return b.Ledger.Entries(ctx, y) }, &failed)
	defer stop2()
	tokens, stop3 := pull(func(y func(wallet.Token) bool) error {
		if b.Tokens == nil {
			return nil
		}
		return b.Tokens.Tokens(ctx, y)
	}, &failed)
	defer stop3()

	r := &run{late: late}
	var w oneWallet
	for {
		id, ok := least(orders, tokens, entries)
		if !ok || failed != nil {
			break
		}
		w.take(id, orders, tokens, entries)
		r.wallet(&w)
	}
	if failed != nil {
		return Report{}, failed
	}
	for s := wallet.InternalTest; s <= wallet.Official; s++ {
		spent, err := b.Spent(ctx, s)
		if err != nil {
			return Report{}, err
		}
		if spent != r.orders[s] {
			r.add(wallet.Difference{Kind: wallet.AmountOff, Sides: "orders/budget " + s.String(), Want: r.orders[s], Got: spent})
		}
		if spent != r.granted[s] {
			r.add(wallet.Difference{Kind: wallet.AmountOff, Sides: "budget/ledger " + s.String(), Want: spent, Got: r.granted[s]})
		}
	}
	return r.report, nil
}

// add counts a difference and lists it while there is room.
func (r *run) add(d wallet.Difference) {
	r.report.Count++
	if len(r.report.Differences) < MaxListed {
		r.report.Differences = append(r.report.Differences, d)
	}
}

// book is one side, read one line ahead.
type book[T any] struct {
	head T
	ok   bool
	next func() (T, bool)
}

// pull reads a book line by line.
func pull[T any](read func(yield func(T) bool) error, failed *error) (*book[T], func()) {
	next, stop := iter.Pull(func(yield func(T) bool) {
		if err := read(yield); err != nil {
			*failed = err
		}
	})
	b := &book[T]{next: next}
	b.head, b.ok = next()
	return b, stop
}

// advance goes on to the next line.
func (b *book[T]) advance() { b.head, b.ok = b.next() }
