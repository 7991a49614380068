// Package totals compares ways to keep the running total (累计发放总额, R1–R5) in virtual time: the source's plan one and
// plan two, the latter with and without a second try, and the service's own code. All get the same grants, from the same
// instances, and the same faults; each run is a function of scenario and seed.
//
// Units: fen; errors in ppm of what was granted. Writers and readers are instances: what people read is in the memory of
// an instance, so the 1.8 M reads a second are looked at ten times an interval, at every instance, and not made. The package
// reads no real clock, and it must not be asked about money: it grants to nobody.
package totals

import (
	"context"
	"errors"
	"fmt"

	"hongbao/reports"
	"hongbao/scenarios"
	"hongbao/sim/world"
)

// ErrNone says that a scenario has no running_total section.
var ErrNone = errors.New("totals: the scenario compares no running totals")

// ErrTooFine says that a scale leaves rates that no run can keep exactly.
var ErrTooFine = errors.New("totals: the rates are too fine at this scale")

// maxDen bounds what rates are divided by, so that exact sums of them fit 64 bits.
const maxDen = 1_000_000_000

// contender is one design and its row.
type contender struct {
	name, title, titleZH string
	start                func(*world.World) (design, error)
}

// The rows' places.
const (
	one = iota
	two
	again
	our
)

func contenders(r *scenarios.RunningTotal) []contender {
	return []contender{
		one: {"plan-one", "Plan one: 100 keys, no retry", "方案一：100 个 key，不重试",
			func(w *world.World) (design, error) { return newPlanOne(w, r), nil }},
		two: {"plan-two", "Plan two: local sums, no retry", "方案二：本地累加，不重试",
			func(w *world.World) (design, error) { return newPlanTwo(w, r, false), nil }},
		again: {"plan-two-retry", "Plan two with retries", "方案二：本地累加，超时重试",
			func(w *world.World) (design, error) { return newPlanTwo(w, r, true), nil }},
		our: {"ours", "Ours: cumulative sums, two stores", "本实现：累计值幂等上报，双写",
			func(w *world.World) (design, error) { return newOurs(w, r) }},
	}
}

// Study plays every design and judges it. ErrNone: there is nothing to compare. ErrTooFine: it was scaled down too far.
// Other errors are the context's.
func Study(ctx context.Context, s *scenarios.Scenario, seed uint64) (reports.Study, error) {
	if s.RunningTotal == nil {
		return reports.Study{}, ErrNone
	}
	for _, rate := range []scenarios.Ratio{s.RunningTotal.Writes, s.RunningTotal.Reads, s.RunningTotal.KeyRate} {
		if rate.Den > maxDen {
			return reports.Study{}, fmt.Errorf("%w: %v a second", ErrTooFine, rate)
		}
	}
	return study(ctx, s.RunningTotal, seed, contenders(s.RunningTotal))
}

func study(ctx context.Context, r *scenarios.RunningTotal, seed uint64, all []contender) (reports.Study, error) {
	out := reports.Study{Name: "running-total", Title: "The running total, three plans", TitleZH: "累计发放总额：三种方案",
		Spec: []string{"R1", "R2", "R3", "R4", "R5"}, Notes: notes(r)}
	runs := make([]*run, len(all))
	for i, c := range all {
		p, err := play(ctx, r, seed, c.start)
		if err != nil {
			return reports.Study{}, fmt.Errorf("%s: %w", c.name, err)
		}
		runs[i] = p
		d := reports.StudyDesign{Name: c.name, Title: c.title, TitleZH: c.titleZH}
		for _, f := range columns() {
			d.Values = append(d.Values, f.of(p))
		}
		out.Designs = append(out.Designs, d)
	}
	for _, f := range columns() {
		out.Columns = append(out.Columns, f.StudyColumn)
	}
	out.Checks = checks(runs)
	out.Verdict = verdict(out.Checks)
	return out, nil
}

// verdict is over all checks: one that fails decides, then one that was not evaluated.
func verdict(checks []reports.Check) reports.Verdict {
	out := reports.Pass
	for _, c := range checks {
		switch {
		case c.Result == reports.Fail:
			return reports.Fail
		case c.Result == reports.Unknown:
			out = reports.Unknown
		}
	}
	return out
}
