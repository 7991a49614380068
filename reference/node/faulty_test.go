package node_test

import (
	"context"
	"slices"
	"strings"

	"hongbao/reference/wallet"
)

// kind is what happens to a call.
type kind string

const (
	unavailable    kind = "unavailable"     // not done; an error says so
	overloaded     kind = "overloaded"      // not done; an error says so
	unknown        kind = "unknown"         // not done; no reply
	unknownApplied kind = "unknown-applied" // done; no reply
	declined       kind = "declined"        // not done; a final refusal
)

// planned is a fault of the next matching calls.
type planned struct {
	target string // a port, such as "ledger", or one of its methods, such as "ledger.post"
	kind   kind
	times  int
}

// faults is the list of planned faults. A call meets the first that matches it.
type faults struct{ list []planned }

// call makes one call of a port, with its fault.
func (f *faults) call(method string, apply func() error) error {
	port, _, _ := strings.Cut(method, ".")
	i := slices.IndexFunc(f.list, func(p planned) bool { return p.target == method || p.target == port })
	if i < 0 {
		return apply()
	}
	kind := f.list[i].kind
	if f.list[i].times--; f.list[i].times == 0 {
		f.list = slices.Delete(f.list, i, i+1)
	}
	switch kind {
	case unavailable:
		return wallet.ErrUnavailable
	case overloaded:
		return wallet.ErrOverloaded
	case declined:
		return wallet.ErrDeclined
	case unknownApplied:
		_ = apply()
	}
	return wallet.ErrUnknown
}

// The ports with faults.
type (
	faultyIdentities struct {
		*faults
		inner wallet.IdentityStore
	}
	faultyOrders struct {
		*faults
		inner interface {
			wallet.Orders
			wallet.OpenOrders
		}
	}
	faultyBudgets struct {
		*faults
		inner wallet.Budgets
	}
	faultyTokens struct {
		*faults
		inner wallet.Tokens
	}
	faultyBacklog struct {
		*faults
		inner wallet.Backlog
	}
	faultyLedger struct {
		*faults
		inner wallet.Ledger
	}
	faultyWithdrawals struct {
		*faults
		inner wallet.Withdrawals
	}
	faultyBank struct {
		*faults
		inner wallet.Bank
	}
)

var (
	_ wallet.IdentityStore = faultyIdentities{}
	_ wallet.Orders        = faultyOrders{}
	_ wallet.OpenOrders    = faultyOrders{}
	_ wallet.Budgets       = faultyBudgets{}
	_ wallet.Tokens        = faultyTokens{}
	_ wallet.Backlog       = faultyBacklog{}
	_ wallet.Ledger        = faultyLedger{}
	_ wallet.Withdrawals   = faultyWithdrawals{}
	_ wallet.Bank          = faultyBank{}
)

func (p faultyIdentities) Person(ctx context.Context, a wallet.Account) (who wallet.Person, err error) {
	err = p.call("identities.person", func() (err error) { who, err = p.inner.Person(ctx, a); return err })
	return who, err
}

func (p faultyIdentities) Row(ctx context.Context, a wallet.Account, n wallet.Phone) (r wallet.AccountRow, holder wallet.ActID, err error) {
	err = p.call("identities.row", func() (err error) { r, holder, err = p.inner.Row(ctx, a, n); return err })
	return r, holder, err
}

func (p faultyIdentities) Apply(ctx context.Context, c wallet.IdentityChange) (who wallet.Person, err error) {
	err = p.call("identities.apply", func() (err error) { who, err = p.inner.Apply(ctx, c); return err })
	return who, err
}

func (p faultyOrders) Create(ctx context.Context, o wallet.Order) (r wallet.Order, created bool, err error) {
	err = p.call("orders.create", func() (err error) { r, created, err = p.inner.Create(ctx, o); return err })
	return r, created, err
}

func (p faultyOrders) Get(ctx context.Context, nos []wallet.OrderNo) (os []wallet.Order, err error) {
	err = p.call("orders.get", func() (err error) { os, err = p.inner.Get(ctx, nos); return err })
	return os, err
}

func (p faultyOrders) Finish(ctx context.Context, nos []wallet.OrderNo, s wallet.OrderState) error {
	return p.call("orders.finish", func() error { return p.inner.Finish(ctx, nos, s) })
}

func (p faultyOrders) Of(ctx context.Context, id wallet.ActID, s wallet.Stage) (os []wallet.Order, err error) {
	err = p.call("orders.of", func() (err error) { os, err = p.inner.Of(ctx, id, s); return err })
	return os, err
}

