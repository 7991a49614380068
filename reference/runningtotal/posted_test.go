package runningtotal_test

import (
	"context"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/reference/runningtotal"
	"hongbao/reference/store/mem"
	"hongbao/reference/store/storetest"
	"hongbao/reference/wallet"
)

func TestPosted(t *testing.T) {
	ledger := mem.NewLedger(storetest.NewClock(), storetest.CostAccounts)
	var batch []wallet.Credit
	for i := range 40 {
		stage := wallet.Official
		if i < 10 {
			stage = wallet.ExternalDrill
		}
		batch = append(batch, wallet.Credit{Order: wallet.OrderNo{ActID: wallet.ActID(i + 1), Scene: "rain", Award: wallet.Cash, Stage: stage}, Amount: 100})
	}
	for _, c := range batch { // one by one, so that several cost accounts pay
		_, err := ledger.Post(t.Context(), []wallet.Credit{c})
		require.NoError(t, err)
	}
	paid, err := runningtotal.PostedSums(t.Context(), ledger)
	require.NoError(t, err)
	require.Equal(t, [wallet.Stages + 1]wallet.Money{wallet.ExternalDrill: 1000, wallet.Official: 3000}, paid)
}

// fakeLedger lists the given balances.
type fakeLedger struct {
	wallet.LedgerReader
	balances []wallet.Money
	stage    wallet.Stage
	err      error
	read     int
}

func (b *fakeLedger) Balances(_ context.Context, yield func(wallet.AccountNo, wallet.Money) bool) error {
	for i, m := range b.balances {
		kind := wallet.CostAccount
		if m > 0 {
			kind = wallet.PersonalAccount
		}
		b.read++
		if !yield(wallet.AccountNo{Kind: kind, Stage: b.stage, Owner: int64(i)}, m) {
			break
		}
	}
	return b.err
}

func TestPostedErrors(t *testing.T) {
	for _, c := range []struct {
		why    string
		ledger fakeLedger
		want   error
		read   int
	}{
		{"personal accounts are not read", fakeLedger{balances: []wallet.Money{-1, -2, 3, 4}, stage: wallet.Official}, nil, 3},
		{"a sum above Money", fakeLedger{balances: []wallet.Money{-math.MaxInt64, -1, -1}, stage: wallet.Official}, wallet.ErrOverflow, 2},
		{"an unknown stage", fakeLedger{balances: []wallet.Money{-1}, stage: 4}, wallet.ErrInvalid, 1},
		{"the ledger cannot be read", fakeLedger{balances: []wallet.Money{-1}, stage: wallet.Official, err: wallet.ErrUnavailable}, wallet.ErrUnavailable, 1},
	} {
		paid, err := runningtotal.PostedSums(t.Context(), &c.ledger)
		require.ErrorIs(t, err, c.want, c.why)
		require.Equal(t, c.read, c.ledger.read, c.why)
		if c.want != nil {
			require.Zero(t, paid, c.why)
		}
	}
}
