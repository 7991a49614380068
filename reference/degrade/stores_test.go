package degrade_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/degrade"
	"hongbao/reference/wallet"
)

// store is every store of ours, with a preset answer.
type store struct {
	wallet.Tokens
	wallet.Backlog
	wallet.IdentityStore
	wallet.Ledger
	err   error
	calls int
}

func (s *store) answer() error                                   { s.calls++; return s.err }
func (s *store) Issue(context.Context, wallet.Token) error       { return s.answer() }
func (s *store) Push(context.Context, []wallet.Credit) error     { return s.answer() }
func (s *store) Transfer(context.Context, wallet.Transfer) error { return s.answer() }
func (s *store) List(context.Context, wallet.ActID, wallet.Stage) ([]wallet.Token, error) {
	return []wallet.Token{{Amount: 7}}, s.answer()
}
func (s *store) Mark(context.Context, []wallet.OrderNo, wallet.TokenStatus) error { return s.answer() }
func (s *store) Take(context.Context, int, int) ([]wallet.HeldPosting, error) {
	return []wallet.HeldPosting{{ID: 7}}, s.answer()
}
func (s *store) Person(context.Context, wallet.Account) (wallet.Person, error) {
	return wallet.Person{ActID: 7}, s.answer()
}
func (s *store) Row(context.Context, wallet.Account, wallet.Phone) (wallet.AccountRow, wallet.ActID, error) {
	return wallet.AccountRow{}, 7, s.answer()
}
func (s *store) Apply(context.Context, wallet.IdentityChange) (wallet.Person, error) {
	return wallet.Person{ActID: 7}, s.answer()
}
func (s *store) Post(context.Context, []wallet.Credit) ([]wallet.PostOutcome, error) {
	return []wallet.PostOutcome{7}, s.answer()
}
func (s *store) View(context.Context, wallet.ViewQuery) (wallet.View, error) {
	return wallet.View{Balance: 7}, s.answer()
}

// counted, ordered and recorded are the stores whose method names collide with those of store: the count of coupons, the
// orders and the reward records.
type counted struct {
	wallet.Stocks
	*store
}

func (s counted) Take(context.Context, wallet.OrderNo, wallet.RewardID, int64) error {
	return s.answer()
}
func (s counted) Decline(context.Context, wallet.OrderNo, wallet.RewardID) (bool, error) {
	return true, s.answer()
}
func (s counted) GiveBack(context.Context, wallet.OrderNo, wallet.RewardID) error { return s.answer() }
func (s counted) Issued(context.Context, wallet.Template) (int64, error)          { return 7, s.answer() }

type ordered struct {
	wallet.Orders
	wallet.AdmissionStore
	*store
}

func (s ordered) Create(context.Context, wallet.Order) (wallet.Order, bool, error) {
	return wallet.Order{Amount: 7}, true, s.answer()
}
func (s ordered) Get(context.Context, []wallet.OrderNo) ([]wallet.Order, error) {
	return []wallet.Order{{Amount: 7}}, s.answer()
}
func (s ordered) Finish(context.Context, []wallet.OrderNo, wallet.OrderState) error {
	return s.answer()
}
func (s ordered) Of(context.Context, wallet.ActID, wallet.Stage) ([]wallet.Order, error) {
	return []wallet.Order{{Amount: 7}}, s.answer()
}
func (s ordered) Admit(context.Context, wallet.Order, wallet.BlockID) (wallet.Admitted, error) {
	return wallet.Admitted{Block: 7}, s.answer()
}

type recorded struct {
	wallet.Items
	*store
}

func (s recorded) Create(context.Context, wallet.Item) (wallet.Item, bool, error) {
	return wallet.Item{Ref: "7"}, true, s.answer()
}
func (s recorded) Get(context.Context, []wallet.OrderNo) ([]wallet.Item, error) {
	return []wallet.Item{{Ref: "7"}}, s.answer()
}
func (s recorded) Advance(context.Context, []wallet.Item) ([]wallet.Item, error) {
	return []wallet.Item{{Ref: "7"}}, s.answer()
}
func (s recorded) Of(context.Context, []wallet.ActID, wallet.Stage, wallet.Cursor, int) ([]wallet.Item, error) {
	return []wallet.Item{{Ref: "7"}}, s.answer()
}
func (s recorded) Count(context.Context, wallet.Stage) (map[wallet.ItemState]int64, error) {
	return map[wallet.ItemState]int64{1: 7}, s.answer()
}

