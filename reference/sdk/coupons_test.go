package sdk_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/reference/sdk"
	"hongbao/reference/wallet"
)

// fixedStock has stock of tea, and has not read the voucher's yet.
type fixedStock struct{}

func (fixedStock) CouponStock(t wallet.Template) (issued, total int64, err error) {
	switch t.Reward {
	case "tea":
		return 90, 100, nil
	case "voucher":
		return 0, 0, wallet.ErrUnavailable
	}
	return 0, 0, wallet.ErrNotFound
}

type noPages struct{ sdk.Pages }

func TestStock(t *testing.T) {
	s, err := sdk.New(sdk.Ports{Pages: noPages{}, Coupons: fixedStock{}})
	require.NoError(t, err)
	got, err := s.Stock(wallet.Template{Reward: "tea", Stage: wallet.Official})
	require.NoError(t, err)
	require.Equal(t, sdk.Stock{Issued: 90, Total: 100}, got)
	require.EqualValues(t, 10, got.Left())
	_, err = s.Stock(wallet.Template{Reward: "voucher", Stage: wallet.Official})
	require.ErrorIs(t, err, wallet.ErrUnavailable)
	_, err = s.Stock(wallet.Template{Reward: "gold", Stage: wallet.Official})
	require.ErrorIs(t, err, wallet.ErrNotFound)
	s, err = sdk.New(sdk.Ports{Pages: noPages{}})
	require.NoError(t, err)
	_, err = s.Stock(wallet.Template{Reward: "tea", Stage: wallet.Official})
	require.ErrorIs(t, err, wallet.ErrUnavailable, "without the coupons port")
}

func TestStockBelow(t *testing.T) {
	for _, c := range []struct {
		s        sdk.Stock
		num, den int64
		want     bool
		why      string
	}{
		{sdk.Stock{Issued: 90, Total: 100}, 1, 10, false, "exactly the threshold is left"},
		{sdk.Stock{Issued: 91, Total: 100}, 1, 10, true, "one less"},
		{sdk.Stock{Issued: 100, Total: 100}, 0, 1, false, "a threshold of zero is never passed"},
		{sdk.Stock{Issued: 105, Total: 100}, 1, 10, true, "more issued than the stock: nothing is left"},
		{sdk.Stock{Issued: 0, Total: 0}, 1, 10, false, "an empty stock has no threshold"},
		{sdk.Stock{Issued: 1, Total: math.MaxInt64}, math.MaxInt64, math.MaxInt64, true, "no overflow"},
	} {
		require.Equal(t, c.want, c.s.Below(c.num, c.den), c.why)
	}
}

func BenchmarkStock(b *testing.B) {
	s, err := sdk.New(sdk.Ports{Pages: noPages{}, Coupons: fixedStock{}})
	require.NoError(b, err)
	t := wallet.Template{Reward: "tea", Stage: wallet.Official}
	for b.Loop() {
		if _, err := s.Stock(t); err != nil {
			b.Fatal(err)
		}
	}
}
