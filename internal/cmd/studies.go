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

// studies makes the studies that a scenario enables, concurrently; they share no state. After an interrupt it returns none.
func studies(ctx context.Context, s *scenarios.Scenario, seed uint64) ([]reports.Study, error) {
	var enabled []func() ([]reports.Study, error)
	enable := func(study func(context.Context, *scenarios.Scenario, uint64) (reports.Study, error)) {
		enabled = append(enabled, func() ([]reports.Study, error) {
			result, err := study(ctx, s, seed)
			return []reports.Study{result}, err
		})
	}
	if s.RunningTotal != nil {
		enable(totals.Study)
	}
	if s.Coupons != nil {
		enable(coupons.Study)
	}
	if s.Limits != nil {
		enabled = append(enabled, func() ([]reports.Study, error) { return limits.Studies(ctx, s, seed) })
	}
	results, errs := make([][]reports.Study, len(enabled)), make([]error, len(enabled))
	var all sync.WaitGroup
	for i, study := range enabled {
		all.Go(func() { results[i], errs[i] = study() })
	}
	all.Wait()
	for _, err := range errs {
		if ctx.Err() != nil {
			return nil, nil // the record contains the interrupt
		}
		if errors.Is(err, totals.ErrTooFine) {
			return nil, usage("%w\n  hint: use a larger --scale", err)
		}
		if err != nil {
			return nil, fmt.Errorf("study: %w", err)
		}
	}
	return slices.Concat(results...), nil
}
