package coupons

// result is the outcome of one design over all templates.
type result struct {
	stock, demanded, issued int64
	over                    int64 // issued beyond the stock
	left                    int64 // not issued despite demand, without the coupons below a threshold
	fallbacks               int64 // coupons granted in place of others
	greetings               int64
	double                  int64 // counts of an order after its first
	twoCoupons              int64 // people with a coupon and its fallback
	wronglyRefused          int64 // refused while a coupon was left; each coupon counts once
	early, late, decided    int64 // fallbacks above the threshold, coupons granted too late below it, number of answers
	gaveUp                  int64
	orphaned                int64 // maximum number of orphaned coupons at one time
	asked                   int64 // templates with demand until the end
	redisCalls, leaseCalls  int64
	peak                    int64 // maximum calls of one key in one second
}

// result returns the sums of the run. Call it after run.
func (f *festival) result() result {
	r := result{gaveUp: f.tally.gaveUp, orphaned: f.tally.orphaned, redisCalls: f.redis.calls, peak: f.redis.peak,
		leaseCalls: f.toLeases.Stats().Calls}
	for _, t := range f.plan.Templates {
		c := f.tally.templates[t.Reward]
		issued := c.issued(f.design.remembers)
		r.stock += c.Total
		r.demanded += c.demanded
		r.issued += issued
		r.over += max(0, issued-c.Total)
		if c.lastRefusal >= c.end-int64(f.plan.Interval) {
			r.asked++
			r.left += max(0, c.Total-c.belowThreshold()-issued)
		}
		r.double += c.double
		r.wronglyRefused += c.wronglyRefused
		r.early += c.early
		r.late += c.late
		r.decided += c.decided
		r.greetings += c.greetings
		r.fallbacks += c.fallbacks
		if fb := f.tally.templates[t.Fallback]; fb != nil {
			for id := range c.granted {
				if fb.granted[id] {
					r.twoCoupons++
				}
			}
		}
	}
	return r
}

// perCoupon returns calls ÷ issued coupons.
func (r result) perCoupon(calls int64) float64 { return float64(calls) / float64(max(r.issued, 1)) }
