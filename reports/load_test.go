package reports_test

import (
	"math"
	"testing"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/stretchr/testify/require"

	"hongbao/reports"
	"hongbao/reports/recordtest"
	"hongbao/reports/render"
)

// TestConclude: a violated check decides first, then a load that was not offered as requested, then the thresholds.
func TestConclude(t *testing.T) {
	unsent := func(n int64) func(*reports.Run) {
		return func(r *reports.Run) {
			o := &r.Load.Operations[0]
			o.Sent, o.OK, o.Unsent = o.Sent-n, o.OK-n, n
		}
	}
	miss := func(r *reports.Run) { r.Load.Thresholds[0].Result = reports.Fail }
	for _, c := range []struct {
		why              string
		changes          []func(*reports.Run)
		want             reports.Verdict
		violated, missed bool
	}{
		{"nothing wrong", nil, reports.Pass, false, false},
		{"one operation in 1,000 unsent is allowed", []func(*reports.Run){unsent(105)}, reports.Pass, false, false},
		{"more unsent operations are not allowed", []func(*reports.Run){unsent(106)}, reports.Unknown, false, false},
		{"a missed threshold", []func(*reports.Run){miss}, reports.Fail, false, true},
		{"a missed threshold of a saturated generator", []func(*reports.Run){miss, func(r *reports.Run) { r.Load.Generator.Saturated = true }}, reports.Unknown, false, false},
		{"a saturated generator without thresholds", []func(*reports.Run){func(r *reports.Run) { r.Load.Thresholds, r.Load.Generator.Saturated = nil, true }}, reports.Unknown, false, false},
		{"a violated check counts under any load", []func(*reports.Run){unsent(9000), func(r *reports.Run) { r.Checks[0].Result = reports.Fail }}, reports.Fail, true, false},
		{"a threshold without samples", []func(*reports.Run){func(r *reports.Run) { r.Load.Thresholds[0].Result = reports.Unknown }}, reports.Unknown, false, false},
		{"a check that was never evaluated", []func(*reports.Run){func(r *reports.Run) { r.Checks[0].Result = reports.Unknown }}, reports.Unknown, false, false},
		{"no check", []func(*reports.Run){func(r *reports.Run) { r.Checks = nil }}, reports.Unknown, false, false},
		{"counts that do not add up", []func(*reports.Run){func(r *reports.Run) { r.Load.Operations[1].OK++ }}, reports.Unknown, false, false},
		{"operations in flight at the end", []func(*reports.Run){func(r *reports.Run) { o := &r.Load.Operations[0]; o.OK, o.InFlight = o.OK-106, 106 }}, reports.Unknown, false, false},
		{"interrupted by a signal", []func(*reports.Run){func(r *reports.Run) { r.Interrupted = true }}, reports.Unknown, false, false},
		{"nothing was scheduled", []func(*reports.Run){func(r *reports.Run) { r.Load.Operations = nil }}, reports.Unknown, false, false},
	} {
		run := recordtest.LoadRun(1)
		for _, change := range c.changes {
			change(&run)
		}
		reports.Conclude(&run)
		require.Equal(t, c.want, run.Verdict, c.why)
		r := &reports.Record{Kind: "load", Runs: []reports.Run{run}}
		reports.Summarise(r)
		require.Equal(t, c.want, r.Verdict, c.why)
		require.Equal(t, []bool{c.violated, c.missed}, []bool{r.Violated(), r.Missed()}, c.why)
		require.Equal(t, c.want != reports.Pass, len(render.Doubts(r)) > 0, c.why)
		for _, d := range render.Doubts(r) {
			require.NotContains(t, d.EN, "The checks held, but", c.why)
		}
	}
}

func TestLatencyOf(t *testing.T) {
	require.Zero(t, reports.LatencyOf(nil))
	h := hdrhistogram.New(1, 1_000_000, 3)
	require.Zero(t, reports.LatencyOf(h))
	for i := range int64(1000) {
		require.NoError(t, h.RecordValue(i+1))
	}
	require.Equal(t, reports.Latency{Samples: 1000, MeanUS: 500, P50US: 500, P90US: 900, P99US: 990, P999US: 999, MaxUS: 1000}, reports.LatencyOf(h))
}

