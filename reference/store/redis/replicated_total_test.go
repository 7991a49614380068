package redis_test

import (
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/stretchr/testify/require"

	"hongbao/reference/runningtotal"
	"hongbao/reference/store/redis"
	"hongbao/reference/store/storetest"
	"hongbao/reference/wallet"
)

// TestTwofoldTotals: a total that is stored twice behaves as one total (R4).
func TestTwofoldTotals(t *testing.T) {
	onEach(t, func(t *testing.T, e endpoint) {
		storetest.Totals(t, func(t *testing.T) storetest.TotalsStore {
			return runningtotal.NewReplicated(redis.NewTotals(e.open(t)), redis.NewTotals(e.open(t)))
		})
	})
}

// TestPrimaryDies: the primary's Redis crashes under a writer and a reader and restarts empty (R4). Readers see no
// effect, the operator turns the switch on and off, and afterwards both stores have the same sums.
func TestPrimaryDies(t *testing.T) {
	ctx := t.Context()
	dead, alive := miniredis.RunT(t), miniredis.RunT(t)
	primary := redis.NewTotals(dial(t, redis.Config{Addrs: []string{dead.Addr()}}).client)
	backup := redis.NewTotals(dial(t, redis.Config{Addrs: []string{alive.Addr()}}).client)
	d := runningtotal.NewReplicated(primary, backup)
	gone, w := runningtotal.NewWriter("gone", d), runningtotal.NewWriter("here", d)
	r, err := runningtotal.NewReader(d, wallet.Official)
	require.NoError(t, err)
	sees := func(fen wallet.Money, why string) {
		t.Helper()
		require.NoError(t, r.Refresh(ctx), why)
		total, ok := r.Total(wallet.Official)
		require.True(t, ok, why)
		require.Equal(t, fen, total, why)
	}
	for _, writer := range []*runningtotal.Writer{gone, w} {
		require.NoError(t, writer.Add(wallet.Official, 100))
		require.NoError(t, writer.Flush(ctx))
	}
	sees(200, "both are up")

	dead.Close()
	require.NoError(t, w.Add(wallet.Official, 10))
	require.Error(t, w.Flush(ctx), "a report to only one store is not complete")
	sees(210, "the backup answers")
	d.UseBackup(true)
	sees(210, "with the switch on, the backup is read first")
	_, _, err = d.Synchronize(ctx, wallet.Official)
	require.Error(t, err, "an unreadable store is not treated as empty")

	dead.FlushAll()
	require.NoError(t, dead.Restart())
	again := func(do func() error) error { // connections to the first process may still be found broken, one after the other
		var err error
		for range 10 {
			if err = do(); err == nil {
				break
			}
		}
		return err
	}
	require.NoError(t, again(func() error { return w.Flush(ctx) }))
	one := func(want wallet.Money, why string) {
		t.Helper()
		var total wallet.Money
		require.NoError(t, again(func() (err error) { total, err = primary.Total(ctx, wallet.Official); return err }), why)
		require.Equal(t, want, total, why)
	}
	one(110, "the live writer has reported again")
	reported := 0
	require.NoError(t, again(func() error {
		n, _, err := d.Synchronize(ctx, wallet.Official)
		reported += n
		return err
	}))
	require.LessOrEqual(t, reported, 1, "no other writer is reported")
	one(210, "the task has restored the sum of the dead writer")
	d.UseBackup(false)
	sees(210, "reads use the primary again, and nothing was lost or counted twice")
}
