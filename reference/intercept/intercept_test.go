package intercept_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/reference/intercept"
	"hongbao/reference/wallet"
)

// recorder is a hook that records its calls and gives each a note.
type recorder struct {
	name   string
	log    *[]string
	before error // returned by Before
	after  error // returned by After; nil: the port's error
}

func (r *recorder) Before(_ context.Context, c intercept.Call) (intercept.Note, error) {
	*r.log = append(*r.log, fmt.Sprintf("%s before %s.%s", r.name, c.Port, c.Method))
	return intercept.Note{N: int64(len(r.name)), Flag: true}, r.before
}

func (r *recorder) After(_ context.Context, c intercept.Call, n intercept.Note, a intercept.Answer) error {
	*r.log = append(*r.log, fmt.Sprintf("%s after %s.%s %v %v", r.name, c.Port, c.Method, n == intercept.Note{N: int64(len(r.name)), Flag: true}, a.Err))
	if r.after != nil {
		return r.after
	}
	return a.Err
}

func (r *recorder) Release() { *r.log = append(*r.log, r.name+" release") }

// bank records payments and returns what answer returns.
type bank struct {
	paid   []wallet.Money
	answer func() error
}

func (b *bank) Pay(_ context.Context, _ wallet.WithdrawalNo, m wallet.Money) error {
	b.paid = append(b.paid, m)
	return b.answer()
}

// declines is an answer of the bank.
func declines() error { return wallet.ErrDeclined }

// TestEveryMethodCallsItsHook: every method of every wrapper asks its hook first, under its own name and port, and a refused
// call does not reach the port, which is nil here.
func TestEveryMethodCallsItsHook(t *testing.T) {
	refused := errors.New("refused")
	log := []string{}
	h := &recorder{name: "h", log: &log, before: refused}
	for port, wrapped := range map[intercept.Port]any{
		intercept.PortIdentities: intercept.Identities(nil, h), intercept.PortOrders: intercept.Orders(nil, h), intercept.PortOpenOrders: intercept.OpenOrders(nil, h),
		intercept.PortAdmissions: intercept.Admissions(nil, h), intercept.PortBudgets: intercept.Budgets(nil, h), intercept.PortTokens: intercept.Tokens(nil, h),
		intercept.PortBacklog: intercept.Backlog(nil, h), intercept.PortLedger: intercept.Ledger(nil, h), intercept.PortWithdrawals: intercept.Withdrawals(nil, h),
		intercept.PortDays: intercept.Days(nil, h), intercept.PortBank: intercept.Bank(nil, h), intercept.PortPackets: intercept.Packets(nil, h),
		intercept.PortItems: intercept.Items(nil, h), intercept.PortDownstream: intercept.Downstream(nil, h), intercept.PortStocks: intercept.Stocks(nil, h),
		intercept.PortStockParts: intercept.StockParts(nil, h), intercept.PortPermits: intercept.Permits(nil, h), intercept.PortTotals: intercept.Totals(nil, h),
	} {
		v := reflect.ValueOf(wrapped)
		for i := range v.NumMethod() {
			name := v.Type().Method(i).Name
			if name == "Traits" {
				continue // makes no call
			}
			args := []reflect.Value{reflect.ValueOf(t.Context())}
			for a := 1; a < v.Method(i).Type().NumIn(); a++ {
				args = append(args, reflect.Zero(v.Method(i).Type().In(a)))
			}
			log = log[:0]
			results := v.Method(i).Call(args)
			require.Equal(t, refused, results[len(results)-1].Interface(), "%s.%s", port, name)
			require.Equal(t, []string{fmt.Sprintf("h before %s.%s", port, name)}, log)
		}
	}
}

// TestHooksNest: the outer hook is called first and returns last, and the caller gets its error.
func TestHooksNest(t *testing.T) {
	log := []string{}
	inner := &recorder{name: "in", log: &log, after: wallet.ErrUnknown}
	b := &bank{answer: declines}
	p := intercept.Bank(intercept.Bank(b, inner), &recorder{name: "out", log: &log})
	require.Equal(t, wallet.ErrUnknown, p.Pay(t.Context(), wallet.WithdrawalNo{}, 5))
	require.Equal(t, []string{"out before bank.Pay", "in before bank.Pay", "in after bank.Pay true " + wallet.ErrDeclined.Error(), "in release",
		"out after bank.Pay true " + wallet.ErrUnknown.Error(), "out release"}, log)
	require.Equal(t, []wallet.Money{5}, b.paid)
}

// later is a hook that postpones every call.
type later struct {
	intercept.None
	calls []func()
}

func (l *later) Before(context.Context, intercept.Call) (intercept.Note, error) {
	return intercept.Note{}, &intercept.Postponed{Schedule: func(call func()) error {
		l.calls = append(l.calls, call)
		return wallet.ErrUnknown
	}}
}

// TestPostponedCall: the caller gets the hook's error, and the call is made later, through the hooks below.
func TestPostponedCall(t *testing.T) {
	l, b, log := &later{}, &bank{answer: declines}, []string{}
	p := intercept.Bank(intercept.Bank(b, &recorder{name: "h", log: &log}), l)
	require.Equal(t, wallet.ErrUnknown, p.Pay(t.Context(), wallet.WithdrawalNo{}, 5))
	require.Empty(t, b.paid)
	require.Empty(t, log)
	l.calls[0]()
	require.Equal(t, []wallet.Money{5}, b.paid)
	require.Len(t, log, 3)
}

// TestReleaseAfterPanic: a call that panics is released, and its answer is not judged.
func TestReleaseAfterPanic(t *testing.T) {
	log := []string{}
	p := intercept.Bank(&bank{answer: func() error { panic("crash") }}, &recorder{name: "h", log: &log})
	require.Panics(t, func() { _ = p.Pay(t.Context(), wallet.WithdrawalNo{}, 5) })
	require.Equal(t, []string{"h before bank.Pay", "h release"}, log)
}

// idle is a store that does nothing.
type idle struct {
	wallet.Tokens
	wallet.Orders
}

func (idle) List(context.Context, wallet.ActID, wallet.Stage) ([]wallet.Token, error) {
	return nil, nil
}

func (idle) Create(_ context.Context, o wallet.Order) (wallet.Order, bool, error) {
	return o, true, nil
}

// TestNoAllocation: a call through a wrapper needs no heap memory.
func TestNoAllocation(t *testing.T) {
	tokens, orders := intercept.Tokens(idle{}, intercept.None{}), intercept.Orders(idle{}, intercept.None{})
	ctx := t.Context()
	require.Zero(t, testing.AllocsPerRun(100, func() { _, _ = tokens.List(ctx, 1, wallet.Official) }))
	require.Zero(t, testing.AllocsPerRun(100, func() { _, _, _ = orders.Create(ctx, wallet.Order{Amount: 5}) }))
}

func BenchmarkCall(b *testing.B) {
	tokens := intercept.Tokens(idle{}, intercept.None{})
	ctx := b.Context()
	b.ReportAllocs()
	for b.Loop() {
		_, _ = tokens.List(ctx, 1, wallet.Official)
	}
}
