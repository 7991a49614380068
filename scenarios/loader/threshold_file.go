package loader

import (
	"cmp"
	"fmt"
	"slices"

	"hongbao/scenarios"
)

type thresholdFile struct {
	place
	Operation     word[operations] `json:"operation,omitempty" jsonschema:"The operation; omitted: all operations, or the run."`
	Window        text             `json:"window,omitempty" jsonschema:"Only runs of this window; omitted: any window."`
	Second        word[seconds]    `json:"second,omitempty" jsonschema:"busiest: only the second in which most requests were due."`
	P50           figure           `json:"p50_ms,omitempty" jsonschema:"Latency since the moment the request was due, 50th percentile."`
	P90           figure           `json:"p90_ms,omitempty" jsonschema:"The 90th percentile."`
	P99           figure           `json:"p99_ms,omitempty" jsonschema:"The 99th percentile."`
	P999          figure           `json:"p999_ms,omitempty" jsonschema:"The 99.9th percentile."`
	Max           figure           `json:"max_ms,omitempty" jsonschema:"The maximum."`
	Errors        share            `json:"error_ratio,omitempty" jsonschema:"Requests without an answer, as a share of those sent."`
	Refused       share            `json:"refused_ratio,omitempty" jsonschema:"Requests refused permanently, as a share of those sent."`
	DrainedWithin figure           `json:"drained_within_s,omitempty" jsonschema:"From the end of the load until the backlog is empty."`
	VisibleWait   figure           `json:"visible_wait_p99_ms,omitempty" jsonschema:"From a grant's acknowledgement until the wallet page shows it, 99th percentile."`
}

// bound is one measure of an entry and its place.
type bound struct {
	place
	scenarios.Threshold
}

// bounds returns the measures of an entry.
func (t *thresholdFile) bounds() []bound {
	var all []bound
	for _, m := range []struct {
		scenarios.Measure
		place
		v scenarios.Ratio
	}{
		{scenarios.P50, t.P50.place, t.P50.v}, {scenarios.P90, t.P90.place, t.P90.v}, {scenarios.P99, t.P99.place, t.P99.v}, {scenarios.P999, t.P999.place, t.P999.v},
		{scenarios.MaxLatency, t.Max.place, t.Max.v}, {scenarios.ErrorRatio, t.Errors.place, t.Errors.v}, {scenarios.RefusedRatio, t.Refused.place, t.Refused.v},
		{scenarios.DrainedWithin, t.DrainedWithin.place, t.DrainedWithin.v}, {scenarios.VisibleWaitP99, t.VisibleWait.place, t.VisibleWait.v},
	} {
		if m.at != (spot{}) {
			all = append(all, bound{m.place, scenarios.Threshold{Measure: m.Measure, Limit: m.v, Operation: t.Operation.v, Window: t.Window.v, Busiest: t.Second.v != ""}})
		}
	}
	return all
}

// checkThresholds refuses entries without a measure, with an unknown window, and two bounds for the same measure.
func (f *faults) checkThresholds(in *file) {
	first := map[scenarios.Threshold]spot{}
	for i := range in.Thresholds {
		t := &in.Thresholds[i]
		all := t.bounds()
		if len(all) == 0 && t.ok {
			f.add(cmp.Or(t.Operation.at, t.Window.at, t.Second.at, t.at), "add a measure, such as p99_ms: 200", "the threshold has no measure")
		}
		known := slices.ContainsFunc(in.Windows, func(w windowFile) bool { return scenarios.SameWindow(w.Name.v, t.Window.v) })
		f.refuse(t.Window.place, len(in.Windows) > 0 && !known, "write the name of a window, or its words joined with hyphens", "there is no window %q", short(t.Window.v))
		for _, b := range all {
			f.checkBound(b)
			same := b.Threshold
			same.Limit, same.Window = scenarios.Ratio{}, scenarios.SlugOf(same.Window)
			if at, twice := first[same]; twice && b.ok {
				f.add(b.at, "keep one of them", "%s has two bounds for the same operation and window, first in line %d", b.Measure, at.line)
			}
			first[same] = b.at
		}
	}
}

// checkBound checks one measure against its operation and window.
func (f *faults) checkBound(b bound) {
	switch {
	case !b.ok: // its fault is recorded already
	case b.Measure.Latency() && b.Operation == "":
		f.add(b.at, "add an operation, such as grant", "%s needs an operation", b.Measure)
	case b.Measure.OfRun() && (b.Operation != "" || b.Busiest):
		f.add(b.at, "write it into a separate entry without operation and second", "%s is measured over the whole run", b.Measure)
	case b.Busiest && !b.Measure.Latency():
		f.add(b.at, "write it into an entry without second", "the busiest second has only latencies, not %s", b.Measure)
	case b.Limit.Num == 0 && b.Measure.Unit() != "":
		f.add(b.at, "write the largest acceptable time", "the limit is zero")
	}
}

func (in *file) thresholds() (all []scenarios.Threshold) {
	for i := range in.Thresholds {
		for _, b := range in.Thresholds[i].bounds() {
			all = append(all, b.Threshold)
		}
	}
	return all
}

// figure is a number that is not negative, such as a limit in milliseconds.
type figure struct{ value[scenarios.Ratio] }

// maxFigure bounds a limit: more than the milliseconds of the longest run.
const maxFigure = 1_000_000_000_000

func (n *figure) read(s string) (problem string) {
	if n.v, problem = decimal(s); problem == "" && n.v.Num/n.v.Den > maxFigure {
		problem = fmt.Sprintf("is above %d", int64(maxFigure))
	}
	return problem
}

func (*figure) form() form {
	return form{what: "a number", hint: "write a number that is not negative, such as 200 or 0.5; the unit is part of the key", pattern: `^[0-9][0-9_]*(\.[0-9]+)?$`, number: true}
}
