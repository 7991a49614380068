package runningtotal_test

import (
	"context"
	"math"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"hongbao/reference/runningtotal"
	"hongbao/reference/store/mem"
	"hongbao/reference/wallet"
)

// central is a store that can lose calls, lose replies, and lose all its data.
type central struct {
	*mem.Totals
	reports int
	before  error // error of a call, returned before it reaches the store
	after   error // error of a report, returned after it was made
}

func (c *central) Report(ctx context.Context, s wallet.Stage, writer string, sum wallet.Money) error {
	c.reports++
	if c.before != nil {
		return c.before
	}
	if err := c.Totals.Report(ctx, s, writer, sum); err != nil {
		return err
	}
	return c.after
}

func (c *central) Total(ctx context.Context, s wallet.Stage) (wallet.Money, error) {
	if c.before != nil {
		return 0, c.before
	}
	return c.Totals.Total(ctx, s)
}

func (c *central) Sums(ctx context.Context, s wallet.Stage, yield func(string, wallet.Money) bool) error {
	if c.before != nil {
		return c.before
	}
	return c.Totals.Sums(ctx, s, yield)
}

func newCentral() *central { return &central{Totals: mem.NewTotals()} }

func total(t require.TestingT, c wallet.Totals, s wallet.Stage) wallet.Money {
	sum, err := c.Total(context.Background(), s)
	require.NoError(t, err)
	return sum
}

func newReader(t *testing.T, c wallet.Totals, stages ...wallet.Stage) *runningtotal.Reader {
	r, err := runningtotal.NewReader(c, stages...)
	require.NoError(t, err)
	return r
}

func TestWriterAdd(t *testing.T) {
	w := runningtotal.NewWriter("a", newCentral())
	for _, c := range []struct {
		stage wallet.Stage
		fen   wallet.Money
		want  error
		sum   wallet.Money // of the official stage afterwards
		why   string
	}{
		{wallet.Official, 5, nil, 5, "a grant"},
		{wallet.ExternalDrill, 7, nil, 5, "another stage has a separate sum"},
		{wallet.Official, 0, wallet.ErrInvalid, 5, "a grant of zero"},
		{wallet.Official, -1, wallet.ErrInvalid, 5, "a total only grows"},
		{0, 1, wallet.ErrInvalid, 5, "below the stages"},
		{wallet.Official + 1, 1, wallet.ErrInvalid, 5, "above the stages"},
		{wallet.Official, math.MaxInt64, wallet.ErrOverflow, 5, "an overflow counts nothing"},
		{wallet.Official, math.MaxInt64 - 5, nil, math.MaxInt64, "exactly the largest amount"},
		{wallet.Official, 1, wallet.ErrOverflow, math.MaxInt64, "one more"},
	} {
		require.ErrorIs(t, w.Add(c.stage, c.fen), c.want, c.why)
		require.Equal(t, c.sum, w.Sum(wallet.Official), c.why)
	}
	require.EqualValues(t, 7, w.Sum(wallet.ExternalDrill))
	require.Zero(t, w.Sum(wallet.Official+1))
}

func TestFlush(t *testing.T) {
	c := newCentral()
	w, other := runningtotal.NewWriter("a", c), runningtotal.NewWriter("b", c)
	flush := func(want error, reports int, sum wallet.Money, why string) {
		t.Helper()
		before := c.reports
		require.ErrorIs(t, w.Flush(t.Context()), want, why)
		require.Equal(t, reports, c.reports-before, why)
		require.Equal(t, sum, total(t, c.Totals, wallet.Official), why)
	}
	flush(nil, 0, 0, "nothing to report")
	require.NoError(t, w.Add(wallet.Official, 5))
	require.NoError(t, w.Add(wallet.InternalTest, 2))
	flush(nil, 2, 5, "one report a stage that has grown")
	flush(nil, 0, 5, "nothing has grown")

	require.NoError(t, w.Add(wallet.Official, 10))
	c.before = wallet.ErrUnavailable
	flush(wallet.ErrUnavailable, 1, 5, "the store is down")
	c.before, c.after = nil, wallet.ErrUnknown
	flush(wallet.ErrUnknown, 1, 15, "made, but the reply was lost")
	c.after = nil
	flush(nil, 1, 15, "made again: no difference")
	flush(nil, 0, 15, "confirmed now")

	require.NoError(t, other.Add(wallet.Official, 100))
	require.NoError(t, other.Flush(t.Context()))
	require.EqualValues(t, 115, total(t, c, wallet.Official), "writers add up")
}

