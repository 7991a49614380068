// Package coupons compares ways to count coupons against their stock (C1–C5) in virtual time: the source's single key with
// and without its reserve, the same with a memory of orders, split keys, and leased blocks. Every design meets the same
// demand and the same faults; what was really issued is counted beside the design, not by it.
//
// Units: coupons, requests, calls a second. A study is a pure function of scenario and seed. The package must not mend
// what a design gets wrong, and knows no real store.
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

// ErrNone says that a scenario compares no coupons.
var ErrNone = errors.New("coupons: the scenario has no coupons to compare")

// design is one way to count.
type design struct {
	name, title, titleZH string

	ours      bool // leased blocks: it has a book, and chores
	remembers bool // a coupon that was counted is its order's, heard of or not
	reserve   bool // the stock is raised by the scenario's reserve

	// stocks returns what one life of an instance counts by.
	stocks func(f *festival, redis redisLink, book bookLink, holder string) (wallet.Stocks, error)

	plant func(wallet.StockLeases) wallet.StockLeases // tests only: a book with a bug
}

func single(_ *festival, redis redisLink, _ bookLink, _ string) (wallet.Stocks, error) {
	return stock.NewSingleKey(redis), nil
}

// designs lists them in the order of the table.
func designs() []design {
	return []design{
		{name: "single-key", title: "One key, as the source has it", titleZH: "单 key（原方案）", stocks: single},
		{name: "single-key-reserve", title: "One key and a reserve, as the source runs it", titleZH: "单 key 加备用库存（原方案）", reserve: true, stocks: single},
		{name: "single-key-orders", title: "One key that remembers orders", titleZH: "单 key，按订单幂等", remembers: true,
			stocks: func(_ *festival, redis redisLink, _ bookLink, _ string) (wallet.Stocks, error) {
				return stock.NewSplitKey(redis, 1)
			}},
		{name: "split-key", title: "Split keys that remember orders", titleZH: "拆分 key，按订单幂等", remembers: true,
			stocks: func(f *festival, redis redisLink, _ bookLink, _ string) (wallet.Stocks, error) {
				return stock.NewSplitKey(redis, f.plan.SplitKeys)
			}},
		{name: "lease", title: "Leased blocks, recorded in books", titleZH: "租约库存，入账", ours: true, remembers: true,
			stocks: func(f *festival, redis redisLink, book bookLink, holder string) (wallet.Stocks, error) {
				return stock.NewLeased(book, redis, holder, f.plan.Block)
			}},
	}
}

// Study compares the designs under the scenario's demand and faults. ErrNone: the scenario has no coupons section. The
// context's end ends it with the context's cause.
func Study(ctx context.Context, s *scenarios.Scenario, seed uint64) (reports.Study, error) {
	return study(ctx, s, seed, designs())
}

func study(ctx context.Context, s *scenarios.Scenario, seed uint64, all []design) (reports.Study, error) {
	if s.Coupons == nil {
		return reports.Study{}, ErrNone
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