// ports are the stores, each with its breaker.
type ports struct {
	wallet.Tokens
	wallet.Backlog
	wallet.IdentityStore
	wallet.Ledger
	stocks     wallet.Stocks
	orders     wallet.Orders
	admissions wallet.AdmissionStore
	items      wallet.Items
}

func newPorts(g *degrade.Guard, s *store) ports {
	b := ports{Tokens: g.Tokens(s), Backlog: g.Backlog(s), IdentityStore: g.Identities(s), Ledger: g.Ledger(s),
		stocks: g.Stocks(counted{store: s}), items: g.Items(recorded{store: s})}
	b.orders, b.admissions = g.Orders(ordered{store: s}, ordered{store: s})
	return b
}

// guardedCall is one call; got is its result.
type guardedCall struct {
	breaker string // "": the call passes
	got     any
	call    func(ctx context.Context, b ports) (any, error)
}

func guardedCalls() []guardedCall {
	no, order, item := wallet.OrderNo{}, wallet.Order{Amount: 7}, wallet.Item{Ref: "7"}
	return []guardedCall{
		{degrade.BreakerTokens, nil, func(ctx context.Context, b ports) (any, error) { return nil, b.Issue(ctx, wallet.Token{}) }},
		{degrade.BreakerTokens, nil, func(ctx context.Context, b ports) (any, error) { return nil, b.Mark(ctx, nil, 0) }},
		{degrade.BreakerTokens, []wallet.Token{{Amount: 7}}, func(ctx context.Context, b ports) (any, error) { return b.List(ctx, 1, wallet.Official) }},
		{degrade.BreakerBacklog, nil, func(ctx context.Context, b ports) (any, error) { return nil, b.Push(ctx, nil) }},
		{"", []wallet.HeldPosting{{ID: 7}}, func(ctx context.Context, b ports) (any, error) { return b.Take(ctx, 0, 1) }},
		{degrade.BreakerAccounts, wallet.Person{ActID: 7}, func(ctx context.Context, b ports) (any, error) { return b.Person(ctx, wallet.Account{}) }},
		{degrade.BreakerAccounts, wallet.ActID(7), func(ctx context.Context, b ports) (any, error) {
			_, owner, err := b.Row(ctx, wallet.Account{}, 0)
			return owner, err
		}},
		{degrade.BreakerAccounts, wallet.Person{ActID: 7}, func(ctx context.Context, b ports) (any, error) { return b.Apply(ctx, wallet.IdentityChange{}) }},
		{degrade.BreakerLedger, []wallet.PostOutcome{7}, func(ctx context.Context, b ports) (any, error) { return b.Post(ctx, nil) }},
		{degrade.BreakerLedger, nil, func(ctx context.Context, b ports) (any, error) { return nil, b.Transfer(ctx, wallet.Transfer{}) }},
		{degrade.BreakerLedger, wallet.View{Balance: 7}, func(ctx context.Context, b ports) (any, error) { return b.View(ctx, wallet.ViewQuery{}) }},
		{degrade.BreakerStock, nil, func(ctx context.Context, b ports) (any, error) { return nil, b.stocks.Take(ctx, no, "tea", 1) }},
		{degrade.BreakerStock, true, func(ctx context.Context, b ports) (any, error) { return b.stocks.Decline(ctx, no, "tea") }},
		{degrade.BreakerStock, nil, func(ctx context.Context, b ports) (any, error) { return nil, b.stocks.GiveBack(ctx, no, "tea") }},
		{"", int64(7), func(ctx context.Context, b ports) (any, error) { return b.stocks.Issued(ctx, wallet.Template{}) }},
		{degrade.BreakerOrders, order, func(ctx context.Context, b ports) (any, error) {
			on, created, err := b.orders.Create(ctx, order)
			if !created {
				return nil, err
			}
			return on, err
		}},
		{degrade.BreakerOrders, []wallet.Order{order}, func(ctx context.Context, b ports) (any, error) { return b.orders.Get(ctx, nil) }},
		{degrade.BreakerOrders, nil, func(ctx context.Context, b ports) (any, error) { return nil, b.orders.Finish(ctx, nil, 0) }},
		{degrade.BreakerOrders, []wallet.Order{order}, func(ctx context.Context, b ports) (any, error) { return b.orders.Of(ctx, 1, wallet.Official) }},
		{degrade.BreakerOrders, wallet.Admitted{Block: 7}, func(ctx context.Context, b ports) (any, error) { return b.admissions.Admit(ctx, order, 7) }},
		{degrade.BreakerOrders, []wallet.Order{order}, func(ctx context.Context, b ports) (any, error) { return b.admissions.Get(ctx, nil) }},
		{degrade.BreakerItems, item, func(ctx context.Context, b ports) (any, error) {
			on, created, err := b.items.Create(ctx, item)
			if !created {
				return nil, err
			}
			return on, err
		}},
		{degrade.BreakerItems, []wallet.Item{item}, func(ctx context.Context, b ports) (any, error) { return b.items.Get(ctx, nil) }},
		{degrade.BreakerItems, []wallet.Item{item}, func(ctx context.Context, b ports) (any, error) { return b.items.Advance(ctx, nil) }},
		{degrade.BreakerItems, []wallet.Item{item}, func(ctx context.Context, b ports) (any, error) {
			return b.items.Of(ctx, nil, wallet.Official, wallet.Cursor{}, 1)
		}},
		{"", map[wallet.ItemState]int64{1: 7}, func(ctx context.Context, b ports) (any, error) { return b.items.Count(ctx, wallet.Official) }},
	}
}

