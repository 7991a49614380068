package mem

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/store/storetest"
	"hongbao/reference/wallet"
)

func TestBudgetCutBelowNothingDoesNotWrap(t *testing.T) {
	s := NewBudgets()
	require.NoError(t, s.Reserve(t.Context(), number(1, 1), 5, 10))
	require.ErrorIs(t, s.Reserve(t.Context(), number(2, 1), 1, math.MinInt64), wallet.ErrOverBudget)
}

func TestHandlesOfOtherCreditsAcknowledgeNothing(t *testing.T) {
	ctx, b := t.Context(), NewBacklog(fixedClock(0), 1, time.Second)
	cs := []wallet.Credit{{Order: number(1, 1), Amount: 1}, {Order: number(1, 2), Amount: 1}}
	depth := func(want int64) {
		t.Helper()
		got, err := b.Depth(ctx)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	require.NoError(t, b.Push(ctx, cs))
	old, err := b.Take(ctx, 0, 1)
	require.NoError(t, err)
	require.NoError(t, b.Ack(ctx, 0, []uint64{0, old[0].ID + 1, math.MaxUint64}), "the second credit was never handed out")
	depth(2)
	b.Flush()
	require.NoError(t, b.Push(ctx, cs))
	_, err = b.Take(ctx, 0, 2)
	require.NoError(t, err)
	require.NoError(t, b.Ack(ctx, 0, []uint64{old[0].ID}), "that credit was lost")
	depth(2)
}

func TestOneStagesMoneyDoesNotFillAnothers(t *testing.T) {
	l := NewLedger(fixedClock(0), 1)
	drill := number(1, 1)
	drill.Stage = wallet.ExternalDrill
	for _, no := range []wallet.OrderNo{drill, number(1, 1)} {
		got, err := l.Post(t.Context(), []wallet.Credit{{Order: no, Amount: math.MaxInt64}})
		require.NoError(t, err)
		require.Equal(t, []wallet.PostOutcome{wallet.PostedNow}, got)
	}
}

func TestAFailedBatchLeavesNoEntries(t *testing.T) {
	l := NewLedger(fixedClock(0), 1)
	for range 3 {
		_, err := l.Post(t.Context(), []wallet.Credit{{Order: number(1, 1), Amount: 1}, {Order: number(1, 2), Amount: math.MaxInt64}})
		require.ErrorIs(t, err, wallet.ErrOverflow)
		require.Zero(t, l.entries.Len())
		require.Zero(t, l.heads.Get(1))
	}
}

func TestUnequalLegsOfOneAccountAddUp(t *testing.T) {
	l := NewLedger(fixedClock(0), 1)
	_, err := l.Post(t.Context(), []wallet.Credit{{Order: number(1, 1), Amount: 100}})
	require.NoError(t, err)
	account := func(kind wallet.AccountKind) wallet.AccountNo {
		return wallet.AccountNo{Kind: kind, Stage: wallet.Official, Owner: 1}
	}
	no := wallet.TransferNo{Withdrawal: wallet.WithdrawalNo{Account: wallet.Account{Family: 1, User: 1}, Request: 1}, Step: wallet.TransferHold}
	err = l.Transfer(t.Context(), wallet.Transfer{No: no, Legs: []wallet.Leg{
		{Account: account(wallet.PersonalAccount), Amount: -60},
		{Account: account(wallet.PersonalAccount), Amount: -50},
		{Account: account(wallet.HoldAccount), Amount: 110},
	}})
	require.ErrorIs(t, err, wallet.ErrInsufficient)
}

// TestAJoinedWalletGivesItsFormerOnesAway: an account that still has the joined wallet (the rules exclude that) sees
// only that wallet; a former wallet never belongs to two.
func TestAJoinedWalletGivesItsFormerOnesAway(t *testing.T) {
	s := NewIdentities()
	account := func(u wallet.UserID) wallet.Account { return wallet.Account{Family: wallet.DouyinFamily, User: u} }
	apply := func(c wallet.IdentityChange) {
		t.Helper()
		_, err := s.Apply(t.Context(), c)
		require.NoError(t, err)
	}
	for u := range wallet.UserID(3) {
		apply(wallet.IdentityChange{Account: account(u + 1)})
	}
	apply(wallet.IdentityChange{Account: account(3), Before: wallet.AccountRow{ActID: 3}, Wallet: 2, Join: 3})
	apply(wallet.IdentityChange{Account: account(3), Before: wallet.AccountRow{ActID: 2}, Wallet: 1, Join: 2})
	left, err := s.Person(t.Context(), account(2))
	require.NoError(t, err)
	require.Equal(t, wallet.Person{ActID: 2}, left)
	whole, err := s.Person(t.Context(), account(1))
	require.NoError(t, err)
	require.Equal(t, wallet.Person{ActID: 1, Former: []wallet.ActID{2, 3}}, whole)
}

// TestOldest: Oldest follows the time since which a posting is held, over all shards and leases.
func TestOldest(t *testing.T) {
	ctx, clock := t.Context(), storetest.NewClock()
	b := NewBacklog(clock, 2, time.Second)
	start := clock.Now()
	oldest := func(want time.Duration, why string) {
		t.Helper()
		at, any, err := b.Oldest(ctx)
		require.NoError(t, err)
		require.True(t, any, why)
		require.Equal(t, want, at.Sub(start), why)
	}
	push := func(owner, n int) {
		t.Helper()
		for range n {
			require.NoError(t, b.Push(ctx, []wallet.Credit{{Order: number(wallet.ActID(owner), 1), Amount: 1}}))
		}
	}
	ack := func(shard, n int) {
		t.Helper()
		held, err := b.Take(ctx, shard, n)
		require.NoError(t, err)
		require.Len(t, held, n)
		for _, h := range held {
			require.NoError(t, b.Ack(ctx, shard, []uint64{h.ID}))
		}
	}
	_, any, err := b.Oldest(ctx)
	require.NoError(t, err)
	require.False(t, any, "nothing is held")

	push(2, 2)
	clock.Advance(time.Minute)
	push(1, 2*heldChunk)
	clock.Advance(time.Minute)
	push(2, 1)
	oldest(0, "of all shards")
	ack(0, 1)
	oldest(0, "the second one is held too")
	ack(0, 1)
	oldest(time.Minute, "of the other shard")
	ack(1, 2*heldChunk-1)
	oldest(time.Minute, "in the last chunk")
	ack(1, 1)
	oldest(2*time.Minute, "the last one")
	for range 3 * heldChunk {
		clock.Advance(time.Minute)
		push(2, 1)
		ack(0, 1)
	}
	oldest(3*heldChunk*time.Minute+2*time.Minute, "one is always held")
	require.LessOrEqual(t, len(b.shards[0].arrivals), 2*heldChunk, "times of freed credits are forgotten")
	b.Flush()
	_, any, err = b.Oldest(ctx)
	require.NoError(t, err)
	require.False(t, any, "everything was lost")
}