// TestStagesApart: the failure of one stage does not prevent other stages from being reported or read.
func TestStagesApart(t *testing.T) {
	c := newCentral()
	w := runningtotal.NewWriter("a", oneStage{c})
	require.NoError(t, w.Add(wallet.InternalTest, 1))
	require.NoError(t, w.Add(wallet.Official, 1))
	require.ErrorIs(t, w.Flush(t.Context()), wallet.ErrUnavailable)
	require.EqualValues(t, 1, total(t, c, wallet.Official))
	r := newReader(t, oneStage{c})
	require.ErrorIs(t, r.Refresh(t.Context()), wallet.ErrUnavailable)
	sum, ok := r.Total(wallet.Official)
	require.True(t, ok)
	require.EqualValues(t, 1, sum)
}

// oneStage is a store in which only the official stage works.
type oneStage struct{ *central }

func (o oneStage) Report(ctx context.Context, s wallet.Stage, writer string, sum wallet.Money) error {
	if s != wallet.Official {
		return wallet.ErrUnavailable
	}
	return o.central.Report(ctx, s, writer, sum)
}

func (o oneStage) Total(ctx context.Context, s wallet.Stage) (wallet.Money, error) {
	if s != wallet.Official {
		return 0, wallet.ErrUnavailable
	}
	return o.central.Total(ctx, s)
}

// TestFlushAfterLoss: a central store that lost its data gets the sums again, also those of idle writers.
func TestFlushAfterLoss(t *testing.T) {
	c := newCentral()
	w := runningtotal.NewWriter("a", c)
	require.NoError(t, w.Add(wallet.Official, 5))
	require.NoError(t, w.Flush(t.Context()))
	c.Totals = mem.NewTotals()
	for range 10 {
		require.NoError(t, w.Flush(t.Context()))
	}
	require.EqualValues(t, 5, total(t, c, wallet.Official))
	require.Equal(t, 2, c.reports, "no additional reports")
}

func TestReader(t *testing.T) {
	c := newCentral()
	r := newReader(t, c)
	_, ok := r.Total(wallet.Official)
	require.False(t, ok, "not read yet")
	require.False(t, r.Ready())

	c.before = wallet.ErrUnavailable
	require.ErrorIs(t, r.Refresh(t.Context()), wallet.ErrUnavailable)
	require.False(t, r.Ready(), "a failed read does not count")
	c.before = nil

	reads := func(want wallet.Money, why string) {
		t.Helper()
		got, ok := r.Total(wallet.Official)
		require.True(t, ok, why)
		require.Equal(t, want, got, why)
	}
	require.NoError(t, r.Refresh(t.Context()))
	require.True(t, r.Ready())
	reads(0, "zero is a total too")
	require.NoError(t, c.Report(t.Context(), wallet.Official, "a", 9))
	reads(0, "late until the next refresh")
	require.NoError(t, r.Refresh(t.Context()))
	reads(9, "")
	c.Totals = mem.NewTotals()
	require.NoError(t, r.Refresh(t.Context()))
	reads(9, "never lowered")
	require.NoError(t, c.Report(t.Context(), wallet.Official, "a", math.MaxInt64))
	require.NoError(t, r.Refresh(t.Context()))
	reads(math.MaxInt64, "the largest total")
	for _, s := range []wallet.Stage{0, wallet.Official + 1, math.MaxUint8} {
		got, ok := r.Total(s)
		require.False(t, ok, "stage %d", s)
		require.Zero(t, got)
	}
}

// TestReaderFollows: a reader of one stage is ready without the others, and has no values of them.
func TestReaderFollows(t *testing.T) {
	c := newCentral()
	r := newReader(t, c, wallet.Official)
	require.NoError(t, c.Report(t.Context(), wallet.InternalTest, "a", 1))
	require.NoError(t, r.Refresh(t.Context()))
	require.True(t, r.Ready())
	_, ok := r.Total(wallet.InternalTest)
	require.False(t, ok)
	_, err := runningtotal.NewReader(c, 9)
	require.ErrorIs(t, err, wallet.ErrInvalid)
}

// negative is a store that returns impossible totals.
type negative struct{ wallet.Totals }

func (negative) Total(context.Context, wallet.Stage) (wallet.Money, error) { return -1, nil }

func TestNegativeTotal(t *testing.T) {
	r := newReader(t, negative{}, wallet.Official)
	require.ErrorIs(t, r.Refresh(t.Context()), wallet.ErrOverflow)
	require.False(t, r.Ready())
}