// TestStoresRest: a breaker refuses calls of requests to a failing store, lets them through again once the store has
// recovered, and returns its answers. The breakers of other stores stay closed. Background calls pass.
func TestStoresRest(t *testing.T) {
	for n, c := range guardedCalls() {
		clock, s := &manualClock{startTime}, &store{err: wallet.ErrUnknown}
		g, err := degrade.NewGuard(nil, clock, sameRules(small()))
		require.NoError(t, err)
		b := newPorts(g, s)
		for range 20 {
			_, err = c.call(t.Context(), b)
		}
		open := ""
		for _, one := range g.Breakers() {
			if one.State == degrade.Open {
				open += one.Name
			}
		}
		require.Equal(t, c.breaker, open, "call %d", n)
		want := 20
		if c.breaker != "" {
			want = 4
			require.ErrorIs(t, err, wallet.ErrUnavailable, "call %d: nothing was done", n)
		}
		require.Equal(t, want, s.calls, "call %d", n)

		s.err = nil
		clock.pass(5 * time.Second)
		for range 3 {
			got, err := c.call(t.Context(), b)
			require.NoError(t, err, "call %d", n)
			require.Equal(t, c.got, got, "call %d", n)
		}
		require.Equal(t, want+3, s.calls, "call %d", n)
	}
}

// TestStrongStoresRestLate: the breaker of a strong store stays closed while part of the calls succeeds; that of a weak one opens.
func TestStrongStoresRestLate(t *testing.T) {
	for _, c := range []struct {
		why        string
		failures   int // of ten calls
		weak, firm bool
	}{
		{"a lost packet", 1, false, false},
		{"one of two shards is dead", 5, true, false},
		{"all are dead", 10, true, true},
	} {
		s := &store{}
		g, err := degrade.NewGuard(nil, &manualClock{startTime}, degrade.DefaultRules())
		require.NoError(t, err)
		b := newPorts(g, s)
		for n := range 40 {
			s.err = nil
			if n%10 < c.failures {
				s.err = wallet.ErrUnknown
			}
			_, _ = b.List(t.Context(), 1, wallet.Official)
			_ = b.Transfer(t.Context(), wallet.Transfer{})
		}
		open := map[string]bool{}
		for _, one := range g.Breakers() {
			open[one.Name] = one.State == degrade.Open
		}
		require.Equal(t, c.weak, open[degrade.BreakerTokens], c.why)
		require.Equal(t, c.firm, open[degrade.BreakerLedger], c.why)
	}
}
