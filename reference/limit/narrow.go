package limit

import (
	"context"
	"fmt"

	"hongbao/reference/wallet"
)

// SystemCalls bounds the calls that one instance has under way at one system of others: at answers of 50 ms, 1280 a
// second. Thirteen such systems that all hang hold 832 requests, a fifth of those that an instance works on at once.
const SystemCalls = 64

// narrow lets a bounded number of calls through at a time. Nobody waits for a place (isolation, D4).
type narrow struct {
	name string
	gate *Gate
}

// pass makes a call. wallet.ErrLimited: too many are under way, and nothing was done.
func (n narrow) pass(call func() error) error {
	if !n.gate.Enter(1) {
		return fmt.Errorf("%w: %d calls to %s are under way", wallet.ErrLimited, n.gate.Max, n.name)
	}
	defer n.gate.Leave(1)
	return call()
}

// NarrowBank returns a bank that is asked at most so many times at once. wallet.ErrLimited: nothing was paid.
func NarrowBank(b wallet.Bank, atOnce int64) wallet.Bank {
	return narrowBank{b, narrow{"the bank", &Gate{Max: atOnce}}}
}

type narrowBank struct {
	wallet.Bank
	narrow
}

// Pay implements wallet.Bank.
func (b narrowBank) Pay(ctx context.Context, no wallet.WithdrawalNo, amount wallet.Money) error {
	return b.pass(func() error { return b.Bank.Pay(ctx, no, amount) })
}

// NarrowDownstream returns a reward type's system that is asked at most so many times at once. wallet.ErrLimited: nothing
// was sent.
func NarrowDownstream(a wallet.AwardType, d wallet.Downstream, atOnce int64) wallet.Downstream {
	return narrowDownstream{d, narrow{a.String(), &Gate{Max: atOnce}}}
}

type narrowDownstream struct {
	wallet.Downstream
	narrow
}

// Issue implements wallet.Downstream.
func (d narrowDownstream) Issue(ctx context.Context, items []wallet.Item) (answers []wallet.ItemAnswer, err error) {
	err = d.pass(func() error { answers, err = d.Downstream.Issue(ctx, items); return err })
	return answers, err
}

// Look implements wallet.Downstream.
func (d narrowDownstream) Look(ctx context.Context, i wallet.Item) (r wallet.Receipt, err error) {
	err = d.pass(func() error { r, err = d.Downstream.Look(ctx, i); return err })
	return r, err
}

// Use implements wallet.Downstream.
func (d narrowDownstream) Use(ctx context.Context, i wallet.Item) (r wallet.Receipt, err error) {
	err = d.pass(func() error { r, err = d.Downstream.Use(ctx, i); return err })
	return r, err
}

// Refund implements wallet.Downstream.
func (d narrowDownstream) Refund(ctx context.Context, i wallet.Item) (r wallet.Receipt, err error) {
	err = d.pass(func() error { r, err = d.Downstream.Refund(ctx, i); return err })
	return r, err
}
