package storetest

import (
	"math"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
)

// Quotas tests an adapter of wallet.Quotas.
func Quotas(t *testing.T, open func(t *testing.T) wallet.Quotas) {
	t.Run("leases add up", func(t *testing.T) { leasesAddUp(t, open(t)) })
	t.Run("leases shrink near the end", func(t *testing.T) { leasesShrink(t, open(t)) })
	t.Run("largest amounts", func(t *testing.T) { leaseOverflow(t, open(t)) })
	t.Run("the first record is final", func(t *testing.T) { firstRecordStands(t, open(t)) })
	t.Run("ended blocks pay nothing", func(t *testing.T) { endedBlocksPayNothing(t, open(t)) })
	t.Run("many callers lease no more than there is", func(t *testing.T) { neverOverlease(t, open(t)) })
	t.Run("one of many callers records", func(t *testing.T) { oneRecords(t, open(t)) })
	t.Run("an audit misses nothing", func(t *testing.T) { auditMissesNothing(t, open(t)) })
	checkModel(t, open, quotaModel)
}

func lease(t testable, q wallet.Quotas, holder string, need, want, budget wallet.Money) wallet.Block {
	t.Helper()
	b := call(q.Lease(t.Context(), holder, wallet.Official, need, want, budget)).ok(t)
	require.Positive(t, b.ID, "0 is not a block")
	require.Equal(t, wallet.Official, b.Stage)
	return b
}

func quota(t testable, q wallet.Quotas, want wallet.Quota) {
	t.Helper()
	call(q.Quota(t.Context(), wallet.Official)).returns(t, want)
}

func leasesAddUp(t *testing.T, q wallet.Quotas) {
	a := lease(t, q, "a", 30, 30, 100)
	require.EqualValues(t, 30, a.Amount)
	b := lease(t, q, "b", 20, 20, 100)
	require.NotEqual(t, a.ID, b.ID, "holders do not share a block")
	again := lease(t, q, "a", 10, 10, 100)
	require.Equal(t, wallet.Block{ID: a.ID, Stage: wallet.Official, Amount: 40}, again, "the total leased to the block")
	quota(t, q, wallet.Quota{Leased: 60})

	block, err := q.Lease(t.Context(), "a", wallet.Official, 41, 50, 100)
	require.ErrorIs(t, err, wallet.ErrOverBudget)
	require.Equal(t, again, block, "a refusal returns the block too, which replaces a lost reply")
	block, err = q.Lease(t.Context(), "c", wallet.Official, 41, 50, 100)
	require.ErrorIs(t, err, wallet.ErrOverBudget)
	require.Zero(t, block)
	call(q.Lease(t.Context(), "a", wallet.Official, 1, 1, 59)).fails(t, wallet.ErrOverBudget, "the budget was cut below the leased amount")
	for _, bad := range [][2]wallet.Money{{0, 10}, {-1, 10}, {11, 10}, {0, 0}} {
		call(q.Lease(t.Context(), "a", wallet.Official, bad[0], bad[1], 100)).fails(t, wallet.ErrInvalid, "need %d of want %d", bad[0], bad[1])
	}
	quota(t, q, wallet.Quota{Leased: 60})
	require.EqualValues(t, 80, lease(t, q, "a", 40, 99, 100).Amount, "exactly the rest")

	require.NotEqual(t, a.ID, call(q.Lease(t.Context(), "a", wallet.ExternalDrill, 100, 100, 100)).ok(t).ID, "another stage has a separate budget and blocks")
	call(q.Holders(t.Context())).returns(t, []string{"a", "b"})
}

// leasesShrink: when a budget is nearly spent, instances should hold little that they do not grant.
func leasesShrink(t *testing.T, q wallet.Quotas) {
	const budget = 10_000
	total := wallet.Money(0)
	for total < budget {
		before := total
		total = lease(t, q, "a", 1, 5_000, budget).Amount
		got, left := total-before, budget-before
		require.GreaterOrEqual(t, got, wallet.Money(1))
		require.LessOrEqual(t, got, max(1, left/2), "of %d", left)
	}
	quota(t, q, wallet.Quota{Leased: budget})
}

