package coupons

// result is what became of one design, over all templates.
type result struct {
	stock, demanded, issued int64
	over                    int64 // issued beyond the stock
	left                    int64 // not issued though somebody still asked, beside what a threshold keeps back
	fallbacks               int64 // coupons granted in place of others
	greetings               int64
	double                  int64 // countings beyond an order's first
	twoCoupons              int64 // people with a coupon and its fallback
	passedOver              int64 // refused though a coupon was left: each coupon counts once
	early, late, decided    int64 // fallbacks above the threshold, coupons long after it was passed, of so many answers
	gaveUp                  int64
	stranded                int64 // most at one time, before an audit
	asked                   int64 // templates that somebody still asked for in the end
	redisCalls, bookCalls   int64
	peak                    int64 // most calls of one key in one second
}

// result sums the festival up. Call it after run.
func (f *festival) result() result {
	r := result{gaveUp: f.tally.gaveUp, stranded: f.tally.stranded, redisCalls: f.redis.calls, peak: f.redis.peak,
		bookCalls: f.toBook.Stats().Calls}
	for _, t := range f.plan.Templates {
		c := f.tally.templates[t.Reward]
		issued := c.issued(f.design.remembers)
		r.stock += c.Total
		r.demanded += c.demanded
		r.issued += issued
		r.over += max(0, issued-c.Total)
		if c.lastNo >= c.end-int64(f.plan.Interval) {
			r.asked++
			r.left += max(0, c.Total-c.kept()-issued)
		}
		r.double += c.double
		r.passedOver += c.passedOver
		r.early += c.early
		r.late += c.late
		r.decided += c.decided
		r.greetings += c.greetings
		r.fallbacks += c.fallbacks
		if fb := f.tally.templates[t.Fallback]; fb != nil {
			for id := range c.holds {
				if fb.holds[id] {
					r.twoCoupons++
				}
			}
		}
	}
	return r
}

// perCoupon returns calls a coupon, zero when none was issued.
func (r result) perCoupon(calls int64) float64 { return float64(calls) / float64(max(r.issued, 1)) }
