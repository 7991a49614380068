package stock_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/reference/stock"
	"hongbao/reference/store/mem"
	"hongbao/reference/wallet"
)

const (
	tea     wallet.RewardID = "milk-tea"
	voucher wallet.RewardID = "tea-voucher"
)

func number(id int) wallet.OrderNo {
	return wallet.OrderNo{ActID: wallet.ActID(id), Scene: "fireworks-tea", Rain: 1, Award: wallet.HeyteaCoupon, Stage: wallet.Official}
}

func official(t wallet.RewardID) wallet.Template {
	return wallet.Template{Reward: t, Stage: wallet.Official}
}

func split(t require.TestingT, parts int) *stock.SplitKey {
	s, err := stock.NewSplitKey(mem.NewStock(), parts)
	require.NoError(t, err)
	return s
}

func lease(t require.TestingT, leases wallet.StockLeases, mirror wallet.StockMirror, holder string, block int64) *stock.Leased {
	l, err := stock.NewLeased(leases, mirror, holder, block)
	require.NoError(t, err)
	return l
}

// TestStrategies covers the common behaviour of all strategies that remember orders: every coupon is granted, each
// order once.
func TestStrategies(t *testing.T) {
	for _, c := range []struct {
		name   string
		stocks func() wallet.Stocks
		why    string
	}{
		{"single key that remembers", func() wallet.Stocks { return split(t, 1) }, "the source's key with a memory of orders"},
		{"split", func() wallet.Stocks { return split(t, 7) }, "shares that do not divide evenly"},
		{"more parts than coupons", func() wallet.Stocks { return split(t, 256) }, "most parts start empty and get coupons from others"},
		{"lease", func() wallet.Stocks { return lease(t, mem.NewStockLeases(), mem.NewStock(), "a", 30) }, "blocks"},
	} {
		t.Run(c.name, func(t *testing.T) {
			const total = 100
			s := c.stocks()
			for range 2 {
				for i := range 150 {
					err := s.Take(t.Context(), number(i+1), tea, total)
					if i < total {
						require.NoError(t, err, "order %d: %s", i, c.why)
					} else {
						require.ErrorIs(t, err, wallet.ErrSoldOut, "order %d: %s", i, c.why)
					}
				}
			}
			require.NoError(t, s.Take(t.Context(), number(1), voucher, 1), "another template has a separate stock")
			drill := number(1)
			drill.Stage = wallet.ExternalDrill
			require.NoError(t, s.Take(t.Context(), drill, tea, 1), "another stage has a separate stock")
			has, err := s.Decline(t.Context(), number(7), tea)
			require.NoError(t, err)
			require.True(t, has, "a granted coupon cannot be declined")
			require.ErrorIs(t, s.Take(t.Context(), number(3), tea, -1), wallet.ErrInvalid)
			require.ErrorIs(t, s.Take(t.Context(), number(0), tea, 1), wallet.ErrInvalid)
			require.ErrorIs(t, s.Take(t.Context(), number(3), "Tea!", 1), wallet.ErrInvalid)
		})
	}
}
