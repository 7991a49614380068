package k6

import (
	"encoding/json"
	"fmt"
	"math/big"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.k6.io/k6/lib"
	"go.k6.io/k6/lib/executor"
	"pgregory.net/rapid"

	"hongbao/reference/wallet"
	"hongbao/scenarios"
	"hongbao/scenarios/loader"
)

// focused returns the plan of a window.
func focused(t require.TestingT, window string, peak scenarios.Ratio, d time.Duration, seed uint64) *plan {
	s, err := loader.Load(scenarioFile)
	require.NoError(t, err)
	s, err = scenarios.Focus(s, window, peak, d)
	require.NoError(t, err)
	p, err := newPlan(s, seed)
	require.NoError(t, err)
	return p
}

// parsed returns options as k6 reads them. k6 refuses unknown options.
func parsed(t require.TestingT, p *plan, a optionsRequest) lib.Options {
	o, err := p.options(a)
	require.NoError(t, err)
	text, err := json.Marshal(o)
	require.NoError(t, err)
	var got lib.Options
	require.NoError(t, json.Unmarshal(text, &got), "%s", text)
	require.Empty(t, got.Validate(), "%s", text)
	return got
}

// begun returns the number of iterations that an arrival-rate scenario of k6 starts: the integers under its curve. It is
// k6's documented arithmetic, computed in fractions.
func begun(c executor.RampingArrivalRateConfig) int64 {
	unit := int64(c.TimeUnit.Duration)
	area, from := new(big.Rat), c.StartRate.Int64
	for _, s := range c.Stages {
		area.Add(area, new(big.Rat).Mul(big.NewRat(from+s.Target.Int64, 2), big.NewRat(int64(s.Duration.Duration), unit)))
		from = s.Target.Int64
	}
	return new(big.Int).Quo(area.Num(), area.Denom()).Int64()
}

// TestOptionsMakeTheScenariosWins: for any window, peak, length and seed, k6's integer rates start exactly as many iterations
// of each app as the scenario has wins there, and their sum is the window's grants.
func TestOptionsMakeTheScenariosWins(t *testing.T) {
	s, err := loader.Load(scenarioFile)
	require.NoError(t, err)
	var windows []string
	for _, w := range s.Windows {
		windows = append(windows, w.Name)
	}
	rapid.Check(t, func(t *rapid.T) {
		window := rapid.SampledFrom(windows).Draw(t, "window")
		peak := scenarios.Ratio{Num: rapid.Int64Range(1, 900).Draw(t, "num"), Den: rapid.Int64Range(1, 7).Draw(t, "den")}
		d := time.Duration(rapid.Int64Range(int64(time.Second), int64(40*time.Second)).Draw(t, "duration"))
		focus, err := scenarios.Focus(s, window, peak, d)
		require.NoError(t, err)
		if focus.Windows[0].Grants() == 0 {
			return
		}
		p, err := newPlan(focus, rapid.Uint64Range(1, maxSeed).Draw(t, "seed"))
		require.NoError(t, err)
		o := parsed(t, p, optionsRequest{})
		var sum int64
		for app := wallet.Douyin; app <= wallet.FanqieAudio; app++ {
			n := p.scheduled(app)
			sum += n
			c, ok := o.Scenarios[app.String()].(*executor.RampingArrivalRateConfig)
			if n == 0 {
				require.False(t, ok)
				continue
			}
			require.True(t, ok, "%T", o.Scenarios[app.String()])
			require.Equal(t, n, begun(*c), "%v", app)
			require.Equal(t, "person", c.GetExec())
			require.LessOrEqual(t, c.PreAllocatedVUs.Int64, c.MaxVUs.Int64)
		}
		require.Equal(t, focus.Windows[0].Grants(), sum)
	})
}

// TestStages: the curve's shape, point by point, with jumps and a start above zero.
func TestStages(t *testing.T) {
	leg := func(from, length time.Duration, a, b int64) scenarios.Leg {
		return scenarios.Leg{From: int64(from), Length: int64(length), A: a, B: b}
	}
	const day = 86_400
	for _, c := range []struct {
		why   string
		curve scenarios.Curve
		n     int64
		start int64
		want  string
	}{
		{"constant: raised by one per day, ended, and followed by the tail", scenarios.Curve{Den: 1, Legs: []scenarios.Leg{leg(0, 10*time.Second, 5, 5)}}, 50, 5*day + 1,
			"[map[duration:10s target:432001] map[duration:0s target:0] map[duration:1s target:0]]"},
		{"half of the wins belong to this app", scenarios.Curve{Den: 1, Legs: []scenarios.Leg{leg(0, 10*time.Second, 4, 4)}}, 20, 2*day + 1,
			"[map[duration:10s target:172801] map[duration:0s target:0] map[duration:1s target:0]]"},
		{"a rise from zero starts at zero", scenarios.Curve{Den: 1, Legs: []scenarios.Leg{leg(0, 10*time.Second, 0, 2)}}, 10, 0,
			"[map[duration:10s target:172801] map[duration:0s target:0] map[duration:1s target:0]]"},
		{"a jump between legs", scenarios.Curve{Den: 2, Legs: []scenarios.Leg{leg(0, time.Second, 0, 2), leg(time.Second, time.Second, 6, 0)}}, 2, 0,
			"[map[duration:1s target:86401] map[duration:0s target:259201] map[duration:1s target:0] map[duration:1s target:0]]"},
	} {
		start, stages := stagesOf(c.curve, c.n)
		require.Equal(t, c.start, start, c.why)
		require.Equal(t, c.want, fmt.Sprint(stages), c.why)
	}
}

