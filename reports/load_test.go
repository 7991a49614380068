package reports

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/stretchr/testify/require"
)

// TestConclude: a violated check is worse than anything; a load that was not as asked for comes before thresholds.
func TestConclude(t *testing.T) {
	unsent := func(n int64) func(*Run) {
		return func(r *Run) {
			o := &r.Load.Operations[0]
			o.Sent, o.OK, o.Unsent = o.Sent-n, o.OK-n, n
		}
	}
	miss := func(r *Run) { r.Load.Thresholds[0].Result = Fail }
	for _, c := range []struct {
		why              string
		changes          []func(*Run)
		want             Verdict
		violated, missed bool
	}{
		{"all is well", nil, Pass, false, false},
		{"one in a thousand unsent is still the load", []func(*Run){unsent(105)}, Pass, false, false},
		{"more is not", []func(*Run){unsent(106)}, Unknown, false, false},
		{"a missed threshold", []func(*Run){miss}, Fail, false, true},
		{"which says nothing when the generator was at its end", []func(*Run){miss, func(r *Run) { r.Load.Generator.Saturated = true }}, Unknown, false, false},
		{"nor does a run without thresholds pass then", []func(*Run){func(r *Run) { r.Load.Thresholds, r.Load.Generator.Saturated = nil, true }}, Unknown, false, false},
		{"money that was lost is lost under any load", []func(*Run){unsent(9000), func(r *Run) { r.Checks[0].Result = Fail }}, Fail, true, false},
		{"a threshold without samples", []func(*Run){func(r *Run) { r.Load.Thresholds[0].Result = Unknown }}, Unknown, false, false},
		{"a check that was never evaluated", []func(*Run){func(r *Run) { r.Checks[0].Result = Unknown }}, Unknown, false, false},
		{"no check", []func(*Run){func(r *Run) { r.Checks = nil }}, Unknown, false, false},
		{"accounts that do not add up", []func(*Run){func(r *Run) { r.Load.Operations[1].OK++ }}, Unknown, false, false},
		{"operations without an end", []func(*Run){func(r *Run) { o := &r.Load.Operations[0]; o.OK, o.InFlight = o.OK-106, 106 }}, Unknown, false, false},
		{"stopped by a signal", []func(*Run){func(r *Run) { r.Interrupted = true }}, Unknown, false, false},
		{"nothing was scheduled", []func(*Run){func(r *Run) { r.Load.Operations = nil }}, Unknown, false, false},
	} {
		run := loadRun(1)
		for _, change := range c.changes {
			change(&run)
		}
		Conclude(&run)
		require.Equal(t, c.want, run.Verdict, c.why)
		r := &Record{Kind: "load", Runs: []Run{run}}
		Summarise(r)
		require.Equal(t, c.want, r.Verdict, c.why)
		require.Equal(t, []bool{c.violated, c.missed}, []bool{r.Violated(), r.Missed()}, c.why)
		require.Equal(t, c.want != Pass, len(doubts(r)) > 0, c.why)
		for _, d := range doubts(r) {
			require.NotContains(t, d.EN, "The checks held, but", c.why)
		}
	}
}

func TestLatencyOf(t *testing.T) {
	require.Zero(t, LatencyOf(nil))
	h := hdrhistogram.New(1, 1_000_000, 3)
	require.Zero(t, LatencyOf(h))
	for i := range int64(1000) {
		require.NoError(t, h.RecordValue(i+1))
	}
	require.Equal(t, Latency{Samples: 1000, MeanUS: 500, P50US: 500, P90US: 900, P99US: 990, P999US: 999, MaxUS: 1000}, LatencyOf(h))
}

