package cmd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"hongbao/reports"
	"hongbao/scenarios"
	"hongbao/sim/study/coupons"
	"hongbao/sim/study/limits"
	"hongbao/sim/study/totals"
)

// studies makes the comparisons of designs that a scenario asks for, side by side: each is a world of its own. An
// interrupted one leaves nothing.
func studies(ctx context.Context, s *scenarios.Scenario, seed uint64) ([]reports.Study, error) {
	var asked []func() ([]reports.Study, error)
	one := func(of func(context.Context, *scenarios.Scenario, uint64) (reports.Study, error)) {
		asked = append(asked, func() ([]reports.Study, error) {
			made, err := of(ctx, s, seed)
			return []reports.Study{made}, err
		})
	}
	if s.RunningTotal != nil {
		one(totals.Study)
	}
	if s.Coupons != nil {
		one(coupons.Study)
	}
	if s.Limits != nil {
		asked = append(asked, func() ([]reports.Study, error) { return limits.Studies(ctx, s, seed) })
	}
	made, errs := make([][]reports.Study, len(asked)), make([]error, len(asked))
	var all sync.WaitGroup
	for i, make := range asked {
		all.Go(func() { made[i], errs[i] = make() })
	}
	all.Wait()
	for _, err := range errs {
		if ctx.Err() != nil {
			return nil, nil // the record says that it was interrupted
		}
		if errors.Is(err, totals.ErrTooFine) {
			return nil, usage("%w\n  hint: a larger --scale", err)
		}
		if err != nil {
			return nil, fmt.Errorf("comparing designs: %w", err)
		}
	}
	return slices.Concat(made...), nil
}
