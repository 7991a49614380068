package storetest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
)

// BankStore is a bank that can list its payments.
type BankStore interface {
	wallet.Bank
	wallet.BankReader
}

// Bank tests an adapter of wallet.Bank and wallet.BankReader.
func Bank(t *testing.T, open func(t *testing.T) BankStore) {
	t.Run("pays a number once", func(t *testing.T) { paysOnce(t, open(t)) })
	t.Run("many callers are paid once", func(t *testing.T) { callersPaidOnce(t, open(t)) })
}

type paid struct {
	No     wallet.WithdrawalNo
	Amount wallet.Money
}

func statement(t *testing.T, b wallet.BankReader) (all []paid) {
	t.Helper()
	require.NoError(t, b.Payments(t.Context(), func(no wallet.WithdrawalNo, m wallet.Money) bool {
		all = append(all, paid{no, m})
		return true
	}))
	return all
}

func paysOnce(t *testing.T, b BankStore) {
	require.Empty(t, statement(t, b))
	want := []paid{
		{wallet.WithdrawalNo{Account: asker, Request: 2}, 20},
		{wallet.WithdrawalNo{Account: asker, Request: 1}, 20},
		{wallet.WithdrawalNo{Account: wallet.Account{Family: wallet.DouyinFamily, User: asker.User}, Request: 1}, 30},
	}
	for _, p := range want {
		for range 2 {
			require.NoError(t, b.Pay(t.Context(), p.No, p.Amount))
		}
	}
	require.ErrorIs(t, b.Pay(t.Context(), want[0].No, 21), wallet.ErrConflict)
	require.NoError(t, b.Pay(t.Context(), want[0].No, 20), "a conflict changes nothing")
	for _, nothing := range []wallet.Money{0, -1} {
		require.ErrorIs(t, b.Pay(t.Context(), wallet.WithdrawalNo{Account: asker, Request: 9}, nothing), wallet.ErrInvalid)
	}
	require.Equal(t, want, statement(t, b), "in the order of payment")
	n := 0
	require.NoError(t, b.Payments(t.Context(), func(wallet.WithdrawalNo, wallet.Money) bool { n++; return n < 2 }))
	require.Equal(t, 2, n, "reading stops when yield returns false")
}

func callersPaidOnce(t *testing.T, b BankStore) {
	const requests = 50
	together(t, func(t *testing.T, _ int) {
		for i := range int64(requests) {
			require.NoError(t, b.Pay(t.Context(), wallet.WithdrawalNo{Account: asker, Request: i + 1}, wallet.Money(i+1)))
		}
	})
	seen := map[paid]bool{}
	for _, p := range statement(t, b) {
		require.EqualValues(t, p.No.Request, p.Amount)
		require.False(t, seen[p], "paid twice")
		seen[p] = true
	}
	require.Len(t, seen, requests)
}