func leaseOverflow(t *testing.T, q wallet.Quotas) {
	call(q.Lease(t.Context(), "a", wallet.Official, 1, 1, math.MinInt64)).fails(t, wallet.ErrOverBudget)
	b := lease(t, q, "a", math.MaxInt64-1, math.MaxInt64, math.MaxInt64)
	require.EqualValues(t, math.MaxInt64-1, b.Amount)
	call(q.Lease(t.Context(), "b", wallet.Official, math.MaxInt64, math.MaxInt64, math.MaxInt64)).fails(t, wallet.ErrOverBudget)
	write(q.Record(t.Context(), wallet.Reservation{Order: number(1, 1), Amount: math.MaxInt64 - 1, Block: b.ID})).recorded(t, true)
	require.EqualValues(t, 1, lease(t, q, "b", 1, 1, math.MaxInt64).Amount)
	quota(t, q, wallet.Quota{Reserved: math.MaxInt64 - 1, Leased: math.MaxInt64})
}

func firstRecordStands(t *testing.T, q wallet.Quotas) {
	a, b := lease(t, q, "a", 50, 50, 100), lease(t, q, "b", 50, 50, 100)
	find := func(no wallet.OrderNo, want wallet.Reservation, on bool) {
		t.Helper()
		second(q.Find(t.Context(), no)).returns(t, on)
		first(q.Find(t.Context(), no)).returns(t, want)
	}
	grant := wallet.Reservation{Order: number(1, 1), Amount: 10, Block: a.ID}
	refusal := wallet.Reservation{Order: number(2, 1), Amount: 99}
	find(grant.Order, wallet.Reservation{}, false)
	for _, c := range []struct {
		r, want wallet.Reservation
		isNew   bool
		why     string
	}{
		{grant, grant, true, "no record exists"},
		{grant, grant, false, "a repeat"},
		{wallet.Reservation{Order: grant.Order, Amount: 10, Block: b.ID}, grant, false, "another instance retries: the first block pays"},
		{wallet.Reservation{Order: grant.Order, Amount: 11, Block: a.ID}, grant, false, "another amount"},
		{wallet.Reservation{Order: grant.Order, Amount: 10}, grant, false, "another instance had nothing left: the order stays granted"},
		{refusal, refusal, true, "nothing was left"},
		{wallet.Reservation{Order: refusal.Order, Amount: 99, Block: b.ID}, refusal, false, "a refusal is final, whatever was leased since"},
		{refusal, refusal, false, "a repeated refusal"},
	} {
		require.Equal(t, c.want, write(q.Record(t.Context(), c.r)).recorded(t, c.isNew, c.why), c.why)
		find(c.want.Order, c.want, true)
	}
	quota(t, q, wallet.Quota{Reserved: 10, Leased: 100})
	for _, no := range neighbours(grant.Order)[:4] { // the last one is of another stage
		if no == refusal.Order {
			continue
		}
		write(q.Record(t.Context(), wallet.Reservation{Order: no, Amount: 1, Block: a.ID})).recorded(t, true, "%s is another order", no)
	}
	quota(t, q, wallet.Quota{Reserved: 13, Leased: 100})
}

