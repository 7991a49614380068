package withdraw

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/store/mem"
	"hongbao/reference/store/storetest"
	"hongbao/reference/wallet"
)

// silentBank pays requests with a number above silent, and does not answer the others.
type silentBank struct {
	silent int64
	asked  map[int64]bool
}

func (b *silentBank) Pay(_ context.Context, no wallet.WithdrawalNo, _ wallet.Money) error {
	b.asked[no.Request] = true
	if no.Request <= b.silent {
		return wallet.ErrUnknown
	}
	return nil
}

// TestStuckWithdrawalsDoNotBarTheWay: the bank does not answer more withdrawals than one step takes, and would pay one
// after them.
func TestStuckWithdrawalsDoNotBarTheWay(t *testing.T) {
	const limit, stuck = 3, 2*3 + 1
	clock := storetest.NewClock()
	ledger, withdrawals := mem.NewLedger(clock, 1), mem.NewWithdrawals()
	bank := &silentBank{silent: stuck, asked: map[int64]bool{}}
	s := &Service{Ledger: ledger, Withdrawals: withdrawals, Bank: bank, Clock: clock}
	no := func(n int) wallet.WithdrawalNo {
		return wallet.WithdrawalNo{Account: wallet.AccountOf(wallet.Douyin, 7), Request: int64(n)}
	}
	for n := 1; n <= stuck+1; n++ {
		owner := wallet.ActID(n)
		_, err := ledger.Post(t.Context(), []wallet.Credit{{Order: wallet.OrderNo{ActID: owner, Scene: "rain", Award: wallet.Cash, Stage: wallet.Official},
			Amount: 10, Opened: clock.Now()}})
		require.NoError(t, err)
		_, _, err = withdrawals.Create(t.Context(), wallet.Withdrawal{No: no(n), Owner: owner, Stage: wallet.Official, Amount: 10,
			Wallets: []wallet.ActID{owner}, Created: clock.Now(), State: wallet.WithdrawalAsked})
		require.NoError(t, err)
		clock.Advance(time.Second)
	}
	clock.Advance(settleAfter)
	done, steps := 0, 0
	for ; done == 0 && steps < 2*stuck; steps++ {
		var err error
		done, err = s.Settle(t.Context(), limit)
		require.NoError(t, err)
	}
	require.Equal(t, 1, done)
	require.Equal(t, stuck/limit+1, steps, "each step continues where the last one ended")
	require.Len(t, bank.asked, stuck+1)
	got, err := withdrawals.Get(t.Context(), no(stuck+1))
	require.NoError(t, err)
	require.Equal(t, wallet.WithdrawalPaid, got.State)

	bank.silent = 0
	for range stuck/limit + 1 { // the scan starts again and reaches the stuck ones
		done, err := s.Settle(t.Context(), limit)
		require.NoError(t, err)
		require.NotZero(t, done)
	}
	left, _, err := withdrawals.Unfinished(t.Context(), wallet.Never, 0, stuck)
	require.NoError(t, err)
	require.Empty(t, left)
}