// TestReadRefusesLoads: each invalid value in the results of a load gives an error that names it.
func TestReadRefusesLoads(t *testing.T) {
	load := func(change func(*reports.Load)) func(*reports.Record) {
		return func(r *reports.Record) { change(r.Runs[0].Load) }
	}
	for _, c := range []struct {
		name   string
		change func(*reports.Record)
		says   string
	}{
		{"a simulation with a load", func(r *reports.Record) { r.Kind = "sim" }, "with load: true"},
		{"a load without one", func(r *reports.Record) { r.Runs[0].Load = nil }, "with load: false"},
		{"a repeat twice", func(r *reports.Record) { r.Runs = append(r.Runs, r.Runs[0]) }, "two runs"},
		{"pass with a saturated generator", load(func(l *reports.Load) { l.Generator.Saturated = true }), "saturated"},
		{"pass with a missed threshold", load(func(l *reports.Load) { t := &l.Thresholds[0]; t.Result, t.Measured = reports.Fail, 999 }), "is fail"},
		{"a threshold with a result, of a load that was not offered as requested", func(r *reports.Record) {
			r.Verdict, r.Runs[0].Verdict, r.Runs[0].Load.Generator.Saturated = reports.Unknown, reports.Unknown, true
		}, "is pass, but: The generator was saturated"},
		{"a threshold that passes without samples", load(func(l *reports.Load) { l.Thresholds[0].Samples = 0 }), "without a sample"},
		{"a threshold that passes above its limit", load(func(l *reports.Load) { l.Thresholds[0].Measured = 201 }), "201 of at most 200"},
		{"a threshold with another operator", load(func(l *reports.Load) { l.Thresholds[0].Operator = "≥" }), "operator"},
		{"a threshold twice", load(func(l *reports.Load) { l.Thresholds[1].Name = l.Thresholds[0].Name }), "twice"},
		{"an operation twice", load(func(l *reports.Load) { l.Operations[1].Name = "grant" }), "twice"},
		{"a negative count", load(func(l *reports.Load) { l.Operations[1].Failed = -1 }), "negative"},
		{"decreasing quantiles", load(func(l *reports.Load) { l.Operations[1].Corrected.P99US = 1 }), "do not rise"},
		{"the busiest second before the start", load(func(l *reports.Load) { l.Operations[0].Busiest.Second = -1 }), "busiest"},
		{"ragged seconds", load(func(l *reports.Load) { l.Seconds.Sent = l.Seconds.Sent[1:] }), "lists of"},
		{"negative seconds", load(func(l *reports.Load) { l.Seconds.MaxUS[3] = -1 }), "negative"},
		{"a negative worker", load(func(l *reports.Load) { l.Generator.Workers = -1 }), "negative"},
		{"not a number", load(func(l *reports.Load) { l.Generator.CPUS = math.NaN() }), "not a finite number"},
		{"negative holdings", load(func(l *reports.Load) { l.Audit.LiveAfter.Orders = -1 }), "negative"},
		{"a negative drain time", load(func(l *reports.Load) { l.Audit.DrainedS = -1 }), "drained_s"},
		{"too many thresholds", load(func(l *reports.Load) { l.Thresholds = make([]reports.Threshold, reports.MaxThresholds+1) }), "257 thresholds"},
		{"a step with an infinite rate", func(r *reports.Record) {
			r.FindMax = &reports.FindMax{Steps: []reports.Step{{RatePerS: math.Inf(1), Result: reports.Pass}}}
		}, "cannot be shown"},
		{"too many steps", func(r *reports.Record) { r.FindMax = &reports.FindMax{Steps: make([]reports.Step, reports.MaxSteps+1)} }, "65 steps"},
		{"too many values in the series", func(r *reports.Record) {
			for i := range reports.MaxRepeats {
				run := recordtest.LoadRun(1)
				run.Verdict, run.Repeat = reports.Pass, i+1
				for _, l := range run.Load.Seconds.Lists() {
					*l = make([]int64, reports.MaxSamples)
				}
				r.Runs = append(r.Runs, run)
			}
			r.Runs = r.Runs[1:]
		}, "values in all series"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := recordtest.Loaded()
			require.NoError(t, r.Validate())
			c.change(r)
			err := r.Validate()
			require.ErrorIs(t, err, reports.ErrRecord)
			require.ErrorContains(t, err, c.says)
		})
	}
}