// TestVUs: the VUs follow the peak unless the script sets them, and are never zero.
func TestVUs(t *testing.T) {
	p := focused(t, "", scenarios.Ratio{Num: 4000, Den: 1}, 2*time.Second, 7)
	for _, c := range []struct {
		why       string
		ask       optionsRequest
		vus, most int64 // over all apps; rounding adds less than one per app
	}{
		{"half a second and two seconds of the peak", optionsRequest{}, 2000, 8000},
		{"as requested", optionsRequest{VUs: 80, MaxVUs: 800}, 80, 800},
		{"the maximum is not below the initial number", optionsRequest{VUs: 80, MaxVUs: 8}, 80, 80},
	} {
		var vus, most int64
		for _, s := range parsed(t, p, c.ask).Scenarios {
			vus += s.(*executor.RampingArrivalRateConfig).PreAllocatedVUs.Int64
			most += s.(*executor.RampingArrivalRateConfig).MaxVUs.Int64
		}
		require.InDelta(t, c.vus, vus, wallet.Apps, c.why)
		require.InDelta(t, c.most, most, wallet.Apps, c.why)
		require.GreaterOrEqual(t, vus, c.vus, c.why)
	}
	_, err := p.options(optionsRequest{VUs: maxVUs + 1})
	require.ErrorContains(t, err, "VUs are")
	_, err = p.options(optionsRequest{MaxVUs: -1})
	require.ErrorContains(t, err, "VUs are")
}

// TestThresholds: the scenario's thresholds in k6's syntax, with a threshold on samples for each that k6 would pass without
// any.
func TestThresholds(t *testing.T) {
	p := focused(t, "", scenarios.Ratio{Num: 5000, Den: 1}, 3*time.Second, 7)
	ratio := func(num, den int64) scenarios.Ratio { return scenarios.Ratio{Num: num, Den: den} }
	p.limits = []scenarios.Threshold{
		{Measure: scenarios.P99, Limit: ratio(500, 1), Operation: "grant"},
		{Measure: scenarios.P999, Limit: ratio(3, 2), Operation: "grant"},
		{Measure: scenarios.MaxLatency, Limit: ratio(9, 1), Operation: "page"},
		{Measure: scenarios.ErrorRatio, Limit: ratio(1, 1000), Operation: "grant"},
		{Measure: scenarios.RefusedRatio, Limit: ratio(1, 8)},
		{Measure: scenarios.DrainedWithin, Limit: ratio(60, 1)},
		{Measure: scenarios.P50, Limit: ratio(1, 1), Operation: "grant", Window: "fireworks-show"}, // another window
		{Measure: scenarios.P50, Limit: ratio(1, 1), Operation: "grant", Busiest: true},
		{Measure: scenarios.P50, Limit: ratio(1, 1), Operation: "browse"},
		{Measure: scenarios.VisibleWaitP99, Limit: ratio(1, 1)},
	}
	got := p.thresholds(optionsRequest{Thresholds: map[string][]string{"hongbao_latency{operation:withdraw}": {"med<5"}, "vus": {"value<9"}}})
	require.Equal(t, map[string][]string{
		"hongbao_violations": {"count==0"}, "hongbao_checks_evaluated": {"count>0"}, "hongbao_checks_unknown": {"value==0"},
		"hongbao_grants": {"count>0"}, "hongbao_failed": {"rate<0.01"}, "hongbao_unsent": {"value<=0.001"},
		"dropped_iterations":                  {fmt.Sprintf("count<=%d", p.total/1000)},
		"hongbao_calls{operation:grant}":      {"count>0"},
		"hongbao_calls{operation:page}":       {"count>0"},
		"hongbao_calls{operation:browse}":     {"count>0"},
		"hongbao_calls{operation:withdraw}":   {"count>0"},
		"hongbao_latency{operation:grant}":    {"p(99)<=500", "p(99.9)<=1.5"},
		"hongbao_latency{operation:page}":     {"max<=9"},
		"hongbao_latency{operation:browse}":   {"p(50)<=1"},
		"hongbao_latency{operation:withdraw}": {"med<5"},
		"hongbao_failed{operation:grant}":     {"rate<=0.001"},
		"hongbao_refused":                     {"rate<=0.125"},
		"hongbao_drained_seconds":             {"value<=60"},
		"vus":                                 {"value<9"},
	}, got)
	require.Positive(t, p.total/1000, "otherwise the bound on dropped iterations proves nothing")
	require.Len(t, p.notJudged(), 2, "thresholds that apply but are not judged are reported")

	no := false
	require.NotContains(t, p.thresholds(optionsRequest{ScenarioThresholds: &no}), "hongbao_latency{operation:grant}")
}
