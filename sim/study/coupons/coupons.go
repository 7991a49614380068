// Package coupons compares ways to count coupons against their stock (C1–C5) in virtual time: the source's single key with
// and without its reserve, a single key that records orders, split keys, and leased blocks. Every design has the same
// demand and the same faults. The study counts the issued coupons itself; it does not use the counts of the design.
//
// Units: coupons, requests, calls a second. A study is a pure function of scenario and seed. The package must not correct
// the errors of a design, and must not use a real store.
package coupons

import (
	"context"
	"errors"
	"fmt"

	"hongbao/reference/stock"
	"hongbao/reference/wallet"
	"hongbao/reports"
	"hongbao/scenarios"
)

// errNone reports that a scenario has no coupons section.
var errNone = errors.New("coupons: the scenario has no coupons to compare")

// design is one way to count coupons.
type design struct {
	name, title, titleZH string

	ours      bool // leased blocks: the design has a lease store and chores
	remembers bool // idempotent by order: a counted coupon belongs to its order, even if the answer was lost
	reserve   bool // the stock is raised by the scenario's reserve

	// stocks returns the counters of one process run of an instance.
	stocks func(f *festival, redis redisLink, leases leasesLink, holder string) (wallet.Stocks, error)

	plant func(wallet.StockLeases) wallet.StockLeases // tests only: returns a lease store with a bug
}

func single(_ *festival, redis redisLink, _ leasesLink, _ string) (wallet.Stocks, error) {
	return stock.NewSingleKey(redis), nil
}

// designs returns the designs in the order of the table.
func designs() []design {
	return []design{
		{name: "single-key", title: "One key, as in the source", titleZH: "单 key（原方案）", stocks: single},
		{name: "single-key-reserve", title: "One key and a reserve, as in the source", titleZH: "单 key 加备用库存（原方案）", reserve: true, stocks: single},
		{name: "single-key-orders", title: "One key, idempotent by order", titleZH: "单 key，按订单幂等", remembers: true,
			stocks: func(_ *festival, redis redisLink, _ leasesLink, _ string) (wallet.Stocks, error) {
				return stock.NewSplitKey(redis, 1)
			}},
		{name: "split-key", title: "Split keys, idempotent by order", titleZH: "拆分 key，按订单幂等", remembers: true,
			stocks: func(f *festival, redis redisLink, _ leasesLink, _ string) (wallet.Stocks, error) {
				return stock.NewSplitKey(redis, f.plan.SplitKeys)
			}},
		{name: "lease", title: "Leased blocks, recorded in a store", titleZH: "租约库存，入账", ours: true, remembers: true,
			stocks: func(f *festival, redis redisLink, leases leasesLink, holder string) (wallet.Stocks, error) {
				return stock.NewLeased(leases, redis, holder, f.plan.Block)
			}},
	}
}

// Study compares the designs under the scenario's demand and faults. ErrNone: the scenario has no coupons section. If ctx ends,
// the error is its cause.
func Study(ctx context.Context, s *scenarios.Scenario, seed uint64) (reports.Study, error) {
	return study(ctx, s, seed, designs())
}

func study(ctx context.Context, s *scenarios.Scenario, seed uint64, all []design) (reports.Study, error) {
	if s.Coupons == nil {
		return reports.Study{}, errNone
	}
	results := make([]result, len(all))
	for i, d := range all {
		f, err := newFestival(s, seed, d)
		if err != nil {
			return reports.Study{}, fmt.Errorf("coupons: %s: %w", d.name, err)
		}
		if err := f.run(ctx); err != nil {
			return reports.Study{}, fmt.Errorf("coupons: %s: %w", d.name, err)
		}
		results[i] = f.result()
	}
	return report(s.Coupons, all, results), nil
}
