package coupons

import (
	"fmt"

	"hongbao/reports"
	"hongbao/scenarios"
)

// column is one figure of the table.
type column struct {
	reports.StudyColumn
	of func(r result) float64
}

func columns() []column {
	whole := func(of func(r result) int64) func(result) float64 {
		return func(r result) float64 { return float64(of(r)) }
	}
	col := func(name, title, zh string, of func(r result) float64) column {
		return column{reports.StudyColumn{Name: name, Title: title, TitleZH: zh}, of}
	}
	return []column{
		col("stock", "Stock", "库存", whole(func(r result) int64 { return r.stock })),
		col("demanded", "Asked for", "请求数", whole(func(r result) int64 { return r.demanded })),
		col("issued", "Issued", "已发放", whole(func(r result) int64 { return r.issued })),
		col("over_issued", "Over-issued", "超发", whole(func(r result) int64 { return r.over })),
		col("left_unissued", "Left unissued while asked for", "少发", whole(func(r result) int64 { return r.left })),
		col("fallbacks", "Fallback coupons", "兜底券", whole(func(r result) int64 { return r.fallbacks })),
		col("greetings", "Greetings", "祝福语", whole(func(r result) int64 { return r.greetings })),
		col("redis_calls_per_coupon", "Redis calls a coupon", "每张券 Redis 调用", func(r result) float64 { return r.perCoupon(r.redisCalls) }),
		col("hot_key_peak_qps", "Hottest key, calls a second", "最热 key 峰值 QPS", whole(func(r result) int64 { return r.peak })),
		col("counted_twice", "Orders counted twice", "重复扣减", whole(func(r result) int64 { return r.double })),
		col("refused_wrongly", "Refused though a coupon was left", "误拒", whole(func(r result) int64 { return r.passedOver })),
		col("fallbacks_early", "Fallback above the threshold", "过早兜底", whole(func(r result) int64 { return r.early })),
		col("gave_up", "Gave up without an answer", "放弃", whole(func(r result) int64 { return r.gaveUp })),
		col("stranded_max", "Stranded before an audit, at most", "核对前滞留", whole(func(r result) int64 { return r.stranded })),
		col("book_calls_per_coupon", "Calls to the books a coupon", "每张券账本调用", func(r result) float64 { return r.perCoupon(r.bookCalls) }),
	}
}

// maxRedisCalls is how many calls to Redis a coupon may cost ours: one in fifty.
const maxRedisCalls = 0.02

func report(plan *scenarios.Coupons, all []design, results []result) reports.Study {
	s := reports.Study{Name: "coupons", Title: "Coupons counted against their stock", TitleZH: "券库存控制对比", Spec: []string{"C1", "C2", "C3", "C4", "C5"}}
	for _, c := range columns() {
		s.Columns = append(s.Columns, c.StudyColumn)
	}
	by := map[string]result{}
	for i, d := range all {
		row := reports.StudyDesign{Name: d.name, Title: d.title, TitleZH: d.titleZH}
		for _, c := range columns() {
			row.Values = append(row.Values, c.of(results[i]))
		}
		s.Designs = append(s.Designs, row)
		by[d.name] = results[i]
	}
	s.Checks = checks(plan, by)
	verdicts := make([]reports.Verdict, len(s.Checks))
	for i, c := range s.Checks {
		verdicts[i] = c.Result
	}
	s.Verdict = reports.Combine(verdicts...)
	s.Notes = notes(plan, by["lease"])
	return s
}

// checks judges ours, and that the source's open problems show.
func checks(plan *scenarios.Coupons, by map[string]result) []reports.Check {
	ours, source, reserve := by["lease"], by["single-key"], by["single-key-reserve"]
	limit := plan.KeyRate.Num / plan.KeyRate.Den
	return []reports.Check{
		reports.NewCheck("ours-never-over", "C5", ours.issued, ours.over, "%d coupons were issued beyond the stock", ours.over),
		reports.NewCheck("ours-nothing-left", "C5", ours.asked, ours.left, "%d coupons were left while people asked for them", ours.left),
		reports.NewCheck("ours-one-an-order", "C5", ours.issued, ours.double+ours.twoCoupons, "%d orders were counted twice, %d people have two coupons", ours.double, ours.twoCoupons),
		reports.NewCheck("ours-few-redis-calls", "C5", ours.issued, reports.Broken(ours.perCoupon(ours.redisCalls) > maxRedisCalls),
			"%.4f calls to Redis a coupon are more than %.2f", ours.perCoupon(ours.redisCalls), maxRedisCalls),
		reports.NewCheck("ours-no-hot-key", "C5", ours.redisCalls, reports.Broken(ours.peak > limit), "a key has %d calls a second, and answers %d", ours.peak, limit),
		reports.NewCheck("ours-threshold", "C2", min(ours.decided, ours.fallbacks), ours.early+ours.late, "%d fallbacks above the threshold, %d coupons long after it was passed", ours.early, ours.late),
		reports.NewCheck("source-hot-key", "C4", source.redisCalls, reports.Broken(source.peak <= limit), "the hottest key has %d calls a second, and answers %d", source.peak, limit),
		reports.NewCheck("source-counts-twice", "C4", source.issued, reports.Broken(source.double == 0 || source.left == 0),
			"%d orders were counted twice and %d coupons left unissued: one of the two does not show", source.double, source.left),
		reports.NewCheck("reserve-hides-it", "C4", reserve.issued, reports.Broken(reserve.left != 0 || reserve.double == 0),
			"with the reserve %d coupons were left unissued, and %d orders counted twice", reserve.left, reserve.double),
	}
}

func notes(plan *scenarios.Coupons, ours result) []string {
	n := []string{
		fmt.Sprintf("One key answers %d calls a second (R2); what would wait longer than %v is turned away and repeated.", plan.KeyRate.Num/plan.KeyRate.Den, plan.KeyQueue),
		"A threshold keeps its share back; what it keeps counts neither as issued nor as left.",
		fmt.Sprintf("Leased blocks of instances that died held at most %d coupons until they were audited, %v after the death at the earliest.", ours.stranded, plan.Expiry),
		"Leasing pays for its few calls to Redis with a record of each order in the books, in the transactions that record the orders anyway.",
		"A failover of Redis takes the counters' last writes with it, whatever they remember: only the books never grant more than there is.",
	}
	for _, f := range plan.Faults {
		n = append(n, "Fault: "+f.String()+".")
	}
	return n
}
