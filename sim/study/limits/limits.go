// Package limits compares ways to limit a rate over many instances, and one pool with two pools for two kinds of traffic
// (L1–L3), in virtual time. It uses the service's own limiters on a shared counter with a bounded rate of calls and an
// outage. The study counts the passed requests itself; it does not use the limiters' counts.
//
// Units: requests, calls, seconds of virtual time. A study is a pure function of scenario and seed. The package must not
// correct the errors of a design, and must not use a real store.
package limits

import (
	"context"
	"errors"
	"fmt"

	"hongbao/reference/limit"
	"hongbao/reference/wallet"
	"hongbao/reports"
	"hongbao/scenarios"
)

// errNone reports that a scenario has no limits section.
var errNone = errors.New("limits: the scenario has no limits to compare")

// design is one way to limit a rate.
type design struct {
	name, title, titleZH string

	// limiter returns the limiter of one instance for a case.
	limiter func(p *scenarios.Limits, perSecond int64, count wallet.Permits) (limit.Limiter, error)
}

// permitsName is the name of the shared counter.
const permitsName = "study"

// designs returns the designs in the order of the table.
func designs() []design {
	return []design{
		{"share", "Total / instances", "总量除以实例数", share},
		{"counted", "One counter call per request", "Redis 逐次计数", counted},
		{"counted-or-share", "Counter, else total / instances", "计数，失败降级为均分", func(p *scenarios.Limits, perSecond int64, count wallet.Permits) (limit.Limiter, error) {
			return fallback(p, perSecond, count, counted)
		}},
		{"leased-or-share", "Permits in batches, else total / instances", "批量领取，失败降级为均分", func(p *scenarios.Limits, perSecond int64, count wallet.Permits) (limit.Limiter, error) {
			return fallback(p, perSecond, count, leased)
		}},
	}
}

func share(p *scenarios.Limits, perSecond int64, _ wallet.Permits) (limit.Limiter, error) {
	return limit.NewShare(float64(perSecond), p.Instances)
}

func counted(_ *scenarios.Limits, perSecond int64, count wallet.Permits) (limit.Limiter, error) {
	return limit.NewCounted(count, permitsName, perSecond)
}

func leased(p *scenarios.Limits, perSecond int64, count wallet.Permits) (limit.Limiter, error) {
	return limit.NewLeased(count, permitsName, perSecond, p.Instances)
}

func fallback(p *scenarios.Limits, perSecond int64, count wallet.Permits,
	of func(*scenarios.Limits, int64, wallet.Permits) (limit.Limiter, error)) (limit.Limiter, error) {
	exact, err := of(p, perSecond, count)
	if err != nil {
		return nil, err
	}
	each, err := limit.NewShare(float64(perSecond), p.Instances)
	return &limit.Fallback{Exact: exact, Share: each}, err
}

// Studies compares the designs of limiters, and the pools. ErrNone: the scenario has no limits section. If ctx ends, the error is
// its cause.
func Studies(ctx context.Context, s *scenarios.Scenario, seed uint64) ([]reports.Study, error) {
	if s.Limits == nil {
		return nil, errNone
	}
	limits, err := study(ctx, s.Limits, seed, designs())
	if err != nil {
		return nil, err
	}
	pools, err := poolStudy(ctx, &s.Limits.Pools, s.Limits.Takes)
	if err != nil {
		return nil, err
	}
	return []reports.Study{limits, pools}, nil
}

func study(ctx context.Context, p *scenarios.Limits, seed uint64, all []design) (reports.Study, error) {
	results := make([][]result, len(all))
	for i, d := range all {
		for _, c := range p.Cases {
			r, err := run(ctx, p, c, seed, d)
			if err != nil {
				return reports.Study{}, fmt.Errorf("limits: %s: %s: %w", d.name, c.Name, err)
			}
			results[i] = append(results[i], r)
		}
	}
	return report(p, all, results), nil
}
