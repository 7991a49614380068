package main

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"hongbao/reports"
	"hongbao/scenarios"
	"hongbao/sim/coupons"
	"hongbao/sim/totals"
)

// studies makes the comparisons of designs that a scenario asks for, side by side: each is a world of its own. An
// interrupted one leaves nothing.
func studies(ctx context.Context, s *scenarios.Scenario, seed uint64) ([]reports.Study, error) {
	var asked []func() (reports.Study, error)
	if s.RunningTotal != nil {
		asked = append(asked, func() (reports.Study, error) { return totals.Study(ctx, s, seed) })
	}
	if s.Coupons != nil {
		asked = append(asked, func() (reports.Study, error) { return coupons.Study(ctx, s, seed) })
	}
	made, errs := make([]reports.Study, len(asked)), make([]error, len(asked))
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
			return nil, internal(fmt.Errorf("comparing designs: %w", err))
		}
	}
	return made, nil
}
