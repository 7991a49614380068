package coupons

import (
	"hongbao/reference/stock"
	"hongbao/reference/wallet"
)

// tally counts what happened, at the stores and at the answers. It shares no code with the designs.
type tally struct {
	now       func() int64 // Unix ns
	slack     int64        // ns from the crossing of a threshold until every instance must know it
	templates map[wallet.RewardID]*count
	log       []counting // the counts that a failover may lose, oldest first
	gaveUp    int64
	orphaned  int64 // maximum number of orphaned coupons at one time
}

// count is one template.
type count struct {
	stock.Coupon       // with the true stock
	total        int64 // the stock in the design, with its reserve

	demanded    int64
	times       map[wallet.ActID]times // how often an order was counted
	granted     map[wallet.ActID]bool  // orders that received the answer that they have a coupon
	distinct    int64                  // orders that were counted
	double      int64                  // counts of an order after its first
	crossed     int64                  // Unix ns of the moment when the stock fell below the threshold; 0: not yet
	end         int64                  // Unix ns of the last demand
	lastRefusal int64                  // Unix ns of the last answer without a coupon of this template

	fallbacks, greetings int64 // granted for requests of this template
	early, late, decided int64
	wronglyRefused       int64 // maximum number of coupons left at a refusal
}

// times is the number of counts of an order, and the Unix ns of the first one.
type times struct{ n, at int64 }

// counting is one count of a coupon.
type counting struct {
	at    int64
	count *count
	order wallet.ActID
}

// counted records that a store counted a coupon for an order. sum is the value of a plain counter after it; above the total the
// order is refused. fragile reports whether the key is on the machine that may fail over.
func (t *tally) counted(reward wallet.RewardID, order wallet.ActID, sum int64, fragile bool) {
	c := t.templates[reward]
	if c == nil || sum > c.total {
		return
	}
	of := c.times[order]
	if of.n++; of.n == 1 {
		of.at = t.now()
		c.distinct++
	} else {
		c.double++
	}
	c.times[order] = of
	if c.crossed == 0 && c.BelowThreshold(c.distinct) {
		c.crossed = t.now()
	}
	if fragile {
		t.log = append(t.log, counting{t.now(), c, order})
	}
}

// lose removes the counts after a moment on the machine that failed over. Answers to orders are not changed.
func (t *tally) lose(after int64) {
	for n := len(t.log); n > 0 && t.log[n-1].at > after; n-- {
		l := t.log[n-1]
		of := l.count.times[l.order]
		if of.n--; of.n == 0 {
			l.count.distinct--
			delete(l.count.times, l.order)
		} else {
			l.count.double--
			l.count.times[l.order] = of
		}
		t.log = t.log[:n-1]
	}
}

// answered records the answer of an instance to an order that was sent at asked.
func (t *tally) answered(asked int64, template wallet.RewardID, id wallet.ActID, a stock.Answer) {
	c := t.templates[template]
	c.decided++
	switch a.Outcome {
	case stock.Granted:
		c.granted[id] = true
		if latest := c.crossed + t.slack; c.crossed != 0 && asked > latest && c.times[id].at > latest {
			c.late++ // a retry of an order that was counted in time is not late
		}
		return
	case stock.SoldOut:
		c.greetings++ // an order without a coupon gets a greeting
		c.refused()
	case stock.Fallback:
		t.templates[c.Fallback].granted[id] = true
		c.fallbacks++
	case stock.Greeting:
		c.greetings++
		if f := t.templates[c.Fallback]; f != nil {
			f.lastRefusal = t.now()
			f.refused()
		}
	}
	c.lastRefusal = t.now()
	if a.Outcome != stock.SoldOut && !c.BelowThreshold(c.distinct) {
		c.early++
	}
}

// refused records a refusal because the stock is empty. It is wrong while a coupon is left, also in an instance's lease or in an
// orphaned lease.
func (c *count) refused() { c.wronglyRefused = max(c.wronglyRefused, c.Total-c.distinct) }

// issued returns the number of orders with a coupon. If the design is idempotent by order, a counted order has its coupon even
// if its answer was lost.
func (c *count) issued(remembers bool) int64 {
	n := int64(len(c.granted))
	if !remembers {
		return n
	}
	for order := range c.times {
		if !c.granted[order] {
			n++
		}
	}
	return n
}

// belowThreshold returns the number of coupons that are not granted because of the threshold.
func (c *count) belowThreshold() int64 {
	n := c.Total * c.ThresholdNum / c.ThresholdDen
	for n > 0 && !c.BelowThreshold(c.Total-n+1) {
		n--
	}
	return n
}
