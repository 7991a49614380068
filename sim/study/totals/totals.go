// Package totals compares ways to keep the running total (累计发放总额, R1–R5) in virtual time: the source's plan one, plan two
// with and without retries, and the service's own code. All have the same grants from the same instances, and the same
// faults. Each run is a function of scenario and seed.
//
// Units: fen; errors in ppm of the granted total. Writers and readers are instances. People read from the memory of an
// instance, so the 1.8 M reads a second are not simulated; instead every instance is sampled ten times per interval. The
// package must not use a real clock or a real store.
package totals

import (
	"context"
	"errors"
	"fmt"

	"hongbao/reports"
	"hongbao/scenarios"
	"hongbao/sim/study/tables"
	"hongbao/sim/world"
)

// errNone reports that a scenario has no running_total section.
var errNone = errors.New("totals: the scenario has no running totals to compare")

// ErrTooFine reports that the scaled rates have denominators that are too large for exact arithmetic.
var ErrTooFine = errors.New("totals: the rates have too large denominators at this scale")

// maxDen bounds the denominators of rates, so that exact sums fit 64 bits.
const maxDen = 1_000_000_000

// contender is one design and its row.
type contender struct {
	name, title, titleZH string
	start                func(*world.World) (design, error)
}

// The indexes of the rows.
const (
	one = iota
	two
	twoRetry
	our
)

func contenders(r *scenarios.RunningTotal) []contender {
	return []contender{
		one: {"plan-one", "Plan one: 100 keys, no retry", "方案一：100 个 key，不重试",
			func(w *world.World) (design, error) { return newPlanOne(w, r), nil }},
		two: {"plan-two", "Plan two: local sums, no retry", "方案二：本地累加，不重试",
			func(w *world.World) (design, error) { return newPlanTwo(w, r, false), nil }},
		twoRetry: {"plan-two-retry", "Plan two with retries", "方案二：本地累加，超时重试",
			func(w *world.World) (design, error) { return newPlanTwo(w, r, true), nil }},
		our: {"ours", "Ours: cumulative sums, two stores", "本实现：累计值幂等上报，双写",
			func(w *world.World) (design, error) { return newOurs(w, r) }},
	}
}

// Study runs every design and checks it. ErrNone: the scenario has no running_total section. ErrTooFine: the scale is too small.
// Other errors are those of ctx.
func Study(ctx context.Context, s *scenarios.Scenario, seed uint64) (reports.Study, error) {
	if s.RunningTotal == nil {
		return reports.Study{}, errNone
	}
	for _, rate := range []scenarios.Ratio{s.RunningTotal.Writes, s.RunningTotal.Reads, s.RunningTotal.KeyRate} {
		if rate.Den > maxDen {
			return reports.Study{}, fmt.Errorf("%w: %v a second", ErrTooFine, rate)
		}
	}
	return study(ctx, s.RunningTotal, seed, contenders(s.RunningTotal))
}

func study(ctx context.Context, r *scenarios.RunningTotal, seed uint64, all []contender) (reports.Study, error) {
	out := tables.New(reports.Study{Name: "running-total", Title: "The running total, three plans", TitleZH: "累计发放总额：三种方案",
		Spec: []string{"R1", "R2", "R3", "R4", "R5"}, Notes: notes(r)}, columns())
	runs := make([]*run, len(all))
	for i, c := range all {
		p, err := play(ctx, r, seed, c.start)
		if err != nil {
			return reports.Study{}, fmt.Errorf("%s: %w", c.name, err)
		}
		runs[i] = p
		out.Add(c.name, c.title, c.titleZH, p)
	}
	return out.Study(checks(runs)), nil
}
