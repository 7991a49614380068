package k6

import (
	"fmt"
	"math"
	"math/big"
	"time"

	"hongbao/reference/wallet"
	"hongbao/scenarios"
)

// optionsRequest is the argument of options().
type optionsRequest struct {
	Exec            string              `json:"exec"`            // the exported function of one iteration; "" = person
	VUs             int64               `json:"vus"`             // created before the start, over all apps; 0 = from the peak
	MaxVUs          int64               `json:"maxVUs"`          // maximum, over all apps; 0 = from the peak
	TeardownTimeout string              `json:"teardownTimeout"` // for the audit; "" = the scenario's drain and auditTime
	Thresholds      map[string][]string `json:"thresholds"`      // the script's own, in addition to those of thresholds.go

	// ScenarioThresholds reports whether the scenario file's thresholds also apply. Absent = true.
	ScenarioThresholds *bool `json:"scenarioThresholds"`
}

// VUs are sized by Little's law, VUs = rate × duration of an iteration. An iteration is expected to take usualIteration. If
// all iterations take longestIteration at the peak, still none is dropped. An app has at least fewVUs, for simultaneous
// arrivals at low rates. k6 drops an iteration for which no VU is free. A VU takes some 120 KB; there are at most maxVUs.
const (
	usualIteration   = 500 * time.Millisecond
	longestIteration = 2 * time.Second
	fewVUs           = 20
	maxVUs           = 20_000
)

// auditTime is the maximum duration of the audit after the drain: k6 would end it after a minute.
const auditTime = 15 * time.Minute

// readyTime is the maximum duration of the preparation: reconciliation runs once, and phones are bound.
const readyTime = 10 * time.Minute

// rateUnit is k6's timeUnit: rates are integers of iterations per day.
const rateUnit = 24 * time.Hour

// tail follows the curve, so that a win due in its last microsecond starts before k6 ends the scenario.
const tail = time.Second

// options returns the k6 options: one ramping-arrival-rate scenario for each app with wins, and thresholds that fail without
// samples.
func (p *plan) options(a optionsRequest) (map[string]any, error) {
	if a.Exec == "" {
		a.Exec = "person"
	}
	if a.TeardownTimeout == "" {
		a.TeardownTimeout = (p.drain + auditTime).String()
	}
	if a.VUs < 0 || a.MaxVUs < 0 || a.VUs > maxVUs || a.MaxVUs > maxVUs {
		return nil, fmt.Errorf("hongbao: options: VUs are 0 (from the peak) to %d", maxVUs)
	}
	curve, err := p.window.Curve()
	if err != nil {
		return nil, fmt.Errorf("hongbao: options: %w", err)
	}
	byApp := map[string]any{}
	for app := wallet.Douyin; app <= wallet.FanqieAudio; app++ {
		n := p.scheduled(app)
		if n == 0 {
			continue
		}
		start, stages := stagesOf(curve, n)
		vus, most := p.vus(app, a)
		byApp[app.String()] = map[string]any{
			"executor": "ramping-arrival-rate", "exec": a.Exec, "tags": map[string]any{"app": app.String()},
			"startRate": start, "timeUnit": rateUnit.String(), "stages": stages,
			"preAllocatedVUs": vus, "maxVUs": most, "gracefulStop": "30s",
		}
	}
	return map[string]any{
		"scenarios": byApp, "thresholds": p.thresholds(a), "teardownTimeout": a.TeardownTimeout, "setupTimeout": readyTime.String(),
		"summaryTrendStats": []string{"min", "med", "p(90)", "p(99)", "p(99.9)", "max"},
	}, nil
}

// stagesOf converts a curve of n wins for k6: the rate at the start, and stages whose target is the rate at their end, in
// wins per day.
//
// With I wins under the curve, a rate of r wins per second becomes r·86400·n/I, rounded up to the next integer. Over T days
// the curve therefore gives more than n wins and at most n + T. Below a day k6 starts exactly n, each earlier than it is due
// by at most the share 1/(r·86400) of the time.
func stagesOf(c scenarios.Curve, n int64) (start int64, stages []map[string]any) {
	area := new(big.Rat)
	for _, l := range c.Legs {
		area.Add(area, new(big.Rat).Mul(big.NewRat(l.A, 2), big.NewRat(l.Length, 1)))
		area.Add(area, new(big.Rat).Mul(big.NewRat(l.B, 2), big.NewRat(l.Length, 1)))
	}
	// 1/(Den·10⁹) of area is one win; rates are in 1/Den per second.
	scale := new(big.Rat).Quo(new(big.Rat).Mul(big.NewRat(n, 1), big.NewRat(int64(rateUnit), 1)), area)
	target := func(r int64) int64 {
		if r == 0 {
			return 0
		}
		t := new(big.Rat).Mul(big.NewRat(r, 1), scale)
		return new(big.Int).Quo(t.Num(), t.Denom()).Int64() + 1
	}
	start = target(c.Legs[0].A)
	at := start
	stage := func(d time.Duration, to int64) {
		stages = append(stages, map[string]any{"duration": d.String(), "target": to})
		at = to
	}
	for _, l := range c.Legs {
		if from := target(l.A); from != at {
			stage(0, from)
		}
		stage(time.Duration(l.Length), target(l.B))
	}
	if at != 0 {
		stage(0, 0)
	}
	stage(tail, 0)
	return start, stages
}

// vus returns the initial and the maximum number of VUs of an app.
func (p *plan) vus(app wallet.App, a optionsRequest) (vus, most int64) {
	share := float64(p.scheduled(app)) / float64(p.total)
	peak := 0.0
	for _, q := range p.window.Rate {
		peak = max(peak, float64(q.Rate.Num)/float64(q.Rate.Den))
	}
	size := func(asked int64, iteration time.Duration) int64 {
		if asked > 0 {
			return max(1, int64(math.Ceil(float64(asked)*share)))
		}
		return max(fewVUs, int64(math.Ceil(min(peak*iteration.Seconds(), maxVUs)*share)))
	}
	vus = size(a.VUs, usualIteration)
	return vus, max(vus, size(a.MaxVUs, longestIteration))
}
