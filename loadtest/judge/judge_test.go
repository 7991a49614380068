package judge

import (
	"math"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"hongbao/reports"
	"hongbao/scenarios"
)

// histogram records times in microseconds.
func histogram(us ...int64) *hdrhistogram.Histogram {
	h := hdrhistogram.New(1, int64(time.Hour/time.Microsecond), 3)
	for _, v := range us {
		if err := h.RecordValue(v); err != nil {
			panic(err)
		}
	}
	return h
}

// even records n times from 1 ms to n ms.
func even(n int64) *hdrhistogram.Histogram {
	h := histogram()
	for i := range n {
		_ = h.RecordValue((i + 1) * 1000)
	}
	return h
}

func ms(m scenarios.Measure, operation string, limit int64) scenarios.Threshold {
	return scenarios.Threshold{Measure: m, Operation: operation, Limit: scenarios.Ratio{Num: limit, Den: 1}}
}

func ratio(m scenarios.Measure, operation string, num, den int64) scenarios.Threshold {
	return scenarios.Threshold{Measure: m, Operation: operation, Limit: scenarios.Ratio{Num: num, Den: den}}
}

// hundred is a run of 100 grants that took 1 to 100 ms; five were refused and two had no answer.
func hundred() Measured {
	return Measured{
		Window: "Rain, round 1",
		Operations: map[string]Operation{
			"grant": {Offered: reports.Offered{Scheduled: 100, Sent: 100, OK: 93, Refused: 5, Failed: 2}, Corrected: even(100),
				Busiest: Latencies{10, histogram(1000, 90_000, 90_000, 90_000, 90_000, 90_000, 90_000, 90_000, 90_000, 90_000)}},
			"page": {Offered: reports.Offered{Scheduled: 100, Sent: 100, OK: 100}, Corrected: histogram()},
		},
		Visible: Latencies{100, even(100)},
		Drain:   &Drain{Took: 3 * time.Second, Done: true},
	}
}

func TestJudge(t *testing.T) {
	busiest := ms(scenarios.P50, "grant", 60)
	busiest.Busiest = true
	for _, c := range []struct {
		why    string
		t      scenarios.Threshold
		change func(*Measured)
		want   reports.Verdict
		near   float64
		says   string
	}{
		{"below", ms(scenarios.P99, "grant", 200), nil, reports.Pass, 99, ""},
		{"above", ms(scenarios.P99, "grant", 98), nil, reports.Fail, 99, ""},
		{"half of them", ms(scenarios.P50, "grant", 49), nil, reports.Fail, 50, ""},
		{"the longest", ms(scenarios.MaxLatency, "grant", 101), nil, reports.Pass, 100, ""},
		{"the busiest second is worse than the run", busiest, nil, reports.Fail, 90, ""},
		{"no operation ended", ms(scenarios.P99, "page", 1000), nil, reports.Unknown, 0, "nothing was measured"},
		{"an operation that never happened", ms(scenarios.P99, "withdraw", 1000), nil, reports.Unknown, 0, "nothing was measured"},
		{"a ratio of an operation that never happened", ratio(scenarios.ErrorRatio, "withdraw", 1, 1), nil, reports.Unknown, 0, "nothing was measured"},
		{"errors at the limit", ratio(scenarios.ErrorRatio, "grant", 2, 100), nil, reports.Pass, 0.02, ""},
		{"errors above it", ratio(scenarios.ErrorRatio, "grant", 1, 100), nil, reports.Fail, 0.02, ""},
		{"errors of all", ratio(scenarios.ErrorRatio, "", 1, 100), nil, reports.Pass, 0.01, ""},
		{"refusals", ratio(scenarios.RefusedRatio, "grant", 4, 100), nil, reports.Fail, 0.05, ""},
		{"an operation that never ended counts as an error", ratio(scenarios.ErrorRatio, "grant", 2, 100), func(m *Measured) {
			o := m.Operations["grant"]
			o.OK, o.InFlight = 92, 1
			m.Operations["grant"] = o
		}, reports.Fail, 0.03, ""},
		{"drained in time", ms(scenarios.DrainedWithin, "", 3), nil, reports.Pass, 3, ""},
		{"drained late", ms(scenarios.DrainedWithin, "", 2), nil, reports.Fail, 3, ""},
		{"not observed", ms(scenarios.DrainedWithin, "", 9), func(m *Measured) { m.Drain = nil }, reports.Unknown, 0, "not observed"},
		{"given up after the limit", ms(scenarios.DrainedWithin, "", 2), func(m *Measured) { m.Drain.Done = false }, reports.Fail, 3, ""},
		{"given up before the limit", ms(scenarios.DrainedWithin, "", 9), func(m *Measured) { m.Drain.Done = false }, reports.Unknown, 3, "given up"},
		{"the visible wait", ms(scenarios.VisibleWaitP99, "", 98), nil, reports.Fail, 99, ""},
		{"no visible wait", ms(scenarios.VisibleWaitP99, "", 98), func(m *Measured) { m.Visible = Latencies{} }, reports.Unknown, 0, "nothing was measured"},
		{"unsent operations may have been slow", ms(scenarios.P99, "grant", 200), unsent(2), reports.Unknown, 99, "never ended"},
		{"too few unsent operations to matter", ms(scenarios.P50, "grant", 60), unsent(2), reports.Pass, 50, ""},
		{"not met without them, but might be met with them", ratio(scenarios.P50, "grant", 99, 2), unsent(2), reports.Unknown, 50, "never ended"},
		{"cannot be met even with them", ms(scenarios.P50, "grant", 40), unsent(2), reports.Fail, 50, ""},
	} {
		t.Run(c.why, func(t *testing.T) {
			m := hundred()
			if c.change != nil {
				c.change(&m)
			}
			got := Judge([]scenarios.Threshold{c.t}, m)
			require.Len(t, got, 1)
			require.Equal(t, c.want, got[0].Result, got[0])
			require.InDelta(t, c.near, got[0].Measured, 0.001+c.near/500, "three digits")
			require.Contains(t, got[0].Why, c.says)
			require.Equal(t, c.want == reports.Unknown, got[0].Why != "")
		})
	}
}

