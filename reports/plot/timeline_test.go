package plot

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"hongbao/reports"
)

// drawRuns draws runs of one column, with and without gaps between samples.
func drawRuns(t *rapid.T) []reports.Run {
	runs := make([]reports.Run, rapid.IntRange(1, 3).Draw(t, "runs"))
	for i := range runs {
		s := &runs[i].Series
		s.Columns, s.Values = []string{"backlog"}, make([][]int64, 1)
		at := int64(1_643_600_000)
		step := rapid.SampledFrom([]int64{1, 10, 600}).Draw(t, "step")
		for range rapid.IntRange(0, 1500).Draw(t, "samples") {
			if rapid.IntRange(0, 9).Draw(t, "gap") == 0 {
				at += rapid.Int64Range(1, 100_000).Draw(t, "gap_s")
			}
			s.Times, s.StepS = append(s.Times, at), append(s.StepS, step)
			s.Values[0] = append(s.Values[0], rapid.Int64Range(0, 1_000_000).Draw(t, "value"))
			at += step
		}
	}
	return runs
}

// TestTimeline: for all samples, the timeline rises from 0 to 1 in at most maxSegments segments; a line has at most maxPoints
// points, and its highest point is the highest sample.
func TestTimeline(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		runs := drawRuns(t)
		line := newTimeline(runs, math.MinInt64, math.MaxInt64)
		require.LessOrEqual(t, len(line), maxSegments)
		for i, s := range line {
			require.Less(t, s.from, s.to)
			require.Less(t, s.x0, s.x1)
			if i == 0 {
				require.Zero(t, s.x0)
			} else {
				require.Less(t, line[i-1].to, s.from)
				require.Less(t, line[i-1].x1, s.x0)
			}
		}
		if len(line) > 0 {
			require.InDelta(t, 1, line[len(line)-1].x1, 1e-9)
		}
		for i := range runs {
			s := &runs[i].Series
			points, top, want, x := 0, int64(0), int64(0), -1.0
			for _, v := range s.Values[0] {
				want = max(want, v)
			}
			for _, polyline := range line.lines(s, s.Values[0]) {
				points += len(polyline)
				for _, p := range polyline {
					require.LessOrEqual(t, x, p.x)
					x, top = p.x, max(top, p.v)
				}
			}
			require.Equal(t, want, top)
			require.LessOrEqual(t, points, maxPoints)
		}
	})
}

// TestTicks: marks are in order, with room for their labels, at round times of day in the festival's zone.
func TestTicks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		line := newTimeline(drawRuns(t), math.MinInt64, math.MaxInt64)
		last := math.Inf(-1)
		for _, tick := range line.ticks(1000) {
			require.GreaterOrEqual(t, (tick.Value-last)*1000, minLabel-1e-6)
			require.LessOrEqual(t, tick.Value, 1+1e-9)
			last = tick.Value
		}
	})
	evening := []reports.Run{{Series: reports.Series{Times: []int64{time.Date(2022, 1, 31, 11, 29, 0, 0, time.UTC).Unix()}, StepS: []int64{480}}}}
	var labels []string
	for _, tick := range newTimeline(evening, math.MinInt64, math.MaxInt64).ticks(400) {
		labels = append(labels, tick.Label)
	}
	require.Equal(t, []string{"19:29\n01-31", "19:30", "19:31", "19:32", "19:33", "19:34", "19:35", "19:36"}, labels[:8])
}

// TestMarks: a value axis starts at zero, includes the highest value and has few, round marks.
func TestMarks(t *testing.T) {
	for _, c := range []struct {
		unit unit
		top  int64
		want []string
	}{
		{plain, 0, []string{"0", "1"}},                                    // all values zero
		{plain, 3, []string{"0", "1", "2", "3"}},                          // small counts have no fractions
		{plain, 1_800, []string{"0", "500", "1,000", "1,500", "2,000"}},   // the peak at 1/1000
		{plain, 1_800_000, []string{"0", "500 k", "1 M", "1.5 M", "2 M"}}, // the peak in full
		{milliseconds, 320, []string{"0", "100 ms", "200 ms", "300 ms", "400 ms"}},
		{milliseconds, 872_000, []string{"0", "5 min", "10 min", "15 min"}},
		{milliseconds, 90_000_000, []string{"0", "12 h", "1 d", "36 h"}},
		{fen, 10_000_000, []string{"¥0", "¥50 k", "¥100 k"}},
	} {
		var got []string
		for _, m := range c.unit.marks(c.top) {
			got = append(got, m.Label)
		}
		require.Equal(t, c.want, got)
	}
	require.LessOrEqual(t, len(plain.marks(math.MaxInt64)), 6)
}

// TestPeakReachesCalm: the plot of the peak ends when the last backlog is empty, or after maxClearLengths windows.
func TestPeakReachesCalm(t *testing.T) {
	run := func(backlog ...int64) reports.Run {
		s := reports.Series{Columns: []string{"backlog"}, Values: [][]int64{backlog}}
		for i := range backlog {
			s.Times, s.StepS = append(s.Times, int64(i)*60), append(s.StepS, 60)
		}
		return reports.Run{Series: s}
	}
	w := band{from: 0, to: 120}
	require.Equal(t, int64(120+10), backlogCleared(&reports.Record{Runs: []reports.Run{run(5, 5, 0, 0)}}, w), "empty at the end of the window")
	require.Equal(t, int64(240+20), backlogCleared(&reports.Record{Runs: []reports.Run{run(5, 5, 5, 3, 0, 0), run(0, 0, 0)}}, w), "the slowest run counts")
	endless := make([]int64, 100)
	for i := range endless {
		endless[i] = 1
	}
	require.Equal(t, int64(120+720+70), backlogCleared(&reports.Record{Runs: []reports.Run{run(endless...)}}, w), "a backlog that stays")
}
