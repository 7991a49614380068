// Package reconcile compares the records of the same money (F3–F5): orders of record ↔ tokens ↔ ledger ↔ budget. Every
// difference is typed, counted and listed.
//
// It reads the sources and changes nothing. It reads them in parallel, one wallet at a time, so that memory does not grow
// with the festival. Changes during the read appear as differences: read sources that do not change, or a snapshot. An open
// order that is not old yet is never a difference, whichever of its steps are done.
package reconcile

import (
	"cmp"
	"context"
	"fmt"
	"iter"

	"hongbao/reference/wallet"
)

// maxListed bounds the differences that a report lists; all are counted.
const maxListed = 10_000

// The pairs of sides, as Difference.Sides has them. Those of the budget are followed by a blank and the stage.
const (
	ordersLedger = "orders/ledger"
	ordersTokens = "orders/tokens"
	tokensLedger = "tokens/ledger"
	ordersBudget = "orders/budget"
	budgetLedger = "budget/ledger"
)

// Sources are the sides.
type Sources struct {
	Orders wallet.OrderReader
	Tokens wallet.TokenReader // nil where the strategy has none
	Ledger wallet.LedgerReader
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
	report Report
	late   wallet.Instant
	err    error // of a sum

	// By stage:
	orders   [wallet.Stages + 1]wallet.Money // on record, void ones left out
	open     [wallet.Stages + 1]wallet.Money // of orders: may have been taken from the budget or not
	unposted [wallet.Stages + 1]wallet.Money // of open: without an entry
	granted  [wallet.Stages + 1]wallet.Money // in the ledger
}

// Run compares all sources. Open orders created before late count as differences. Errors are the sources', and
// wallet.ErrOverflow if a sum overflows.
func Run(ctx context.Context, b Sources, late wallet.Instant) (Report, error) {
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
	for s := wallet.InternalTest; s <= wallet.Official; s++ {
		spent, err := b.Spent(ctx, s)
		if failed = cmp.Or(failed, r.err, err); failed != nil {
			return Report{}, fmt.Errorf("reconcile: %w", failed)
		}
		r.budget(s, spent)
	}
	return r.report, nil
}

// budget compares what a stage has spent with its orders and with the ledger. Of an open order nobody knows whether
// its budget is taken yet, and money that is taken is posted later.
func (r *run) budget(s wallet.Stage, spent wallet.Money) {
	if spent > r.orders[s] || spent < r.orders[s]-r.open[s] {
		r.add(wallet.Difference{Kind: wallet.AmountOff, Sides: ordersBudget + " " + s.String(), Want: r.orders[s], Got: spent})
	}
	if r.granted[s] > spent || r.granted[s] < spent-r.unposted[s] {
		r.add(wallet.Difference{Kind: wallet.AmountOff, Sides: budgetLedger + " " + s.String(), Want: spent, Got: r.granted[s]})
	}
}

// sum adds to a sum and remembers when it overflows.
func (r *run) sum(to *wallet.Money, m wallet.Money) {
	sum, err := to.Add(m)
	if err != nil {
		r.err = err
		return
	}
	*to = sum
}

// add counts a difference and lists it while there is room.
func (r *run) add(d wallet.Difference) {
	r.report.Count++
	if len(r.report.Differences) < maxListed {
		r.report.Differences = append(r.report.Differences, d)
	}
}

// lineReader reads a source one line ahead.
type lineReader[T any] struct {
	head T
	ok   bool
	next func() (T, bool)
}

// pull returns a reader of a source, and a function that ends it.
func pull[T any](read func(yield func(T) bool) error, failed *error) (*lineReader[T], func()) {
	next, stop := iter.Pull(func(yield func(T) bool) {
		if err := read(yield); err != nil {
			*failed = err
		}
	})
	b := &lineReader[T]{next: next}
	b.head, b.ok = next()
	return b, stop
}

// advance goes on to the next line.
func (b *lineReader[T]) advance() { b.head, b.ok = b.next() }
