package judge

import (
	"fmt"
	"strconv"
	"strings"

	"hongbao/reports"
	"hongbao/scenarios"
)

// demand returns a threshold without its result.
func demand(t scenarios.Threshold) reports.Threshold {
	r := reports.Threshold{
		Measure: string(t.Measure), Operation: t.Operation, Window: t.Window, Operator: "≤",
		Limit: float64(t.Limit.Num) / float64(t.Limit.Den), Unit: t.Measure.Unit(),
	}
	name := []string{}
	if t.Operation != "" {
		name = append(name, t.Operation)
	}
	name = append(name, r.Measure)
	of := ""
	switch {
	case t.Operation != "":
		of = " of " + t.Operation
	case !t.Measure.OfRun():
		of = " of all operations"
	}
	if t.Busiest {
		r.Second = "busiest"
		name = append(name, "in the busiest second")
		of += " in the busiest second"
	}
	if t.Window != "" {
		name = append(name, "of", t.Window)
		of += " (" + t.Window + ")"
	}
	r.Name = strings.Join(name, " ")
	r.Statement = strings.TrimSpace(fmt.Sprintf("%s%s ≤ %s %s", words(t.Measure), of, number(r.Limit), r.Unit))
	return r
}

// words returns the name of a measure.
func words(m scenarios.Measure) string {
	switch m {
	case scenarios.P50, scenarios.P90, scenarios.P99:
		return strings.TrimSuffix(string(m), "_ms")
	case scenarios.P999:
		return "p99.9"
	case scenarios.MaxLatency:
		return "longest latency"
	case scenarios.ErrorRatio:
		return "share of errors"
	case scenarios.RefusedRatio:
		return "share of refusals"
	case scenarios.DrainedWithin:
		return "time to drain"
	case scenarios.VisibleWaitP99:
		return "p99 of the visible wait"
	}
	return string(m)
}

func number(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }
