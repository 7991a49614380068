package host

import (
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/reference/stock"
	"hongbao/reference/store/mem"
	"hongbao/reference/wallet"
)

// TestStockOfTheDead: the stock leased to a dead instance is granted by the others, completely; the stock leased to a
// running instance stays leased to it.
func TestStockOfTheDead(t *testing.T) {
	leases, mirror := mem.NewStockLeases(), mem.NewStock()
	tea := wallet.Template{Reward: "tea", Stage: wallet.Official}
	maintenance := func(name string) *stock.Maintenance {
		k, err := stock.NewMaintenance(stock.Config{Name: wallet.StockLease, Leases: leases, Mirror: mirror, Holder: name, Block: 40}, []wallet.Template{tea})
		require.NoError(t, err)
		return k
	}
	take := func(k *stock.Maintenance, id wallet.ActID) error {
		return k.Stocks.Take(t.Context(), wallet.OrderNo{ActID: id, Scene: "tea", Award: wallet.HeyteaCoupon, Stage: wallet.Official}, "tea", 10_000)
	}
	dead, other, ours := maintenance("dead"), maintenance("other"), maintenance("ours")
	for i, k := range []*stock.Maintenance{dead, other, ours} {
		require.NoError(t, take(k, wallet.ActID(i+1)))
	}
	h := &Host{Config: Config{Instance: "ours"}, Ports: Ports{Stock: ours, Log: slog.New(slog.DiscardHandler)}, members: []string{"other", "ours"}}
	for round := range deadAfter {
		before, err := ours.Holders(t.Context())
		require.NoError(t, err)
		require.Equal(t, []string{"dead", "other", "ours"}, before, "round %d: it may still be running", round)
		require.NoError(t, h.orphanDead(t.Context(), h.Stock, &h.absentStock))
	}
	after, err := ours.Holders(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"other", "ours"}, after)
	h.auditStock(t.Context())
	got := 0
	for id := wallet.ActID(10); id < 11_000; id++ {
		if take(ours, id) == nil {
			got++
		}
	}
	require.Equal(t, 10_000-3-39, got, "all except those granted and the rest of the other instance's block")
	require.NoError(t, take(other, 20_000))

	require.NoError(t, ours.Publish(t.Context()))
	require.NoError(t, h.Stock.Refresh(t.Context()))
	issued, known := ours.Reader.Issued(tea)
	require.True(t, known)
	require.EqualValues(t, 3+9_958+1, issued)
}