func endedBlocksPayNothing(t *testing.T, q wallet.Quotas) {
	a, b := lease(t, q, "a", 60, 60, 100), lease(t, q, "b", 40, 40, 100)
	paid := wallet.Reservation{Order: number(1, 1), Amount: 10, Block: a.ID}
	record := func(r wallet.Reservation, wantNew bool, want error) {
		t.Helper()
		got, isNew, err := q.Record(t.Context(), r)
		require.ErrorIs(t, err, want)
		require.Equal(t, wantNew, isNew)
		if want == nil {
			require.Equal(t, r, got)
		}
	}
	record(paid, true, nil)
	late := wallet.Reservation{Order: number(3, 1), Amount: 10, Block: a.ID}
	require.NoError(t, q.Orphan(t.Context(), "nobody"))
	for range 2 {
		require.NoError(t, q.Orphan(t.Context(), "a"))
		quota(t, q, wallet.Quota{Reserved: 10, Leased: 100, Orphaned: 50})
	}
	record(late, false, wallet.ErrStale)
	second(q.Find(t.Context(), late.Order)).returns(t, false, "a stale reservation is not recorded")
	record(paid, false, nil) // recorded before: it stays paid
	record(wallet.Reservation{Order: number(4, 1), Amount: 10, Block: b.ID}, true, nil)
	call(q.Lease(t.Context(), "a", wallet.Official, 1, 1, 100)).fails(t, wallet.ErrOverBudget, "orphaned amounts stay leased")
	call(q.Holders(t.Context())).returns(t, []string{"b"})

	for _, want := range []wallet.Money{50, 0} { // the second audit finds nothing to do
		call(q.Reclaim(t.Context(), wallet.Official)).returns(t, want)
		quota(t, q, wallet.Quota{Reserved: 20, Leased: 50})
	}
	record(late, false, wallet.ErrStale) // closed is as final as orphaned
	next := lease(t, q, "a", 50, 50, 100)
	require.Greater(t, next.ID, a.ID, "blocks of a holder have ascending numbers")
	require.EqualValues(t, 50, next.Amount, "the ended block is not included")
	late.Block = next.ID
	record(late, true, nil)
	quota(t, q, wallet.Quota{Reserved: 30, Leased: 100})
}

func neverOverlease(t *testing.T, q wallet.Quotas) {
	const budget = 1_000
	var leased atomic.Int64
	together(t, func(t *testing.T, caller int) {
		holder, last := string(rune('a'+caller%3)), wallet.Money(0)
		for range budget {
			b, err := q.Lease(t.Context(), holder, wallet.Official, 7, 7, budget)
			if err != nil {
				require.ErrorIs(t, err, wallet.ErrOverBudget)
				return
			}
			require.Greater(t, b.Amount, last)
			last = b.Amount
			leased.Add(7)
		}
	})
	require.EqualValues(t, budget/7*7, leased.Load())
	quota(t, q, wallet.Quota{Leased: budget / 7 * 7})
}

func oneRecords(t *testing.T, q wallet.Quotas) {
	const orders = 100
	var paid atomic.Int64
	blocks := make([]wallet.BlockID, callers)
	for i := range callers - 1 { // the last caller refuses
		blocks[i] = lease(t, q, string(rune('a'+i)), orders, orders, callers*orders).ID
	}
	var answers [orders][callers]wallet.Reservation
	together(t, func(t *testing.T, caller int) {
		for i := range orders {
			r := wallet.Reservation{Order: number(wallet.ActID(i+1), 1), Amount: 1, Block: blocks[caller]}
			got, isNew, err := q.Record(t.Context(), r)
			require.NoError(t, err)
			if isNew {
				require.Equal(t, r, got)
			}
			if isNew && r.Block != 0 {
				paid.Add(1)
			}
			answers[i][caller] = got
		}
	})
	for i := range answers {
		require.Len(t, slices.Compact(answers[i][:]), 1, "order %d: all callers get the same result", i)
	}
	quota(t, q, wallet.Quota{Reserved: wallet.Money(paid.Load()), Leased: (callers - 1) * orders})
}

// auditMissesNothing ends a block while other callers record on it: each record is refused or counted.
func auditMissesNothing(t *testing.T, q wallet.Quotas) {
	const orders = 200
	b := lease(t, q, "a", callers*orders, callers*orders, callers*orders)
	var paid atomic.Int64
	together(t, func(t *testing.T, caller int) {
		for i := range orders {
			if caller == 0 && i == orders/4 {
				require.NoError(t, q.Orphan(t.Context(), "a"))
				back := call(q.Reclaim(t.Context(), wallet.Official)).ok(t)
				call(q.Quota(t.Context(), wallet.Official)).returns(t, wallet.Quota{Reserved: callers*orders - back, Leased: callers*orders - back})
			}
			_, isNew, err := q.Record(t.Context(), wallet.Reservation{Order: number(wallet.ActID(caller*orders+i+1), 1), Amount: 1, Block: b.ID})
			if err == nil {
				require.True(t, isNew)
				paid.Add(1)
				continue
			}
			require.ErrorIs(t, err, wallet.ErrStale)
		}
	})
	quota(t, q, wallet.Quota{Reserved: wallet.Money(paid.Load()), Leased: wallet.Money(paid.Load())})
}
