package runningtotal_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/reference/runningtotal"
	"hongbao/reference/store/mem"
	"hongbao/reference/wallet"
)

func TestRepair(t *testing.T) {
	c := newCentral()
	dead := runningtotal.NewWriter("dead", c)
	require.NoError(t, dead.Add(wallet.Official, 60))
	require.NoError(t, dead.Flush(t.Context()))
	require.NoError(t, dead.Add(wallet.Official, 40)) // never reported
	r := runningtotal.NewRepairer("repair", c)
	for _, s := range []struct {
		granted, restored, total wallet.Money
		before, after, want      error
		why                      string
	}{
		{granted: 60, total: 60, why: "the first call looks"},
		{granted: 100, total: 60, why: "nothing is missing of the last look's; who granted the rest may yet report it"},
		{granted: 100, before: wallet.ErrUnavailable, want: wallet.ErrUnavailable, total: 60, why: "the store is down"},
		{granted: 100, after: wallet.ErrUnknown, want: wallet.ErrUnknown, total: 100, why: "restored, and the answer was lost"},
		{granted: 100, total: 100, why: "not restored twice"},
		{granted: 130, total: 100, why: "more was granted since"},
		{granted: 500, restored: 30, total: 130, why: "another loss comes on top"},
		{granted: 120, restored: 370, total: 500, why: "and another; what is on record now counts the next time"},
		{granted: 120, total: 500, why: "books that say less lower nothing"},
		{granted: -1, want: wallet.ErrInvalid, total: 500, why: "nobody grants less than nothing"},
	} {
		c.before, c.after = s.before, s.after
		got, err := r.Repair(t.Context(), wallet.Official, s.granted)
		require.ErrorIs(t, err, s.want, s.why)
		require.Equal(t, s.restored, got, s.why)
		require.Equal(t, s.total, total(t, c.Totals, wallet.Official), s.why)
	}
	_, err := r.Repair(t.Context(), 0, 1)
	require.ErrorIs(t, err, wallet.ErrInvalid)
}

// TestRepairAfterLoss: when the central store has lost everything, writers that live report first, and only what dead
// ones had is restored.
func TestRepairAfterLoss(t *testing.T) {
	c := newCentral()
	live, r := runningtotal.NewWriter("live", c), runningtotal.NewRepairer("repair", c)
	require.NoError(t, c.Report(t.Context(), wallet.Official, "dead", 60))
	require.NoError(t, live.Add(wallet.Official, 30))
	require.NoError(t, live.Flush(t.Context()))
	repair := func(want error, restored wallet.Money) {
		t.Helper()
		got, err := r.Repair(t.Context(), wallet.Official, 100) // 10 were never reported
		require.ErrorIs(t, err, want)
		require.Equal(t, restored, got)
	}
	repair(nil, 0)
	repair(nil, 10)

	c.Totals = mem.NewTotals()
	repair(wallet.ErrStale, 0)
	require.EqualValues(t, 10, total(t, c, wallet.Official), "it reports its own sum at once, and no more")
	for range 10 {
		require.NoError(t, live.Flush(t.Context()))
	}
	repair(nil, 60)
	require.EqualValues(t, 100, total(t, c, wallet.Official))
}
