package fault

import (
	"context"

	"hongbao/reference/wallet"
)

// The decorators: one a port, each call through its Link. Reads cost no capacity; they go to replicas.
type (
	// Identities is wallet.IdentityStore behind a Link.
	Identities struct {
		Link
		Inner wallet.IdentityStore
	}
	// Orders is wallet.Orders and wallet.OpenOrders behind a Link.
	Orders struct {
		Link
		Inner interface {
			wallet.Orders
			wallet.OpenOrders
		}
	}
	// Budgets is wallet.Budgets behind a Link.
	Budgets struct {
		Link
		Inner wallet.Budgets
	}
	// Ledger is wallet.Ledger behind a Link. Writes cost one unit a credit or transfer.
	Ledger struct {
		Link
		Inner wallet.Ledger
	}
	// Withdrawals is wallet.Withdrawals behind a Link.
	Withdrawals struct {
		Link
		Inner wallet.Withdrawals
	}
	// Bank is wallet.Bank behind a Link.
	Bank struct {
		Link
		Inner wallet.Bank
	}
)

var (
	_ wallet.IdentityStore = Identities{}
	_ wallet.Orders        = Orders{}
	_ wallet.OpenOrders    = Orders{}
	_ wallet.Budgets       = Budgets{}
	_ wallet.Ledger        = Ledger{}
	_ wallet.Withdrawals   = Withdrawals{}
	_ wallet.Bank          = Bank{}
)

// Person implements wallet.IdentityStore.
func (d Identities) Person(ctx context.Context, a wallet.Account) (p wallet.Person, err error) {
	err = d.do(1, func() (err error) { p, err = d.Inner.Person(ctx, a); return err })
	return p, err
}

// Row implements wallet.IdentityStore.
func (d Identities) Row(ctx context.Context, a wallet.Account, phone wallet.Phone) (r wallet.AccountRow, holder wallet.ActID, err error) {
	err = d.do(1, func() (err error) { r, holder, err = d.Inner.Row(ctx, a, phone); return err })
	return r, holder, err
}

// Apply implements wallet.IdentityStore.
func (d Identities) Apply(ctx context.Context, c wallet.IdentityChange) (p wallet.Person, err error) {
	err = d.do(1, func() (err error) { p, err = d.Inner.Apply(ctx, c); return err })
	return p, err
}

// Create implements wallet.Orders.
func (d Orders) Create(ctx context.Context, o wallet.Order) (r wallet.Order, created bool, err error) {
	err = d.do(1, func() (err error) { r, created, err = d.Inner.Create(ctx, o); return err })
	return r, created, err
}

// Get implements wallet.Orders.
func (d Orders) Get(ctx context.Context, nos []wallet.OrderNo) (os []wallet.Order, err error) {
	err = d.do(0, func() (err error) { os, err = d.Inner.Get(ctx, nos); return err })
	return os, err
}

// Finish implements wallet.Orders.
func (d Orders) Finish(ctx context.Context, nos []wallet.OrderNo, s wallet.OrderState) error {
	return d.do(1, func() error { return d.Inner.Finish(ctx, nos, s) })
}

// Of implements wallet.Orders.
func (d Orders) Of(ctx context.Context, id wallet.ActID, s wallet.Stage) (os []wallet.Order, err error) {
	err = d.do(0, func() (err error) { os, err = d.Inner.Of(ctx, id, s); return err })
	return os, err
}

// Open implements wallet.OpenOrders.
func (d Orders) Open(ctx context.Context, before wallet.Instant, from wallet.OpenPlace, limit int) (os []wallet.Order, next wallet.OpenPlace, err error) {
	err = d.do(0, func() (err error) { os, next, err = d.Inner.Open(ctx, before, from, limit); return err })
	return os, next, err
}

// OpenCount implements wallet.OpenOrders.
func (d Orders) OpenCount(ctx context.Context) (n int64, err error) {
	err = d.do(0, func() (err error) { n, err = d.Inner.OpenCount(ctx); return err })
	return n, err
}

// Reserve implements wallet.Budgets.
func (d Budgets) Reserve(ctx context.Context, no wallet.OrderNo, amount, budget wallet.Money) error {
	return d.do(1, func() error { return d.Inner.Reserve(ctx, no, amount, budget) })
}

// Spent implements wallet.Budgets.
func (d Budgets) Spent(ctx context.Context, s wallet.Stage) (m wallet.Money, err error) {
	err = d.do(0, func() (err error) { m, err = d.Inner.Spent(ctx, s); return err })
	return m, err
}

// Post implements wallet.Ledger.
func (d Ledger) Post(ctx context.Context, batch []wallet.Credit) (ps []wallet.Posted, err error) {
	err = d.do(int64(len(batch)), func() (err error) { ps, err = d.Inner.Post(ctx, batch); return err })
	return ps, err
}

// Transfer implements wallet.Ledger.
func (d Ledger) Transfer(ctx context.Context, t wallet.Transfer) error {
	return d.do(1, func() error { return d.Inner.Transfer(ctx, t) })
}

// View implements wallet.Ledger.
func (d Ledger) View(ctx context.Context, q wallet.ViewQuery) (v wallet.View, err error) {
	err = d.do(0, func() (err error) { v, err = d.Inner.View(ctx, q); return err })
	return v, err
}

// Create implements wallet.Withdrawals.
func (d Withdrawals) Create(ctx context.Context, w wallet.Withdrawal) (r wallet.Withdrawal, created bool, err error) {
	err = d.do(1, func() (err error) { r, created, err = d.Inner.Create(ctx, w); return err })
	return r, created, err
}

// Get implements wallet.Withdrawals.
func (d Withdrawals) Get(ctx context.Context, no wallet.WithdrawalNo) (w wallet.Withdrawal, err error) {
	err = d.do(0, func() (err error) { w, err = d.Inner.Get(ctx, no); return err })
	return w, err
}

// Advance implements wallet.Withdrawals.
func (d Withdrawals) Advance(ctx context.Context, no wallet.WithdrawalNo, s wallet.WithdrawalState) error {
	return d.do(1, func() error { return d.Inner.Advance(ctx, no, s) })
}

// Of implements wallet.Withdrawals.
func (d Withdrawals) Of(ctx context.Context, id wallet.ActID, s wallet.Stage, limit int) (ws []wallet.Withdrawal, err error) {
	err = d.do(0, func() (err error) { ws, err = d.Inner.Of(ctx, id, s, limit); return err })
	return ws, err
}

// Unfinished implements wallet.Withdrawals.
func (d Withdrawals) Unfinished(ctx context.Context, before wallet.Instant, from wallet.OpenPlace, limit int) (ws []wallet.Withdrawal, next wallet.OpenPlace, err error) {
	err = d.do(0, func() (err error) { ws, next, err = d.Inner.Unfinished(ctx, before, from, limit); return err })
	return ws, next, err
}

// Pay implements wallet.Bank.
func (d Bank) Pay(ctx context.Context, no wallet.WithdrawalNo, amount wallet.Money) error {
	return d.do(1, func() error { return d.Inner.Pay(ctx, no, amount) })
}
