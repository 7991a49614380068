package mem_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/reference/store/mem"
	"hongbao/reference/store/storetest"
	"hongbao/reference/wallet"
)

func TestTotals(t *testing.T) {
	storetest.Totals(t, func(*testing.T) storetest.TotalsStore { return mem.NewTotals() })
}

func TestTotalsOfNoStage(t *testing.T) {
	for _, s := range []wallet.Stage{0, wallet.Official + 1} {
		require.ErrorIs(t, mem.NewTotals().Report(t.Context(), s, "a", 1), wallet.ErrInvalid)
		_, err := mem.NewTotals().Total(t.Context(), s)
		require.ErrorIs(t, err, wallet.ErrInvalid)
	}
}

// TestTotalsStayOver: a total that is out of range stays so.
func TestTotalsStayOver(t *testing.T) {
	s := mem.NewTotals()
	for _, writer := range []string{"a", "b", "c"} {
		require.NoError(t, s.Report(t.Context(), wallet.Official, writer, math.MaxInt64-1))
	}
	_, err := s.Total(t.Context(), wallet.Official)
	require.ErrorIs(t, err, wallet.ErrOverflow)
}
