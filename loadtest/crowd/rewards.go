package crowd

import (
	"context"

	"hongbao/loadtest/attack"
	"hongbao/reference/wallet"
	"hongbao/scenarios"
	"hongbao/sim/oracle"
)

// listLimit is the number of rewards that an app requests at a time.
const listLimit = 20

// listRewards reads the whole list of rewards other than cash, page by page (P3). A list without an end is a failure.
func (c *Crowd) listRewards(ctx context.Context, v Visit) Result {
	limit := listLimit
	if drawsOf(c.seed, v).hit(drawBrowse, c.after.Browse) {
		limit = browseLimit
	}
	r := wallet.RewardsRequest{Caller: c.caller(v.Person, v.App), Limit: limit}
	out := Result{Outcome: attack.Failed} // unless it ends
	for range maxWalk {
		page, _, lied, err := c.rewardsPage(ctx, v, &r)
		c.answers.count("rewards", err, lied)
		if err != nil || lied {
			return resultOf(err, lied)
		}
		out.Lines += len(page.Items)
		if page.Next == (wallet.Cursor{}) {
			out.Outcome = attack.OK
			return out
		}
		r.After = page.Next
	}
	return out
}

// rewardsPage reads one page of the list until it is answered, and has it judged; seen is the page as passed to the oracle.
func (c *Crowd) rewardsPage(ctx context.Context, v Visit, r *wallet.RewardsRequest) (page, seen wallet.RewardsPage, lied bool, err error) {
	var look oracle.Listing
	c.events.record(func(o *oracle.Oracle, now wallet.Instant) {
		if r.At == 0 {
			r.At = now
		}
		look = o.RewardsSent(int64(v.Person), c.events.ids.rewardsRequest(*r), now)
	})
	err = c.retry(ctx, drawsOf(c.seed, v), func() (err error) {
		page, err = c.target().Rewards(ctx, *r)
		return err
	})
	lied = c.events.record(func(o *oracle.Oracle, now wallet.Instant) {
		seen = c.events.ids.rewards(page)
		o.RewardsAnswered(look, seen, err, now)
	})
	return page, seen, lied, err
}

// use uses the reward of a win. Without a known win there is nothing to use, which counts as refused. A reward that its
// downstream has not confirmed yet also counts as refused.
func (c *Crowd) use(ctx context.Context, v Visit) Result {
	no, ok := c.known.rewards.get(v.win())
	if !ok {
		return c.nothingToDo(Use)
	}
	d := drawsOf(c.seed, v)
	r := wallet.UseRequest{Caller: c.caller(v.Person, v.App), Order: no}
	out := c.sendRepeated(ctx, d, repeatDraws{drawUseHedge, drawUseRepeat, drawUseRepeatDelay}, func() (lied bool, err error) {
		var asked oracle.Use
		c.events.record(func(o *oracle.Oracle, now wallet.Instant) {
			asked = o.UseSent(int64(v.Person), wallet.UseRequest{Caller: r.Caller, Order: c.events.ids.order(no)}, now)
		})
		item, err := c.target().UseReward(ctx, r)
		lied = c.events.record(func(o *oracle.Oracle, now wallet.Instant) { o.UseAnswered(asked, c.events.ids.item(item), err, now) })
		c.answers.count("use", err, lied)
		return lied, err
	})
	if out.Reason == wallet.ReasonOf(wallet.ErrNotYours) { // won in the other account system, and only maxBound phones are bound
		out.Outcome = attack.Refused
	}
	return out
}

// win returns the win that a visit belongs to.
func (v Visit) win() win { return win{v.Person, v.Window, v.Time} }

// nothingToDo counts an operation for which no request was sent, because the person has no balance to withdraw or send, no
// reward to use or no packet to open. It returns the result of such an operation: refused, with ReasonNothing.
func (c *Crowd) nothingToDo(kind uint8) Result {
	c.answers.nothing[kind].Add(1)
	return Result{Outcome: attack.Refused, Reason: ReasonNothing}
}

// repeatDraws names the draws of a client that sends a request twice: concurrently, or again later, and the delay.
type repeatDraws struct{ hedge, repeat, delay uint64 }

// sendRepeated sends a request until it is answered. As some clients do, it may also send it twice.
func (c *Crowd) sendRepeated(ctx context.Context, d draws, twice repeatDraws, try func() (lied bool, err error)) Result {
	if d.hit(twice.hedge, c.client.Hedge) {
		c.unplanned.do(func() { _, _ = try() })
	}
	lied := false
	err := c.retry(ctx, d, func() error {
		lie, err := try()
		lied = lied || lie
		return err
	})
	out := resultOf(err, lied)
	if out.Outcome == attack.OK && d.hit(twice.repeat, c.client.Repeat) {
		c.unplanned.do(func() {
			if wait(ctx, d.within(twice.delay, c.client.Backoff)) == nil {
				_, _ = try()
			}
		})
	}
	return out
}

// items reports whether rewards other than cash can be won, and stock whether any of them is counted against a stock.
func items(s *scenarios.Scenario, a wallet.Activity) (any, stock bool) {
	counted := map[wallet.SceneID]bool{}
	for _, t := range a.Children[0].Rewards {
		for _, r := range t.Rewards {
			for _, sc := range r.Scenes {
				counted[sc.ID] = sc.StockControl && r.Stock > 0
			}
		}
	}
	for _, w := range s.Windows {
		for _, p := range w.Prizes {
			any = any || p.Award != wallet.Cash
			stock = stock || p.Award != wallet.Cash && counted[p.Scene]
		}
	}
	return any, stock
}
