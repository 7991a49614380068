package reconcile

import (
	"context"
	"errors"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
)

// fakeSources are sources with fixed lines. Each may fail after its last line. The tests of package node cover the kinds
// of differences.
type fakeSources struct {
	orders  []wallet.Order
	tokens  []wallet.Token
	entries []wallet.Entry

	orderErr, tokenErr, entryErr, spentErr error
}

func list[T any](lines []T, err error, yield func(T) bool) error {
	for _, v := range lines {
		if !yield(v) {
			return nil
		}
	}
	return err
}

func (b fakeSources) Orders(_ context.Context, yield func(wallet.Order) bool) error {
	return list(b.orders, b.orderErr, yield)
}

func (b fakeSources) Tokens(_ context.Context, yield func(wallet.Token) bool) error {
	return list(b.tokens, b.tokenErr, yield)
}

func (b fakeSources) Entries(_ context.Context, yield func(wallet.Entry) bool) error {
	return list(b.entries, b.entryErr, yield)
}

func (fakeSources) Balances(context.Context, func(wallet.AccountNo, wallet.Money) bool) error {
	return nil
}

func (b fakeSources) spent(context.Context, wallet.Stage) (wallet.Money, error) { return 0, b.spentErr }

func (b fakeSources) run(t *testing.T) (Report, error) {
	return Run(t.Context(), Sources{Orders: b, Tokens: b, Ledger: b, Spent: b.spent}, wallet.Never)
}

// number returns the order number of a wallet's win.
func number(id wallet.ActID, rain int) wallet.OrderNo {
	return wallet.OrderNo{ActID: id, Scene: "rain", Rain: int32(rain), Award: wallet.Cash, Stage: wallet.Official}
}

// TestBookThatFailsFailsTheRun: an incomplete comparison is not reported.
func TestBookThatFailsFailsTheRun(t *testing.T) {
	torn := errors.New("torn")
	full := fakeSources{orders: []wallet.Order{{No: number(1, 1), Amount: 1}}}
	for source, b := range map[string]fakeSources{
		"orders": {orderErr: torn}, "tokens": {tokenErr: torn}, "ledger": {entryErr: torn}, "budget": {spentErr: torn},
		"orders after a line": {orders: full.orders, orderErr: torn}, "tokens before other lines": {orders: full.orders, tokenErr: torn},
	} {
		r, err := b.run(t)
		require.ErrorIs(t, err, torn, source)
		require.Zero(t, r, source)
	}
}

func TestSumsBeyondTheRangeFailTheRun(t *testing.T) {
	for source, b := range map[string]fakeSources{
		"orders": {orders: []wallet.Order{{No: number(1, 1), Amount: math.MaxInt64}, {No: number(1, 2), Amount: 1}}},
		"ledger": {entries: []wallet.Entry{
			{Order: number(1, 1), Amount: math.MaxInt64, Account: wallet.AccountNo{Kind: wallet.PersonalAccount, Stage: wallet.Official, Owner: 1}},
			{Order: number(1, 2), Amount: 1, Account: wallet.AccountNo{Kind: wallet.PersonalAccount, Stage: wallet.Official, Owner: 1}},
		}},
	} {
		_, err := b.run(t)
		require.ErrorIs(t, err, wallet.ErrOverflow, source)
	}
}

// TestReportListsBoundedlyAndCountsAll: one more than fits is counted all the same.
func TestReportListsBoundedlyAndCountsAll(t *testing.T) {
	var b fakeSources
	for i := range maxListed + 1 {
		b.tokens = append(b.tokens, wallet.Token{Order: number(wallet.ActID(i+1), 1), Amount: 1})
	}
	r, err := b.run(t)
	require.NoError(t, err)
	require.EqualValues(t, maxListed+1, r.Count)
	require.Len(t, r.Differences, maxListed)
	require.EqualValues(t, maxListed+1, r.Wallets)
}

// TestWithdrawalsAreNoGrants: the legs of withdrawals are not compared with orders.
func TestWithdrawalsAreNoGrants(t *testing.T) {
	move := wallet.TransferNo{Withdrawal: wallet.WithdrawalNo{Request: 1}, Step: wallet.TransferHold}
	r, err := fakeSources{entries: []wallet.Entry{
		{Transfer: move, Amount: -5, Account: wallet.AccountNo{Kind: wallet.PersonalAccount, Stage: wallet.Official, Owner: 1}},
		{Transfer: move, Amount: 5, Account: wallet.AccountNo{Kind: wallet.HoldAccount, Stage: wallet.Official, Owner: 1}},
	}}.run(t)
	require.NoError(t, err)
	require.Equal(t, Report{Wallets: 1}, r)
}

// TestStrategyWithoutTokens: there is one source less.
func TestStrategyWithoutTokens(t *testing.T) {
	b := fakeSources{tokens: []wallet.Token{{Order: number(1, 1), Amount: 1}}}
	r, err := Run(t.Context(), Sources{Orders: b, Ledger: b, Spent: b.spent}, 0)
	require.NoError(t, err)
	require.Zero(t, r)
}
