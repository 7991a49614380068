package storetest

import (
	"math"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"hongbao/reference/wallet"
)

// TotalsStore is a store of the running total that can list the writers' sums.
type TotalsStore interface {
	wallet.Totals
	wallet.TotalsReader
}

// Totals tests an adapter of wallet.Totals and wallet.TotalsReader.
func Totals(t *testing.T, open func(t *testing.T) TotalsStore) {
	t.Run("story", func(t *testing.T) { totalsStory(t, open(t)) })
	t.Run("largest sums", func(t *testing.T) { largestTotals(t, open(t)) })
	t.Run("reader", func(t *testing.T) { totalsByWriter(t, open(t)) })
	t.Run("many report", func(t *testing.T) { manyReport(t, open(t)) })
	checkModel(t, open, totalsModel)
}

func total(t testable, s TotalsStore, stage wallet.Stage, want wallet.Money, why string) {
	t.Helper()
	call(s.Total(t.Context(), stage)).returns(t, want, why)
}

func totalsStory(t *testing.T, s TotalsStore) {
	total(t, s, wallet.Official, 0, "no writer has reported")
	for _, c := range []struct {
		writer string
		stage  wallet.Stage
		sum    wallet.Money
		want   wallet.Money // in the official stage afterwards
		why    string
	}{
		{"a", wallet.Official, 100, 100, "a first report"},
		{"a", wallet.Official, 100, 100, "a repeated report"},
		{"b", wallet.Official, 0, 100, "nothing granted yet"},
		{"b", wallet.Official, 9, 109, "sums of writers add up"},
		{"b", wallet.Official, 10, 110, "a sum replaces the previous one; 10 is more than 9"},
		{"a", wallet.Official, 99, 110, "an outdated report changes nothing"},
		{"a", wallet.ExternalDrill, 5000, 110, "another stage has its own total"},
	} {
		require.NoError(t, s.Report(t.Context(), c.stage, c.writer, c.sum), c.why)
		total(t, s, wallet.Official, c.want, c.why)
	}
	require.ErrorIs(t, s.Report(t.Context(), wallet.Official, "a", -1), wallet.ErrInvalid)
	total(t, s, wallet.Official, 110, "sums never decrease")
	total(t, s, wallet.ExternalDrill, 5000, "as reported")
	total(t, s, wallet.InternalTest, 0, "no writer has reported")
}

func largestTotals(t *testing.T, s TotalsStore) {
	const exact = 1<<53 + 1 // the first integer that a float cannot represent
	require.NoError(t, s.Report(t.Context(), wallet.Official, "a", exact-1))
	require.NoError(t, s.Report(t.Context(), wallet.Official, "a", exact))
	total(t, s, wallet.Official, exact, "exact")
	// The carry over nine digits, up and down: 999,999,999 more, and then a sum that is 1 more than a round number.
	for _, sum := range []wallet.Money{999_999_999, 1_000_000_000, 1_999_999_999, 5_000_000_001} {
		require.NoError(t, s.Report(t.Context(), wallet.Official, "carry", sum))
		total(t, s, wallet.Official, exact+sum, "exact")
	}
	require.NoError(t, s.Report(t.Context(), wallet.Official, "b", math.MaxInt64-exact-5_000_000_001))
	total(t, s, wallet.Official, math.MaxInt64, "exact")
	require.NoError(t, s.Report(t.Context(), wallet.Official, "c", 1))
	call(s.Total(t.Context(), wallet.Official)).fails(t, wallet.ErrOverflow)
}

func manyReport(t *testing.T, s TotalsStore) {
	const reports = 50
	together(t, func(t *testing.T, caller int) {
		for i := range reports {
			// Every caller reports for every writer, in different orders.
			writer, sum := (caller+i)%callers, (i*7+caller)%reports+1
			require.NoError(t, s.Report(t.Context(), wallet.Official, strconv.Itoa(writer), wallet.Money(sum)))
		}
		require.NoError(t, s.Report(t.Context(), wallet.Official, strconv.Itoa(caller), reports))
	})
	total(t, s, wallet.Official, callers*reports, "the largest sum of each writer")
}

// totalsModel compares the store with a map over random sequences of reports.
func totalsModel(t *rapid.T, s TotalsStore) {
	model := map[string]wallet.Money{}
	for range rapid.IntRange(1, 30).Draw(t, "steps") {
		writer := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "writer")
		sum := wallet.Money(rapid.Int64Range(1, 1<<60).Draw(t, "sum"))
		require.NoError(t, s.Report(t.Context(), wallet.Official, writer, sum))
		model[writer] = max(model[writer], sum)
	}
	total(t, s, wallet.Official, model["a"]+model["b"]+model["c"], "the largest sum of each writer")
	require.Equal(t, model, sums(t, s, wallet.Official))
}

// sums reads the sums of a stage's writers.
func sums(t testable, s TotalsStore, stage wallet.Stage) map[string]wallet.Money {
	t.Helper()
	got := map[string]wallet.Money{}
	require.NoError(t, s.Sums(t.Context(), stage, func(writer string, sum wallet.Money) bool {
		got[writer] = sum
		return true
	}))
	return got
}

func totalsByWriter(t *testing.T, s TotalsStore) {
	require.Empty(t, sums(t, s, wallet.Official), "no writer has reported")
	// More writers than a page of any adapter, and names that an adapter may use internally.
	want := map[string]wallet.Money{"high": 7, "low": 8, "": 9, "w:": 10}
	for i := range 1200 {
		want["writer "+strconv.Itoa(i)] = wallet.Money(i + 1)
	}
	all := wallet.Money(0)
	for writer, sum := range want {
		require.NoError(t, s.Report(t.Context(), wallet.Official, writer, sum))
		all += sum
	}
	require.NoError(t, s.Report(t.Context(), wallet.ExternalDrill, "drill", 5))
	require.Equal(t, want, sums(t, s, wallet.Official), "each writer with its sum")
	require.Equal(t, map[string]wallet.Money{"drill": 5}, sums(t, s, wallet.ExternalDrill), "another stage has its own")
	total(t, s, wallet.Official, all, "the total is the sum of the listed sums")
	seen := 0
	require.NoError(t, s.Sums(t.Context(), wallet.Official, func(string, wallet.Money) bool {
		seen++
		return seen < 3
	}))
	require.Equal(t, 3, seen, "reading stops when yield returns false")
}