// TestReadIsFree checks the property that B6 and R1 depend on: no allocation, and no wait, which the benchmark times.
func TestReadIsFree(t *testing.T) {
	c := newCentral()
	r, w := newReader(t, c), runningtotal.NewWriter("a", c)
	require.NoError(t, r.Refresh(t.Context()))
	require.Zero(t, testing.AllocsPerRun(1000, func() { r.Total(wallet.Official) }))
	require.Zero(t, testing.AllocsPerRun(1000, func() { _ = w.Add(wallet.Official, 1) }))
}

// TestNeverWrong: whatever is lost and whichever instance dies, the total is never above the sum granted, the values of
// readers never fall, and after all have reported and Repair has run, the total is exact.
func TestNeverWrong(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ctx, c := context.Background(), newCentral()
		const runs = 3
		var writers [runs]*runningtotal.Writer
		started := 0
		start := func(i int) {
			started++
			writers[i] = runningtotal.NewWriter("w"+strconv.Itoa(started), c)
		}
		for i := range writers {
			start(i)
		}
		reader, err := runningtotal.NewReader(c, wallet.Official)
		require.NoError(t, err)
		repairer := runningtotal.NewRepairer("repair", c)
		var granted, shown wallet.Money
		faults := []error{nil, nil, wallet.ErrUnavailable, wallet.ErrUnknown}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			c.before, c.after = nil, nil
			i := rapid.IntRange(0, runs-1).Draw(t, "writer")
			switch rapid.SampledFrom([]string{"add", "add", "flush", "die", "refresh", "repair"}).Draw(t, "step") {
			case "add":
				fen := wallet.Money(rapid.IntRange(1, 100).Draw(t, "fen"))
				require.NoError(t, writers[i].Add(wallet.Official, fen))
				granted += fen
			case "flush":
				c.before, c.after = rapid.SampledFrom(faults).Draw(t, "before"), rapid.SampledFrom(faults).Draw(t, "after")
				_ = writers[i].Flush(ctx)
			case "die":
				start(i)
			case "refresh":
				c.before = rapid.SampledFrom(faults).Draw(t, "before")
				_ = reader.Refresh(ctx)
			case "repair":
				for _, w := range writers { // every living writer has reported since the previous call
					_ = w.Flush(ctx)
				}
				c.before, c.after = rapid.SampledFrom(faults).Draw(t, "before"), rapid.SampledFrom(faults).Draw(t, "after")
				_, _ = repairer.Repair(ctx, wallet.Official, granted)
			}
			require.LessOrEqual(t, total(t, c.Totals, wallet.Official), granted)
			if now, ok := reader.Total(wallet.Official); ok {
				require.GreaterOrEqual(t, now, shown)
				shown = now
			}
		}
		c.before, c.after = nil, nil
		for _, w := range writers {
			require.NoError(t, w.Flush(ctx))
		}
		for range 2 {
			_, err := repairer.Repair(ctx, wallet.Official, granted)
			require.NoError(t, err)
		}
		require.NoError(t, reader.Refresh(ctx))
		got, ok := reader.Total(wallet.Official)
		require.True(t, ok)
		require.Equal(t, granted, got)
	})
}

// TestTogether: concurrent adds, flushes and reads lose nothing. Meant for the race detector.
func TestTogether(t *testing.T) {
	const callers, grants = 8, 500
	c := mem.NewTotals()
	w, r := runningtotal.NewWriter("a", c), newReader(t, c)
	var all sync.WaitGroup
	for range callers {
		all.Go(func() {
			for range grants {
				if w.Add(wallet.Official, 3) != nil || w.Flush(t.Context()) != nil || r.Refresh(t.Context()) != nil {
					t.Error("failed")
				}
				r.Total(wallet.Official)
			}
		})
	}
	all.Wait()
	got, _ := r.Total(wallet.Official)
	require.EqualValues(t, callers*grants*3, got)
}

// TestAddTogether: concurrent adds all count.
func TestAddTogether(t *testing.T) {
	const callers, grants = 4, 200_000
	w := runningtotal.NewWriter("a", mem.NewTotals())
	var all sync.WaitGroup
	for range callers {
		all.Go(func() {
			for range grants {
				_ = w.Add(wallet.Official, 1)
			}
		})
	}
	all.Wait()
	require.EqualValues(t, callers*grants, w.Sum(wallet.Official))
}

func BenchmarkTotal(b *testing.B) {
	r, err := runningtotal.NewReader(mem.NewTotals())
	require.NoError(b, err)
	require.NoError(b, r.Refresh(b.Context()))
	b.ReportAllocs()
	for b.Loop() {
		r.Total(wallet.Official)
	}
}

func BenchmarkAdd(b *testing.B) {
	w := runningtotal.NewWriter("a", mem.NewTotals())
	b.ReportAllocs()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			_ = w.Add(wallet.Official, 1)
		}
	})
}
