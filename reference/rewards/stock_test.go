package rewards_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
)

// hooked are stocks that first run a function, or fail.
type hooked struct {
	wallet.Stocks
	take, back func() error
}

func (h *hooked) Take(ctx context.Context, no wallet.OrderNo, t wallet.RewardID, total int64) error {
	if do := h.take; do != nil {
		h.take = nil
		if err := do(); err != nil {
			return err
		}
	}
	return h.Stocks.Take(ctx, no, t, total)
}

func (h *hooked) GiveBack(ctx context.Context, no wallet.OrderNo, t wallet.RewardID) error {
	if do := h.back; do != nil {
		h.back = nil
		if err := do(); err != nil {
			return err
		}
	}
	return h.Stocks.GiveBack(ctx, no, t)
}

func issued(r *rig, t wallet.RewardID) int64 {
	n, err := r.stocks.Issued(r.ctx, wallet.Template{Reward: t, Stage: wallet.Official})
	require.NoError(r.t, err)
	return n
}

// TestStockDown: nothing is granted while the stock cannot count; the order is on record, so the result is unknown and
// not a refusal.
func TestStockDown(t *testing.T) {
	r := newRig(t, tree(10, 2))
	h := &hooked{Stocks: r.stocks, take: func() error { return wallet.ErrUnavailable }}
	r.stocks = h
	r.boot()
	_, err := r.tryGrant(won(1, "tea", 1))
	require.ErrorIs(t, err, wallet.ErrUnknown)
	require.Equal(t, wallet.ItemOpen, r.record(won(1, "tea", 1)).State)
	r.settle()
	require.Equal(t, wallet.ItemSettled, r.record(won(1, "tea", 1)).State, "the chores settled it")
}

// TestLateTry: an attempt that was delayed between the record and the stock, until its order was granted and refunded
// by others, keeps no coupon.
func TestLateTry(t *testing.T) {
	r := newRig(t, tree(10, 2))
	h := &hooked{Stocks: r.stocks}
	r.stocks = h
	r.boot()
	h.take = func() error {
		require.Equal(t, wallet.ItemSettled, r.grant(won(1, "tea", 1)).State)
		_, err := r.service.Refund(r.ctx, won(1, "tea", 1))
		return err
	}
	require.Equal(t, wallet.ItemRefunded, r.grant(won(1, "tea", 1)).State)
	require.Zero(t, issued(r, "tea"))
	require.Zero(t, issued(r, "voucher"), "its fallback coupon is back in stock")
}

// TestGiveBackFails: an item is recorded as refunded only when its coupon is back in stock.
func TestGiveBackFails(t *testing.T) {
	r := newRig(t, tree(10, 2))
	h := &hooked{Stocks: r.stocks, back: func() error { return wallet.ErrUnavailable }}
	r.stocks = h
	r.boot()
	r.grant(won(1, "tea", 1))
	_, err := r.service.Refund(r.ctx, won(1, "tea", 1))
	require.ErrorIs(t, err, wallet.ErrUnknown)
	require.Equal(t, wallet.ItemReturning, r.record(won(1, "tea", 1)).State)
	require.EqualValues(t, 1, issued(r, "tea"))
	_, err = r.use(won(1, "tea", 1))
	require.ErrorIs(t, err, wallet.ErrNotUsable)
	r.settle()
	require.Equal(t, wallet.ItemRefunded, r.record(won(1, "tea", 1)).State)
	require.Zero(t, issued(r, "tea"))
}
