package coupons

import (
	"hongbao/reference/stock"
	"hongbao/reference/wallet"
)

// tally is what really happened, counted at the stores and at the answers. It shares nothing with what it counts.
type tally struct {
	now       func() int64 // Unix ns
	slack     int64        // ns after a threshold is passed until every upstream must have seen it
	templates map[wallet.RewardID]*count
	log       []counting // what a failover may take back, oldest first
	gaveUp    int64
	stranded  int64 // most coupons that were stranded at one time
}

// count is one template.
type count struct {
	stock.Coupon       // with the true stock
	total        int64 // what the design compares with

	demanded int64
	times    map[wallet.ActID]times // how often an order was counted
	holds    map[wallet.ActID]bool  // orders that were told they have one
	distinct int64                  // orders that were counted
	double   int64                  // countings beyond an order's first
	crossed  int64                  // Unix ns of when less than the threshold was left; 0: not yet
	end      int64                  // Unix ns of the last demand
	lastNo   int64                  // Unix ns of the last answer that none is to be had

	fallbacks, greetings int64 // given to those who asked for this one
	early, late, decided int64
	passedOver           int64 // most coupons left when somebody was told that there are none
}

// times is how often an order was counted, and the Unix ns of the first time.
type times struct{ n, at int64 }

// counting is one coupon that was counted.
type counting struct {
	at    int64
	count *count
	order wallet.ActID
}

// counted notes that a store counted a coupon for an order. sum is where a plain counter stands after it: beyond the total
// it is a refusal. fragile says whether the key is of the machine that may fail over.
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

// lose takes back what was counted after a moment on the machine that failed over. What an order was told stays told.
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

// answered notes what an instance answered to an order that asked at a moment.
func (t *tally) answered(asked int64, template wallet.RewardID, id wallet.ActID, a stock.Answer) {
	c := t.templates[template]
	c.decided++
	switch a.Outcome {
	case stock.Granted:
		c.holds[id] = true
		if latest := c.crossed + t.slack; c.crossed != 0 && asked > latest && c.times[id].at > latest {
			c.late++ // and no repeat of an order that was counted in time
		}
		return
	case stock.SoldOut:
		c.greetings++ // whoever gets no coupon gets a greeting
		c.refused()
	case stock.Fallback:
		t.templates[c.Fallback].holds[id] = true
		c.fallbacks++
	case stock.Greeting:
		c.greetings++
		if f := t.templates[c.Fallback]; f != nil {
			f.lastNo = t.now()
			f.refused()
		}
	}
	c.lastNo = t.now()
	if a.Outcome != stock.SoldOut && !c.BelowThreshold(c.distinct) {
		c.early++
	}
}

// refused notes a refusal for want of a coupon. It passes somebody over while there is one, in a pocket or stranded.
func (c *count) refused() { c.passedOver = max(c.passedOver, c.Total-c.distinct) }

// issued returns how many orders have a coupon. Where the design remembers orders, one that it counted has its coupon
// even if it was never told.
func (c *count) issued(remembers bool) int64 {
	n := int64(len(c.holds))
	if !remembers {
		return n
	}
	for order := range c.times {
		if !c.holds[order] {
			n++
		}
	}
	return n
}

// kept returns how many coupons the threshold keeps back: with so many left, the coupon is still granted.
func (c *count) kept() int64 {
	kept := c.Total * c.ThresholdNum / c.ThresholdDen
	for kept > 0 && !c.BelowThreshold(c.Total-kept+1) {
		kept--
	}
	return kept
}
