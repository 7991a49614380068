package crowd

import (
	"context"

	"hongbao/loadtest/attack"
	"hongbao/reference/wallet"
	"hongbao/scenarios"
	"hongbao/sim/oracle"
)

// listLimit is how many rewards an app asks for at a time.
const listLimit = 20

// listRewards reads the whole list of rewards other than cash, page by page (P3). A list without an end is no answer.
func (c *Crowd) listRewards(ctx context.Context, v Visit) Result {
	limit := listLimit
	if drawsOf(c.seed, v).hit(drawBrowse, c.after.Browse) {
		limit = browseLimit
	}
	r := wallet.RewardsRequest{Caller: c.caller(v.Person, v.App), Limit: limit}
	out := Result{Outcome: attack.Failed} // unless it comes to an end
	for range maxWalk {
		page, _, lied, err := c.rewardsPage(ctx, v, &r)
		c.answers.count("rewards", err, lied)
		if err != nil || lied {
			return came(err, lied)
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

// rewardsPage reads one page of the list until it is answered, and has it judged; seen is the page as the oracle knows it.
func (c *Crowd) rewardsPage(ctx context.Context, v Visit, r *wallet.RewardsRequest) (page, seen wallet.RewardsPage, lied bool, err error) {
	var look oracle.Listing
	c.witness.tell(func(o *oracle.Oracle, now wallet.Instant) {
		if r.At == 0 {
			r.At = now
		}
		look = o.RewardsSent(int64(v.Person), c.witness.ids.rewardsRequest(*r), now)
	})
	err = c.retry(ctx, drawsOf(c.seed, v), func() (err error) {
		page, err = c.target().Rewards(ctx, *r)
		return err
	})
	lied = c.witness.tell(func(o *oracle.Oracle, now wallet.Instant) {
		seen = c.witness.ids.rewards(page)
		o.RewardsAnswered(look, seen, err, now)
	})
	return page, seen, lied, err
}

// use uses the reward of a win. Who won none that anybody was told of has nothing to use, which counts as refused; and so
// does one that its downstream has not confirmed yet.
func (c *Crowd) use(ctx context.Context, v Visit) Result {
	no, ok := c.told.reward(v.win())
	if !ok {
		return c.nothing(Use)
	}
	d := drawsOf(c.seed, v)
	r := wallet.UseRequest{Caller: c.caller(v.Person, v.App), Order: no}
	out := c.persist(ctx, d, again{drawUseHedge, drawUseRepeat, drawUseRepeatDelay}, func() (lied bool, err error) {
		var asked oracle.Use
		c.witness.tell(func(o *oracle.Oracle, now wallet.Instant) {
			asked = o.UseSent(int64(v.Person), wallet.UseRequest{Caller: r.Caller, Order: c.witness.ids.order(no)}, now)
		})
		item, err := c.target().UseReward(ctx, r)
		lied = c.witness.tell(func(o *oracle.Oracle, now wallet.Instant) { o.UseAnswered(asked, c.witness.ids.item(item), err, now) })
		c.answers.count("use", err, lied)
		return lied, err
	})
	if out.Reason == wallet.ReasonOf(wallet.ErrNotYours) { // of the other account system, where the phones of so many are not told
		out.Outcome = attack.Refused
	}
	return out
}

// win names the win that a visit comes from.
func (v Visit) win() win { return win{v.Person, v.Window, v.Time} }

// nothing is the result of an operation for which there was nothing to ask.
func (c *Crowd) nothing(kind uint8) Result {
	c.answers.nothing[kind].Add(1)
	return Result{Outcome: attack.Refused, Reason: ReasonNothing}
}

// again names the draws of a client that sends a request twice: at once, or once more later, and how much later.
type again struct{ hedge, repeat, delay uint64 }

// persist sends a request until it is answered, as clients do that now and then ask twice.
func (c *Crowd) persist(ctx context.Context, d draws, twice again, try func() (lied bool, err error)) Result {
	if d.hit(twice.hedge, c.client.Hedge) {
		c.beside.do(func() { _, _ = try() })
	}
	lied := false
	err := c.retry(ctx, d, func() error {
		lie, err := try()
		lied = lied || lie
		return err
	})
	out := came(err, lied)
	if out.Outcome == attack.OK && d.hit(twice.repeat, c.client.Repeat) {
		c.beside.do(func() {
			if wait(ctx, d.within(twice.delay, c.client.Backoff)) == nil {
				_, _ = try()
			}
		})
	}
	return out
}

// items says whether rewards other than cash can be won, and stock whether any of those is counted against a stock.
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
