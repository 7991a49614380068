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
		{granted: 60, total: 60, why: "the first call only reads"},
		{granted: 100, total: 60, why: "nothing of the previous call's sum is missing; the rest may still be reported"},
		{granted: 100, before: wallet.ErrUnavailable, want: wallet.ErrUnavailable, total: 60, why: "the store is down"},
		{granted: 100, after: wallet.ErrUnknown, want: wallet.ErrUnknown, total: 100, why: "restored, but the reply was lost"},
		{granted: 100, total: 100, why: "not restored twice"},
		{granted: 130, total: 100, why: "more was granted since"},
		{granted: 500, restored: 30, total: 130, why: "another loss is added"},
		{granted: 120, restored: 370, total: 500, why: "and another; the sum on record now counts at the next call"},
		{granted: 120, total: 500, why: "a smaller sum on record lowers nothing"},
		{granted: -1, want: wallet.ErrInvalid, total: 500, why: "a sum below zero"},
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

// TestRepairAfterLoss: after the central store has lost everything, living writers report first, and only the sums of
// dead ones are restored.
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
	require.EqualValues(t, 10, total(t, c, wallet.Official), "it reports only its own sum at once")
	for range 10 {
		require.NoError(t, live.Flush(t.Context()))
	}
	repair(nil, 60)
	require.EqualValues(t, 100, total(t, c, wallet.Official))
}
