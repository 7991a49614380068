package degrade

import (
	"context"

	"hongbao/reference/wallet"
)

// The books are strong: nothing goes on without them (D1). A breaker before them says at once that nothing was done, where
// requests would wait in line for a time-out and be left with an outcome that nobody knows. It stands before those that a
// request asks first; budgets, withdrawals and packets are asked after them.

// Identities returns the accounts behind a breaker.
func (g *Guard) Identities(s wallet.IdentityStore) wallet.IdentityStore {
	return guardedIdentities{s, g.before(BreakerAccounts, "", g.rules.Strong)}
}

type guardedIdentities struct {
	wallet.IdentityStore
	breaker *Breaker
}

// Person implements wallet.IdentityStore.
func (s guardedIdentities) Person(ctx context.Context, a wallet.Account) (wallet.Person, error) {
	return ask(ctx, s.breaker, func() (wallet.Person, error) { return s.IdentityStore.Person(ctx, a) })
}

// Row implements wallet.IdentityStore.
func (s guardedIdentities) Row(ctx context.Context, a wallet.Account, p wallet.Phone) (row wallet.AccountRow, owner wallet.ActID, err error) {
	err = s.breaker.Do(ctx, func() error { row, owner, err = s.IdentityStore.Row(ctx, a, p); return err })
	return row, owner, err
}

// Apply implements wallet.IdentityStore.
func (s guardedIdentities) Apply(ctx context.Context, c wallet.IdentityChange) (wallet.Person, error) {
	return ask(ctx, s.breaker, func() (wallet.Person, error) { return s.IdentityStore.Apply(ctx, c) })
}

// Orders returns the orders of record and the book of admissions, which may be nil, behind one breaker: they are the same
// rows.
func (g *Guard) Orders(o wallet.Orders, a wallet.AdmissionBook) (wallet.Orders, wallet.AdmissionBook) {
	b := g.before(BreakerOrders, "", g.rules.Strong)
	if a != nil {
		a = guardedAdmissions{a, b}
	}
	return guardedOrders{o, b}, a
}

type guardedOrders struct {
	wallet.Orders
	breaker *Breaker
}

// Create implements wallet.Orders.
func (s guardedOrders) Create(ctx context.Context, o wallet.Order) (on wallet.Order, created bool, err error) {
	err = s.breaker.Do(ctx, func() error { on, created, err = s.Orders.Create(ctx, o); return err })
	return on, created, err
}

// Get implements wallet.Orders.
func (s guardedOrders) Get(ctx context.Context, nos []wallet.OrderNo) ([]wallet.Order, error) {
	return ask(ctx, s.breaker, func() ([]wallet.Order, error) { return s.Orders.Get(ctx, nos) })
}

// Finish implements wallet.Orders.
func (s guardedOrders) Finish(ctx context.Context, nos []wallet.OrderNo, to wallet.OrderState) error {
	return s.breaker.Do(ctx, func() error { return s.Orders.Finish(ctx, nos, to) })
}

// Of implements wallet.Orders.
func (s guardedOrders) Of(ctx context.Context, id wallet.ActID, st wallet.Stage) ([]wallet.Order, error) {
	return ask(ctx, s.breaker, func() ([]wallet.Order, error) { return s.Orders.Of(ctx, id, st) })
}

type guardedAdmissions struct {
	wallet.AdmissionBook
	breaker *Breaker
}

// Admit implements wallet.AdmissionBook.
func (s guardedAdmissions) Admit(ctx context.Context, o wallet.Order, block wallet.BlockID) (wallet.Admitted, error) {
	return ask(ctx, s.breaker, func() (wallet.Admitted, error) { return s.AdmissionBook.Admit(ctx, o, block) })
}

// Get implements wallet.AdmissionBook.
func (s guardedAdmissions) Get(ctx context.Context, nos []wallet.OrderNo) ([]wallet.Order, error) {
	return ask(ctx, s.breaker, func() ([]wallet.Order, error) { return s.AdmissionBook.Get(ctx, nos) })
}

// Ledger returns the ledger behind a breaker. Posters ask it too: what it refuses them stays held.
func (g *Guard) Ledger(l wallet.Ledger) wallet.Ledger {
	return guardedLedger{l, g.before(BreakerLedger, "", g.rules.Strong)}
}

type guardedLedger struct {
	wallet.Ledger
	breaker *Breaker
}

// Post implements wallet.Ledger.
func (l guardedLedger) Post(ctx context.Context, batch []wallet.Credit) ([]wallet.Posted, error) {
	return ask(ctx, l.breaker, func() ([]wallet.Posted, error) { return l.Ledger.Post(ctx, batch) })
}

// Transfer implements wallet.Ledger.
func (l guardedLedger) Transfer(ctx context.Context, t wallet.Transfer) error {
	return l.breaker.Do(ctx, func() error { return l.Ledger.Transfer(ctx, t) })
}

// View implements wallet.Ledger.
func (l guardedLedger) View(ctx context.Context, q wallet.ViewQuery) (wallet.View, error) {
	return ask(ctx, l.breaker, func() (wallet.View, error) { return l.Ledger.View(ctx, q) })
}

// Items returns the records of rewards behind a breaker. Chores list and count them past it.
func (g *Guard) Items(s wallet.Items) wallet.Items {
	return guardedItems{s, g.before(BreakerItems, "", g.rules.Strong)}
}

type guardedItems struct {
	wallet.Items
	breaker *Breaker
}

// Create implements wallet.Items.
func (s guardedItems) Create(ctx context.Context, i wallet.Item) (on wallet.Item, created bool, err error) {
	err = s.breaker.Do(ctx, func() error { on, created, err = s.Items.Create(ctx, i); return err })
	return on, created, err
}

// Get implements wallet.Items.
func (s guardedItems) Get(ctx context.Context, nos []wallet.OrderNo) ([]wallet.Item, error) {
	return ask(ctx, s.breaker, func() ([]wallet.Item, error) { return s.Items.Get(ctx, nos) })
}

// Advance implements wallet.Items.
func (s guardedItems) Advance(ctx context.Context, items []wallet.Item) ([]wallet.Item, error) {
	return ask(ctx, s.breaker, func() ([]wallet.Item, error) { return s.Items.Advance(ctx, items) })
}

// Of implements wallet.Items.
func (s guardedItems) Of(ctx context.Context, wallets []wallet.ActID, st wallet.Stage, after wallet.Cursor, limit int) ([]wallet.Item, error) {
	return ask(ctx, s.breaker, func() ([]wallet.Item, error) { return s.Items.Of(ctx, wallets, st, after, limit) })
}
