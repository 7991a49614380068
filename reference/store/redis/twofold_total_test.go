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

// TestTwofoldTotals: a total that is kept twice is one total (R4).
func TestTwofoldTotals(t *testing.T) {
	onEach(t, func(t *testing.T, e endpoint) {
		storetest.Totals(t, func(t *testing.T) storetest.TotalsStore {
			return runningtotal.NewTwofold(redis.NewTotals(e.open(t)), redis.NewTotals(e.open(t)))
		})
	})
}

// TestPrimaryDies: the primary's Redis dies under a writer and a reader and comes back empty (R4). Nobody notices but
// whoever turns the switch, and afterwards both hold the same.
func TestPrimaryDies(t *testing.T) {
	ctx := t.Context()
	dead, alive := miniredis.RunT(t), miniredis.RunT(t)
	primary := redis.NewTotals(dial(t, redis.Config{Addrs: []string{dead.Addr()}}).client)
	backup := redis.NewTotals(dial(t, redis.Config{Addrs: []string{alive.Addr()}}).client)
	d := runningtotal.NewTwofold(primary, backup)
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
	sees(200, "both are there")

	dead.Close()
	require.NoError(t, w.Add(wallet.Official, 10))
	require.Error(t, w.Flush(ctx), "one of two is not enough to be done")
	sees(210, "the backup answers")
	d.ReadBackup(true)
	sees(210, "and with the switch it is asked first")
	_, _, err = d.Agree(ctx, wallet.Official)
	require.Error(t, err, "what cannot be read is not taken for empty")

	dead.FlushAll()
	require.NoError(t, dead.Restart())
	again := func(do func() error) error { // connections of the first life may still be found broken, one after the other
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
	one(110, "who lives has told it again")
	told := 0
	require.NoError(t, again(func() error {
		n, _, err := d.Agree(ctx, wallet.Official)
		told += n
		return err
	}))
	require.LessOrEqual(t, told, 1, "it is told of nobody else")
	one(210, "and the task has told it of who does not")
	d.ReadBackup(false)
	sees(210, "reads are back, and nothing was lost or counted twice")
}