func (p faultyOrders) Open(ctx context.Context, before wallet.Instant, from wallet.ScanCursor, limit int) (os []wallet.Order, next wallet.ScanCursor, err error) {
	err = p.call("orders.open", func() (err error) { os, next, err = p.inner.Open(ctx, before, from, limit); return err })
	return os, next, err
}

func (p faultyOrders) OpenCount(ctx context.Context) (int64, error) { return p.inner.OpenCount(ctx) }

func (p faultyBudgets) Reserve(ctx context.Context, no wallet.OrderNo, amount, budget wallet.Money) error {
	return p.call("budgets.reserve", func() error { return p.inner.Reserve(ctx, no, amount, budget) })
}

func (p faultyBudgets) Spent(ctx context.Context, s wallet.Stage) (wallet.Money, error) {
	return p.inner.Spent(ctx, s)
}

func (p faultyTokens) Issue(ctx context.Context, t wallet.Token) error {
	return p.call("tokens.issue", func() error { return p.inner.Issue(ctx, t) })
}

func (p faultyTokens) List(ctx context.Context, id wallet.ActID, s wallet.Stage) (ts []wallet.Token, err error) {
	err = p.call("tokens.list", func() (err error) { ts, err = p.inner.List(ctx, id, s); return err })
	return ts, err
}

func (p faultyTokens) Mark(ctx context.Context, nos []wallet.OrderNo, s wallet.TokenStatus) error {
	return p.call("tokens.mark", func() error { return p.inner.Mark(ctx, nos, s) })
}

func (p faultyBacklog) Push(ctx context.Context, cs []wallet.Credit) error {
	return p.call("backlog.push", func() error { return p.inner.Push(ctx, cs) })
}

func (p faultyBacklog) Take(ctx context.Context, shard, limit int) (hs []wallet.HeldPosting, err error) {
	err = p.call("backlog.take", func() (err error) { hs, err = p.inner.Take(ctx, shard, limit); return err })
	return hs, err
}

func (p faultyBacklog) Ack(ctx context.Context, shard int, ids []uint64) error {
	return p.call("backlog.ack", func() error { return p.inner.Ack(ctx, shard, ids) })
}

func (p faultyBacklog) Depth(ctx context.Context) (int64, error) { return p.inner.Depth(ctx) }

func (p faultyLedger) Post(ctx context.Context, batch []wallet.Credit) (ps []wallet.PostOutcome, err error) {
	err = p.call("ledger.post", func() (err error) { ps, err = p.inner.Post(ctx, batch); return err })
	return ps, err
}

func (p faultyLedger) Transfer(ctx context.Context, t wallet.Transfer) error {
	return p.call("ledger.transfer", func() error { return p.inner.Transfer(ctx, t) })
}

func (p faultyLedger) View(ctx context.Context, q wallet.ViewQuery) (v wallet.View, err error) {
	err = p.call("ledger.view", func() (err error) { v, err = p.inner.View(ctx, q); return err })
	return v, err
}

func (p faultyWithdrawals) Create(ctx context.Context, w wallet.Withdrawal) (r wallet.Withdrawal, created bool, err error) {
	err = p.call("withdrawals.create", func() (err error) { r, created, err = p.inner.Create(ctx, w); return err })
	return r, created, err
}

func (p faultyWithdrawals) Get(ctx context.Context, no wallet.WithdrawalNo) (w wallet.Withdrawal, err error) {
	err = p.call("withdrawals.get", func() (err error) { w, err = p.inner.Get(ctx, no); return err })
	return w, err
}

func (p faultyWithdrawals) Advance(ctx context.Context, no wallet.WithdrawalNo, s wallet.WithdrawalState) error {
	return p.call("withdrawals.advance", func() error { return p.inner.Advance(ctx, no, s) })
}

func (p faultyWithdrawals) Of(ctx context.Context, id wallet.ActID, s wallet.Stage, limit int) (ws []wallet.Withdrawal, err error) {
	err = p.call("withdrawals.of", func() (err error) { ws, err = p.inner.Of(ctx, id, s, limit); return err })
	return ws, err
}

func (p faultyWithdrawals) Unfinished(ctx context.Context, before wallet.Instant, from wallet.ScanCursor, limit int) (ws []wallet.Withdrawal, next wallet.ScanCursor, err error) {
	err = p.call("withdrawals.unfinished", func() (err error) { ws, next, err = p.inner.Unfinished(ctx, before, from, limit); return err })
	return ws, next, err
}

func (p faultyBank) Pay(ctx context.Context, no wallet.WithdrawalNo, amount wallet.Money) error {
	return p.call("bank.pay", func() error { return p.inner.Pay(ctx, no, amount) })
}
