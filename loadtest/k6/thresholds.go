package k6

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"hongbao/loadtest/crowd"
	"hongbao/scenarios"
)

// unsentPerMille is the largest share of unsent wins, in thousandths, with which the results still count.
const unsentPerMille = 1

// failedShare is the largest share of calls without an answer, if the scenario has no such threshold.
const failedShare = "rate<0.01"

// thresholds returns the conditions of a pass. k6 passes a threshold on a latency, a share or a gauge without samples, as if
// the value were 0. So each of those has a second threshold on a counter, which is 0 in that case and fails. TestNoPass proves
// it.
func (p *plan) thresholds(a optionsRequest) map[string][]string {
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

// translate returns a scenario's threshold for k6: the metric and the condition. false: k6 does not judge it, or it applies to
// another window.
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

// unjudged returns the reason why k6 does not judge a scenario's threshold; "" if it does.
func unjudged(t scenarios.Threshold) string {
	switch {
	case t.Busiest:
		return "k6 has no results per second"
	case t.Measure == scenarios.VisibleWaitP99:
		return "the wait until a page shows a grant is not measured here"
	}
	return ""
}

// notJudged lists the scenario's thresholds that apply to the window but are not judged by k6, each with the reason.
func (p *plan) notJudged() []string {
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

// callsOf returns the submetric that counts the calls of one operation.
func callsOf(op string) string { return metricCalls + "{operation:" + op + "}" }
