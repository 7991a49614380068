package coupons

import (
	"fmt"

	"hongbao/reports"
	"hongbao/scenarios"
	"hongbao/sim/study/tables"
)

func columns() []tables.Column[result] {
	whole := func(of func(r result) int64) func(result) float64 {
		return func(r result) float64 { return float64(of(r)) }
	}
	col := tables.NewColumn[result]
	return []tables.Column[result]{
		col("stock", "Stock", "库存", whole(func(r result) int64 { return r.stock })),
		col("demanded", "Requests", "请求数", whole(func(r result) int64 { return r.demanded })),
		col("issued", "Issued", "已发放", whole(func(r result) int64 { return r.issued })),
		col("over_issued", "Over-issued", "超发", whole(func(r result) int64 { return r.over })),
		col("left_unissued", "Left unissued despite demand", "少发", whole(func(r result) int64 { return r.left })),
		col("fallbacks", "Fallback coupons", "兜底券", whole(func(r result) int64 { return r.fallbacks })),
		col("greetings", "Greetings", "祝福语", whole(func(r result) int64 { return r.greetings })),
		col("redis_calls_per_coupon", "Redis calls per coupon", "每张券 Redis 调用", func(r result) float64 { return r.perCoupon(r.redisCalls) }),
		col("hot_key_peak_qps", "Hottest key, calls a second", "最热 key 峰值 QPS", whole(func(r result) int64 { return r.peak })),
		col("counted_twice", "Double counts", "重复扣减", whole(func(r result) int64 { return r.double })),
		col("refused_wrongly", "Refused while a coupon was left", "误拒", whole(func(r result) int64 { return r.wronglyRefused })),
		col("fallbacks_early", "Fallback above the threshold", "过早兜底", whole(func(r result) int64 { return r.early })),
		col("gave_up", "Gave up without an answer", "放弃", whole(func(r result) int64 { return r.gaveUp })),
		col("stranded_max", "Orphaned coupons, maximum", "核对前滞留", whole(func(r result) int64 { return r.orphaned })),
		col("book_calls_per_coupon", "Lease store calls per coupon", "每张券账本调用", func(r result) float64 { return r.perCoupon(r.leaseCalls) }),
	}
}

// maxRedisCalls bounds the Redis calls per coupon of our design: one call for fifty coupons.
const maxRedisCalls = 0.02

func report(plan *scenarios.Coupons, all []design, results []result) reports.Study {
	by := map[string]result{}
	for i, d := range all {
		by[d.name] = results[i]
	}
	out := tables.New(reports.Study{Name: "coupons", Title: "Coupons counted against their stock", TitleZH: "券库存控制对比",
		Spec: []string{"C1", "C2", "C3", "C4", "C5"}, Notes: notes(plan, by["lease"])}, columns())
	for i, d := range all {
		out.Add(d.name, d.title, d.titleZH, results[i])
	}
	return out.Study(checks(plan, by))
}

// checks checks our design, and that the open problems of the source's designs occur.
func checks(plan *scenarios.Coupons, by map[string]result) []reports.Check {
	ours, source, reserve := by["lease"], by["single-key"], by["single-key-reserve"]
	limit := plan.KeyRate.Num / plan.KeyRate.Den
	return []reports.Check{
		reports.NewCheck("ours-never-over", "C5", ours.issued, ours.over, "%d coupons were issued beyond the stock", ours.over),
		reports.NewCheck("ours-nothing-left", "C5", ours.asked, ours.left, "%d coupons were left despite demand", ours.left),
		reports.NewCheck("ours-one-an-order", "C5", ours.issued, ours.double+ours.twoCoupons, "%d orders were counted twice, %d people have two coupons", ours.double, ours.twoCoupons),
		reports.NewCheck("ours-few-redis-calls", "C5", ours.issued, reports.Broken(ours.perCoupon(ours.redisCalls) > maxRedisCalls),
			"%.4f Redis calls per coupon are more than %.2f", ours.perCoupon(ours.redisCalls), maxRedisCalls),
		reports.NewCheck("ours-no-hot-key", "C5", ours.redisCalls, reports.Broken(ours.peak > limit), "a key receives %d calls a second, and answers %d", ours.peak, limit),
		reports.NewCheck("ours-threshold", "C2", min(ours.decided, ours.fallbacks), ours.early+ours.late, "%d fallbacks above the threshold, %d coupons too late below it", ours.early, ours.late),
		reports.NewCheck("source-hot-key", "C4", source.redisCalls, reports.Broken(source.peak <= limit), "the hottest key receives only %d calls a second, and answers %d", source.peak, limit),
		reports.NewCheck("source-counts-twice", "C4", source.issued, reports.Broken(source.double == 0 || source.left == 0),
			"%d orders were counted twice and %d coupons left unissued: both must be above zero", source.double, source.left),
		reports.NewCheck("reserve-hides-it", "C4", reserve.issued, reports.Broken(reserve.left != 0 || reserve.double == 0),
			"with the reserve %d coupons were left unissued, and %d orders counted twice", reserve.left, reserve.double),
	}
}

func notes(plan *scenarios.Coupons, ours result) []string {
	n := []string{
		fmt.Sprintf("One key answers %d calls a second (R2); a call that would wait longer than %v is rejected and retried.", plan.KeyRate.Num/plan.KeyRate.Den, plan.KeyQueue),
		"Coupons below a threshold are not granted; they count neither as issued nor as left.",
		fmt.Sprintf("Leased blocks of crashed instances contained at most %d coupons until they were reclaimed, at the earliest %v after the crash.", ours.orphaned, plan.Expiry),
		"Leasing needs few calls to Redis, but a record of each order in the lease store, in the transactions that record the orders.",
		"A failover of Redis loses the last writes of all counters, also of those that are idempotent by order: only the lease store never grants more than the stock.",
	}
	for _, f := range plan.Faults {
		n = append(n, "Fault: "+f.String()+".")
	}
	return n
}