// TestReadRefusesLoads: every way in which what a load adds can be wrong has an error that says which.
func TestReadRefusesLoads(t *testing.T) {
	load := func(change func(*Load)) func(*Record) { return func(r *Record) { change(r.Runs[0].Load) } }
	for _, c := range []struct {
		name   string
		change func(*Record)
		says   string
	}{
		{"a simulation with a load", func(r *Record) { r.Kind = "sim" }, "with load: true"},
		{"a load without one", func(r *Record) { r.Runs[0].Load = nil }, "with load: false"},
		{"a repeat twice", func(r *Record) { r.Runs = append(r.Runs, r.Runs[0]) }, "two runs"},
		{"a pass of a saturated generator", load(func(l *Load) { l.Generator.Saturated = true }), "saturated"},
		{"a pass over a missed threshold", load(func(l *Load) { t := &l.Thresholds[0]; t.Result, t.Measured = Fail, 999 }), "is fail"},
		{"a threshold that is missed under a load that was not as asked for", func(r *Record) {
			r.Verdict, r.Runs[0].Verdict, r.Runs[0].Load.Generator.Saturated = Unknown, Unknown, true
		}, "is pass, but: The generator was saturated"},
		{"a threshold that passes without samples", load(func(l *Load) { l.Thresholds[0].Samples = 0 }), "without a sample"},
		{"a threshold that passes above its limit", load(func(l *Load) { l.Thresholds[0].Measured = 201 }), "201 of at most 200"},
		{"a threshold of another direction", load(func(l *Load) { l.Thresholds[0].Operator = "≥" }), "operator"},
		{"a threshold twice", load(func(l *Load) { l.Thresholds[1].Name = l.Thresholds[0].Name }), "twice"},
		{"an operation twice", load(func(l *Load) { l.Operations[1].Name = "grant" }), "twice"},
		{"a negative count", load(func(l *Load) { l.Operations[1].Failed = -1 }), "negative"},
		{"quantiles that fall", load(func(l *Load) { l.Operations[1].Corrected.P99US = 1 }), "do not rise"},
		{"the busiest second before the start", load(func(l *Load) { l.Operations[0].Busiest.Second = -1 }), "busiest"},
		{"ragged seconds", load(func(l *Load) { l.Seconds.Sent = l.Seconds.Sent[1:] }), "lists of"},
		{"negative seconds", load(func(l *Load) { l.Seconds.MaxUS[3] = -1 }), "negative"},
		{"a negative worker", load(func(l *Load) { l.Generator.Workers = -1 }), "negative"},
		{"no number", load(func(l *Load) { l.Generator.CPUS = math.NaN() }), "no number"},
		{"negative holdings", load(func(l *Load) { l.Audit.LiveAfter.Orders = -1 }), "negative"},
		{"a drain before the end", load(func(l *Load) { l.Audit.DrainedS = -1 }), "drained_s"},
		{"too many thresholds", load(func(l *Load) { l.Thresholds = make([]Threshold, MaxThresholds+1) }), "257 thresholds"},
		{"a step that is no rate", func(r *Record) { r.FindMax = &FindMax{Steps: []Step{{RatePerS: math.Inf(1), Result: Pass}}} }, "cannot be shown"},
		{"too many steps", func(r *Record) { r.FindMax = &FindMax{Steps: make([]Step, MaxSteps+1)} }, "65 steps"},
		{"series without end", func(r *Record) {
			for i := range MaxRepeats {
				run := loadRun(1)
				run.Verdict, run.Repeat = Pass, i+1
				for _, l := range run.Load.Seconds.lists() {
					*l = make([]int64, MaxSamples)
				}
				r.Runs = append(r.Runs, run)
			}
			r.Runs = r.Runs[1:]
		}, "values in all series"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := loaded()
			require.NoError(t, r.Validate())
			c.change(r)
			err := r.Validate()
			require.ErrorIs(t, err, ErrRecord)
			require.ErrorContains(t, err, c.says)
		})
	}
}

// TestLoadPageEscapes: nor can what a load says bring markup into the page, or break the tables.
func TestLoadPageEscapes(t *testing.T) {
	const hostile = `"><script>alert(1)</script>` + "\x1b[31m|`"
	r := missed()
	for i := range r.Runs {
		l := r.Runs[i].Load
		l.Target, l.Window, l.Driver, l.Operations[0].Name, l.Audit.Over = hostile, hostile, hostile, hostile, hostile
		l.Generator.Saturated, l.Generator.Why = true, hostile
		Conclude(&r.Runs[i])
		t := &l.Thresholds[0]
		t.Statement, t.Why, t.Measure, t.Operation, t.Unit = hostile, hostile, hostile, hostile, hostile
	}
	r.Verdict, r.FindMax.LimitedBy, r.FindMax.Steps[0].Why = Unknown, hostile, hostile
	page := pageOf(t, r)
	require.Contains(t, page, "&lt;script&gt;")
	require.NotContains(t, page, "<script")
	var b bytes.Buffer
	require.NoError(t, Markdown(&b, r))
	require.NotContains(t, b.String(), "<script")
	require.NoError(t, Table(&b, r, false))
	require.NotContains(t, b.String(), "\x1b")
}

// TestPageWithoutSeconds: a load that was stopped at once has a page without plots.
func TestPageWithoutSeconds(t *testing.T) {
	r := loaded()
	r.Verdict, r.Interrupted, r.Runs[0].Verdict, r.Runs[0].Interrupted = Unknown, true, Unknown, true
	r.Runs[0].Load = &Load{}
	page := pageOf(t, r)
	require.Contains(t, page, "Nothing was scheduled at all.")
	require.Contains(t, page, "there was none")
	require.NotContains(t, page, "Offered against sent")
}

// TestSecondsPlot: a single sample, none that ended, and hours of them can be drawn, without the gaps of what never
// ended.
func TestSecondsPlot(t *testing.T) {
	for _, c := range []struct {
		why   string
		n     int
		value int64
		lines int // of latency
	}{
		{"a single second", 1, 5_000, 3},
		{"nothing ended", 30, 0, 0},
		{"longer than the page has places", 20_000, 7_000_000, 3},
	} {
		var l Load
		for _, list := range l.Seconds.lists() {
			for range c.n {
				*list = append(*list, c.value)
			}
		}
		plots, err := secondsPlots(&l)
		require.NoError(t, err, c.why)
		require.Len(t, plots, 2)
		drawn := string(plots[0].Drawn)
		require.Equal(t, c.lines, strings.Count(drawn, "fill:none;stroke:var(--s"), c.why)
		require.Less(t, len(drawn), 100_000, c.why)
		require.NotContains(t, drawn, "NaN", c.why)
	}
}
