package runningtotal_test

import (
	"context"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"hongbao/reference/runningtotal"
	"hongbao/reference/store/mem"
	"hongbao/reference/store/storetest"
	"hongbao/reference/wallet"
)

func newReplicated() (d *runningtotal.Replicated, primary, backup *central) {
	primary, backup = newCentral(), newCentral()
	return runningtotal.NewReplicated(primary, backup), primary, backup
}

func TestTwofold(t *testing.T) {
	ctx := t.Context()
	d, primary, backup := newReplicated()
	w, r := runningtotal.NewWriter("a", d), newReader(t, d)
	sees := func(fen wallet.Money, why string) {
		t.Helper()
		require.NoError(t, r.Refresh(ctx), why)
		got, ok := r.Total(wallet.Official)
		require.True(t, ok, why)
		require.Equal(t, fen, got, why)
	}
	add := func(fen wallet.Money, want error, why string) {
		t.Helper()
		require.NoError(t, w.Add(wallet.Official, fen))
		require.ErrorIs(t, w.Flush(ctx), want, why)
	}
	add(5, nil, "both answer")
	require.EqualValues(t, 5, total(t, primary.Totals, wallet.Official))
	require.EqualValues(t, 5, total(t, backup.Totals, wallet.Official))

	require.NoError(t, backup.Totals.Report(ctx, wallet.Official, "only here", 1))
	sees(5, "reads come from the primary")
	d.UseBackup(true)
	sees(6, "the switch moves them to the backup")
	d.UseBackup(false)

	primary.before = wallet.ErrUnavailable
	add(10, wallet.ErrUnavailable, "one store is down: an error, because the report must be repeated")
	require.EqualValues(t, 16, total(t, backup.Totals, wallet.Official))
	sees(16, "the other store answers")
	backup.before = wallet.ErrUnknown
	err := r.Refresh(ctx)
	require.ErrorIs(t, err, wallet.ErrUnavailable, "no store answers: the error has both causes")
	require.ErrorIs(t, err, wallet.ErrUnknown, "no store answers: the error has both causes")

	primary.before, backup.before = nil, wallet.ErrUnavailable
	add(1, wallet.ErrUnavailable, "the same with the backup")
	require.EqualValues(t, 16, total(t, primary.Totals, wallet.Official))
	backup.before = nil
	require.NoError(t, w.Flush(ctx))
	require.EqualValues(t, 17, total(t, backup.Totals, wallet.Official))

	primary.Totals = mem.NewTotals()
	primary.after = wallet.ErrUnknown
	add(1, wallet.ErrUnknown, "a lost reply")
	primary.after = nil
	require.NoError(t, w.Flush(ctx), "the failed report is repeated")
	require.EqualValues(t, 17, total(t, primary.Totals, wallet.Official))
	require.EqualValues(t, 18, total(t, backup.Totals, wallet.Official))
}

func TestAgree(t *testing.T) {
	ctx := t.Context()
	d, primary, backup := newReplicated()
	for _, c := range []struct {
		to     *central
		writer string
		sum    wallet.Money
	}{{primary, "a", 5}, {backup, "a", 7}, {primary, "b", 9}, {backup, "b", 9}, {backup, "dead", 100}, {primary, "new", 1}} {
		require.NoError(t, c.to.Report(ctx, wallet.Official, c.writer, c.sum))
	}
	agree := func(p, b int, want error, why string) {
		t.Helper()
		gotP, gotB, err := d.Synchronize(ctx, wallet.Official)
		require.ErrorIs(t, err, want, why)
		require.Equal(t, []int{p, b}, []int{gotP, gotB}, why)
	}
	backup.before = wallet.ErrUnavailable
	agree(0, 0, wallet.ErrUnavailable, "a store that cannot be read is not taken for empty")
	require.EqualValues(t, 15, total(t, primary.Totals, wallet.Official))
	backup.before = nil
	agree(2, 1, nil, "each gets the sums that it lacks")
	for _, c := range []*central{primary, backup} {
		require.EqualValues(t, 117, total(t, c.Totals, wallet.Official))
	}
	agree(0, 0, nil, "they agree")
	primary.Totals = mem.NewTotals()
	primary.after = wallet.ErrUnknown
	agree(0, 0, wallet.ErrUnknown, "a reply is lost: the rest is left to the next call")
	primary.after = nil
	agree(3, 0, nil, "the report that arrived is not repeated")
	require.EqualValues(t, 117, total(t, primary.Totals, wallet.Official))
}

