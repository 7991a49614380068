package storetest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
)

// StockLeases tests an adapter of wallet.StockLeases: each template has its own leased budgets, separate from all
// others.
func StockLeases(t *testing.T, open func(t *testing.T) wallet.StockLeases) {
	t.Run("each template has its own leases", func(t *testing.T) {
		Quotas(t, func(t *testing.T) wallet.Quotas { return stockOf(t, open(t), "milk-tea") })
	})
	t.Run("templates are separate", func(t *testing.T) { templatesApart(t, open(t)) })
	t.Run("given back", func(t *testing.T) { leasedGivenBack(t, open(t)) })
	t.Run("the last blocks are small", func(t *testing.T) { lastBlocksSmall(t, open(t)) })
	t.Run("malformed", func(t *testing.T) {
		b := open(t)
		for _, id := range []wallet.RewardID{"", "Tea", "a_b", "tea:1", wallet.RewardID(make([]byte, wallet.MaxTemplate+1))} {
			_, err := b.Of(id)
			require.ErrorIs(t, err, wallet.ErrInvalid, "%q", id)
		}
		require.ErrorIs(t, b.GiveBack(t.Context(), coupon(0), "milk-tea"), wallet.ErrInvalid)
		require.ErrorIs(t, b.GiveBack(t.Context(), coupon(1), "Tea"), wallet.ErrInvalid)
	})
}

func stockOf(t *testing.T, b wallet.StockLeases, id wallet.RewardID) wallet.Quotas {
	return call(b.Of(id)).ok(t)
}

func templatesApart(t *testing.T, b wallet.StockLeases) {
	tea, shop := stockOf(t, b, "milk-tea"), stockOf(t, b, "shop-voucher")
	first := lease(t, tea, "a", 10, 10, 10)
	lease(t, shop, "a", 10, 10, 10)
	write(tea.Record(t.Context(), wallet.Reservation{Order: coupon(1), Amount: 1, Block: first.ID})).recorded(t, true)
	quota(t, tea, wallet.Quota{Reserved: 1, Leased: 10})
	quota(t, shop, wallet.Quota{Leased: 10})
	require.NoError(t, tea.Orphan(t.Context(), "a"))
	quota(t, tea, wallet.Quota{Reserved: 1, Leased: 10, Orphaned: 9})
	quota(t, shop, wallet.Quota{Leased: 10})
	require.Zero(t, call(shop.Reclaim(t.Context(), wallet.Official)).ok(t), "nothing of this template is orphaned")
	require.Empty(t, call(tea.Holders(t.Context())).ok(t))
	call(shop.Holders(t.Context())).returns(t, []string{"a"})
	again := stockOf(t, b, "milk-tea")
	quota(t, again, wallet.Quota{Reserved: 1, Leased: 10, Orphaned: 9})
}

func leasedGivenBack(t *testing.T, b wallet.StockLeases) {
	q := stockOf(t, b, "milk-tea")
	record := func(id wallet.ActID, block, want wallet.BlockID) {
		t.Helper()
		got := write(q.Record(t.Context(), wallet.Reservation{Order: coupon(id), Amount: 1, Block: block})).ok(t)
		require.Equal(t, want, got.Block)
	}
	block := lease(t, q, "a", 10, 10, 10)
	record(1, block.ID, block.ID)
	record(2, block.ID, block.ID)
	record(3, block.ID, block.ID)
	for range 2 { // a repeat returns nothing
		require.NoError(t, b.GiveBack(t.Context(), coupon(1), "milk-tea"))
		quota(t, q, wallet.Quota{Reserved: 2, Leased: 10})
	}
	require.NoError(t, b.GiveBack(t.Context(), coupon(4), "milk-tea"), "the order had no coupon")
	record(1, block.ID, 0) // an order that returned its coupon gets no other
	record(4, block.ID, 0) // a late take is refused too
	require.NoError(t, q.Orphan(t.Context(), "a"))
	quota(t, q, wallet.Quota{Reserved: 2, Leased: 10, Orphaned: 8})
	require.NoError(t, b.GiveBack(t.Context(), coupon(2), "milk-tea"))
	quota(t, q, wallet.Quota{Reserved: 1, Leased: 10, Orphaned: 9})
	audit := func(want wallet.Money) {
		t.Helper()
		call(q.Reclaim(t.Context(), wallet.Official)).returns(t, want)
	}
	audit(9)
	quota(t, q, wallet.Quota{Reserved: 1, Leased: 1})
	require.NoError(t, b.GiveBack(t.Context(), coupon(3), "milk-tea"))
	audit(1) // from a block that was closed before
	audit(0)
	quota(t, q, wallet.Quota{})
	require.EqualValues(t, 10, lease(t, q, "b", 10, 10, 10).Amount, "all of it can be granted again")
}

// lastBlocksSmall: hundreds of instances share the last coupons, so near the end no block may contain many of them.
func lastBlocksSmall(t *testing.T, b wallet.StockLeases) {
	const stock = 2_000
	q := stockOf(t, b, "milk-tea")
	leased, leases := wallet.Money(0), 0
	for leased < stock {
		before := leased
		leased = lease(t, q, "a", 1, 1_000, stock).Amount
		require.LessOrEqual(t, leased-before, max(1, (stock-before)/32), "of %d remaining coupons", stock-before)
		leases++
	}
	require.Less(t, leases, stock/4, "while many are left, a block is more than one coupon")
}