func unsent(n int64) func(*Measured) {
	return func(m *Measured) {
		o := m.Operations["grant"]
		o.Scheduled, o.Unsent = o.Scheduled+n, n
		m.Operations["grant"] = o
	}
}

// TestWindows: a threshold of another window is not judged, whether the window is given by name or slug.
func TestWindows(t *testing.T) {
	var ts []scenarios.Threshold
	for _, w := range []string{"", "rain-round-1", "Rain, round 1", "rain-round-2"} {
		one := ms(scenarios.P99, "grant", 200)
		one.Window = w
		ts = append(ts, one)
	}
	got := Judge(ts, hundred())
	require.Len(t, got, 3)
	require.Equal(t, "grant p99_ms of rain-round-1", got[1].Name)
}

// TestWords: the statement names the measure, the operator and the operands.
func TestWords(t *testing.T) {
	busiest := ms(scenarios.P999, "grant", 200)
	busiest.Busiest, busiest.Window = true, "rain"
	for want, one := range map[string]scenarios.Threshold{
		"p99 of grant ≤ 200 ms":                                ms(scenarios.P99, "grant", 200),
		"p99.9 of grant in the busiest second (rain) ≤ 200 ms": busiest,
		"share of errors of all operations ≤ 0.001":            ratio(scenarios.ErrorRatio, "", 1, 1000),
		"time to drain ≤ 30 s":                                 ms(scenarios.DrainedWithin, "", 30),
	} {
		require.Equal(t, want, demand(one).Statement)
	}
	require.Equal(t, "grant p999_ms in the busiest second of rain", demand(busiest).Name)
}

// TestQuantileBounds: if operations are missing, the true quantile is between the bounds for the cases that all missing
// operations were fast and that all were slow.
func TestQuantileBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		took := rapid.SliceOfN(rapid.Int64Range(2, 1_000_000), 1, 300).Draw(t, "took")
		missing := rapid.IntRange(0, 20).Draw(t, "missing")
		q := rapid.SampledFrom([]float64{50, 90, 99, 99.9, 100}).Draw(t, "q")
		low, high := histogram(took...), histogram(took...)
		_ = low.RecordValues(1, int64(missing))
		_ = high.RecordValues(3_000_000_000, int64(missing))
		got := Latencies{int64(len(took) + missing), histogram(took...)}.quantile(q)
		least, most := low.ValueAtQuantile(q), high.ValueAtQuantile(q)
		if least <= 1 {
			least = 0
		}
		require.Equal(t, float64(least)/1000, got.least)
		if most > 2_000_000_000 {
			require.True(t, math.IsInf(got.most, 1))
		} else {
			require.Equal(t, float64(most)/1000, got.most)
		}
		require.LessOrEqual(t, got.least, got.value)
		require.LessOrEqual(t, got.value, got.most)
		require.Equal(t, missing > 0, got.why != "")
	})
}