// TestTwofoldBook: Sums returns each writer's larger sum.
func TestTwofoldBook(t *testing.T) {
	d, primary, backup := newReplicated()
	require.NoError(t, primary.Report(t.Context(), wallet.Official, "a", 5))
	require.NoError(t, backup.Report(t.Context(), wallet.Official, "a", 4))
	require.NoError(t, backup.Report(t.Context(), wallet.Official, "b", 3))
	var writers []string
	var sums []wallet.Money
	require.NoError(t, d.Sums(t.Context(), wallet.Official, func(writer string, sum wallet.Money) bool {
		writers, sums = append(writers, writer), append(sums, sum)
		return true
	}))
	require.Equal(t, []string{"a", "b"}, writers)
	require.Equal(t, []wallet.Money{5, 3}, sums)
	backup.before = wallet.ErrUnavailable
	require.ErrorIs(t, d.Sums(t.Context(), wallet.Official, func(string, wallet.Money) bool { return true }), wallet.ErrUnavailable)
}

// TestTwofoldNeverWrong: stores fail, lose replies and lose all data, one at a time; writers die; reads come from
// either store. The values of readers never fall and are never above the sum granted, and after Synchronize and Repair
// both stores are exact.
func TestTwofoldNeverWrong(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ctx := context.Background()
		d, primary, backup := newReplicated()
		stores := []*central{primary, backup}
		started := 0
		start := func() *runningtotal.Writer {
			started++
			return runningtotal.NewWriter("w"+strconv.Itoa(started), d)
		}
		writers := []*runningtotal.Writer{start(), start(), start()}
		reader, err := runningtotal.NewReader(d, wallet.Official)
		require.NoError(t, err)
		repairer := runningtotal.NewRepairer("repair", d)
		var granted, shown wallet.Money
		heal := func() { primary.before, primary.after, backup.before, backup.after = nil, nil, nil, nil }
		repair := func() { // the chore of a service, after every living writer has had time to report
			heal()
			for _, w := range writers {
				_ = w.Flush(ctx)
			}
			if _, _, err := d.Synchronize(ctx, wallet.Official); err == nil {
				_, _ = repairer.Repair(ctx, wallet.Official, granted)
			}
		}
		faults := []error{nil, nil, wallet.ErrUnavailable, wallet.ErrUnknown}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			i := rapid.IntRange(0, 2).Draw(t, "writer")
			for _, c := range stores {
				c.before, c.after = rapid.SampledFrom(faults).Draw(t, "before"), rapid.SampledFrom(faults).Draw(t, "after")
			}
			switch rapid.SampledFrom([]string{"add", "add", "flush", "die", "lose", "switch", "refresh", "repair"}).Draw(t, "step") {
			case "add":
				fen := wallet.Money(rapid.IntRange(1, 100).Draw(t, "fen"))
				require.NoError(t, writers[i].Add(wallet.Official, fen))
				granted += fen
			case "flush":
				_ = writers[i].Flush(ctx)
			case "die":
				writers[i] = start()
			case "lose": // one store, and only while the other is complete: data lost by both cannot be restored
				heal()
				_, _, err := d.Synchronize(ctx, wallet.Official)
				require.NoError(t, err)
				rapid.SampledFrom(stores).Draw(t, "store").Totals = mem.NewTotals()
				_, _, err = d.Synchronize(ctx, wallet.Official)
				require.NoError(t, err)
			case "switch":
				d.UseBackup(rapid.Bool().Draw(t, "backup"))
			case "refresh":
				_ = reader.Refresh(ctx)
			case "repair":
				repair()
			}
			for _, c := range stores {
				require.LessOrEqual(t, total(t, c.Totals, wallet.Official), granted)
			}
			if now, ok := reader.Total(wallet.Official); ok {
				require.GreaterOrEqual(t, now, shown)
				shown = now
			}
		}
		for range 3 { // the first call after a loss only reads
			repair()
		}
		for _, c := range stores {
			require.Equal(t, granted, total(t, c.Totals, wallet.Official))
		}
	})
}

// TestTwofoldContract: it meets the contract of a central store.
func TestTwofoldContract(t *testing.T) {
	storetest.Totals(t, func(*testing.T) storetest.TotalsStore {
		return runningtotal.NewReplicated(mem.NewTotals(), mem.NewTotals())
	})
}
