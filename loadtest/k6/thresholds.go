package k6

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"hongbao/loadtest/crowd"
	"hongbao/scenarios"
)

// unsentPerMille is the share of wins, in thousandths, that may go unsent before the figures say nothing.
const unsentPerMille = 1

// failedShare is how many calls may end without an answer where the scenario does not say.
const failedShare = "rate<0.01"

// thresholds returns what makes a run a pass. k6 passes a threshold on a latency, a share or a gauge without samples, as if
// it were 0: beside each of those stands one on a counter, which is 0 too then and fails. TestNoPass proves it.
func (p *plan) thresholds(a asked) map[string][]string {
	out := map[string][]string{
		metricViolations:     {"count==0"},
		metricChecks:         {"count>0"},
		metricUnknown:        {"value==0"},
		metricGrants:         {"count>0"},
		metricFailed:         {failedShare},
		metricUnsent:         {fmt.Sprintf("value<=%g", unsentPerMille/1000.0)},
		"dropped_iterations": {fmt.Sprintf("count<=%d", p.total*unsentPerMille/1000)},
		callsOf("grant"):     {"count>0"},
	}
	add := func(metric, expression string) {
		if !slices.Contains(out[metric], expression) {
			out[metric] = append(out[metric], expression)
		}
		for _, op := range crowd.Kinds() {
			if strings.HasPrefix(metric, "hongbao_") && strings.Contains(metric, "operation:"+op) {
				out[callsOf(op)] = []string{"count>0"}
			}
		}
	}
	if a.ScenarioThresholds == nil || *a.ScenarioThresholds {
		for _, t := range p.limits {
			if metric, expression, ok := p.translate(t); ok {
				add(metric, expression)
			}
		}
	}
	for metric, expressions := range a.Thresholds {
		for _, e := range expressions {
			add(metric, e)
		}
	}
	return out
}

// translate returns a scenario's threshold as k6 has it: the metric and what it must keep. false: k6 does not judge it,
// or it binds another window.
func (p *plan) translate(t scenarios.Threshold) (metric, expression string, ok bool) {
	if !t.For(p.window.Name) || unjudged(t) != "" {
		return "", "", false
	}
	limit := strconv.FormatFloat(float64(t.Limit.Num)/float64(t.Limit.Den), 'f', -1, 64)
	of := func(metric string) string {
		if t.Operation != "" {
			metric += "{operation:" + t.Operation + "}"
		}
		return metric
	}
	switch {
	case t.Measure == scenarios.MaxLatency:
		return of(metricLatency), "max<=" + limit, true
	case t.Measure.Latency():
		return of(metricLatency), "p(" + strconv.FormatFloat(t.Measure.Quantile(), 'f', -1, 64) + ")<=" + limit, true
	case t.Measure == scenarios.ErrorRatio:
		return of(metricFailed), "rate<=" + limit, true
	case t.Measure == scenarios.RefusedRatio:
		return of(metricRefused), "rate<=" + limit, true
	default:
		return metricDrained, "value<=" + limit, true
	}
}

// unjudged says why k6 does not judge a scenario's threshold; "" where it does.
func unjudged(t scenarios.Threshold) string {
	switch {
	case t.Busiest:
		return "k6 has no figures of one second"
	case t.Measure == scenarios.VisibleWaitP99:
		return "the wait until a page shows a grant is not measured here"
	}
	return ""
}

// silent lists the scenario's thresholds that bind the window and that k6 does not judge, each with the reason.
func (p *plan) silent() []string {
	var out []string
	for _, t := range p.limits {
		if why := unjudged(t); why != "" && t.For(p.window.Name) {
			out = append(out, fmt.Sprintf("%s of %s: %s", t.Measure, orRun(t.Operation), why))
		}
	}
	return out
}

func orRun(operation string) string {
	if operation == "" {
		return "the run"
	}
	return operation
}

// callsOf names the submetric that counts the calls of one operation.
func callsOf(op string) string { return metricCalls + "{operation:" + op + "}" }
