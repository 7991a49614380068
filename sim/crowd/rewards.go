package crowd

import (
	"context"
	"errors"

	"hongbao/reference/wallet"
	"hongbao/scenarios/traffic"
	"hongbao/sim/cluster"
	"hongbao/sim/oracle"
)

// listLimit is the number of rewards that an app requests in one page.
const listLimit = 20

// useTries bounds the tries to use a reward that its downstream has not confirmed yet.
const useTries = 4

// wonReward is a reward and its winner.
type wonReward struct {
	person int64
	order  wallet.OrderNo
}

// winReward requests a reward other than cash, and then does what people do with it (P3).
func (c *Crowd) winReward(a traffic.Arrival) {
	ctx := context.Background()
	persona := c.Traffic.Persona(a.Person)
	c.registerPhone(ctx, a.Person, persona)
	r := c.request(a, 0)
	id := c.oracle.RewardSent(a.Person, r, r.Opened)
	c.meter.Sent(a.Window)
	if c.hit(c.people.Client.Hedge) {
		c.later(0, func() { _, _ = c.reward(ctx, id, r) })
	}
	var reply wallet.GrantReply
	err := c.retry(func() (err error) { reply, err = c.reward(ctx, id, r); return err })
	c.meter.Granted(a.Window, err)
	if err != nil {
		return
	}
	if c.hit(c.people.Client.Repeat) {
		c.later(c.within(c.people.Client.Backoff), func() { _, _ = c.reward(ctx, id, r) })
	}
	c.tryCashForCoupon(ctx, r)
	if reply.Item != nil && reply.Item.State != wallet.ItemVoid {
		c.tryForeignReward(ctx, a.Person, r.Caller, reply.Order)
		if c.hit(c.people.After.Use) {
			app := c.appOf(persona, a.App)
			c.later(c.within(c.people.After.UseDelay), func() { c.useWhenReady(ctx, a.Person, app, reply.Order) })
		}
	}
	c.after(a, persona)
}

// reward sends one try.
func (c *Crowd) reward(ctx context.Context, id oracle.RewardID, r wallet.GrantRequest) (wallet.GrantReply, error) {
	reply, err := c.sendGrant(ctx, r)
	c.oracle.RewardAnswered(id, reply, err, c.Now())
	c.meter.Answered("grant reward", err)
	c.mix(opReward, r.Caller, int64(r.Award), err)
	return reply, err
}

// appOf returns the app of the person's next action: the one of the win, or another one that they have.
func (c *Crowd) appOf(persona traffic.Persona, app wallet.App) wallet.App {
	if persona.Held > 1 && c.hit(c.people.After.OtherApp) {
		return persona.Apps[c.stream.IntN(int64(persona.Held))]
	}
	return app
}

// useWhenReady reads the list of rewards and uses the reward. It tries again while the reward is not confirmed. Some
// requests are sent twice.
func (c *Crowd) useWhenReady(ctx context.Context, p int64, app wallet.App, no wallet.OrderNo) {
	for try := range useTries {
		if try > 0 {
			c.world.Sleep(c.within(c.people.After.UseDelay))
		}
		c.listRewards(ctx, p, app)
		if c.hit(c.people.Client.Hedge) {
			c.later(0, func() { _ = c.use(ctx, p, app, no) })
		}
		err := c.retry(func() error { return c.use(ctx, p, app, no) })
		if err == nil && c.hit(c.people.Client.Repeat) {
			c.later(c.within(c.people.Client.Backoff), func() { _ = c.use(ctx, p, app, no) })
		}
		if !errors.Is(err, wallet.ErrNotUsable) {
			return
		}
	}
}

// use sends one try.
func (c *Crowd) use(ctx context.Context, p int64, app wallet.App, no wallet.OrderNo) error {
	r := wallet.UseRequest{Caller: c.caller(p, app), Order: no}
	asked := c.oracle.UseSent(p, r, c.Now())
	var item wallet.Item
	err := c.ask(func(s cluster.API) (err error) { item, err = s.UseReward(ctx, r); return err })
	c.oracle.UseAnswered(asked, item, err, c.Now())
	c.meter.Answered("use reward", err)
	c.mix(opUse, r.Caller, int64(no.Award), err)
	return err
}

// listRewards reads the whole list of rewards, page by page.
func (c *Crowd) listRewards(ctx context.Context, p int64, app wallet.App) {
	limit := listLimit
	if c.hit(c.people.After.Browse) {
		limit = browseLimit
	}
	r := wallet.RewardsRequest{Caller: c.caller(p, app), At: c.Now(), Limit: limit}
	for range maxWalk {
		id := c.oracle.RewardsSent(p, r, c.Now())
		var page wallet.RewardsPage
		err := c.retry(func() error {
			err := c.ask(func(s cluster.API) (err error) { page, err = s.Rewards(ctx, r); return err })
			c.meter.Answered("rewards", err)
			c.mix(opRewards, r.Caller, int64(len(page.Items)), err)
			return err
		})
		c.oracle.RewardsAnswered(id, page, err, c.Now())
		if err != nil || page.Next == (wallet.Cursor{}) {
			return
		}
		r.After = page.Next
	}
}

// tryCashForCoupon sometimes requests cash in a coupon's scene, which must be refused.
func (c *Crowd) tryCashForCoupon(ctx context.Context, r wallet.GrantRequest) {
	if !c.fraud.Hit(1, fraudEvery) {
		return
	}
	r.Award, r.Amount = wallet.Cash, 1
	c.later(0, func() {
		err := c.ask(func(s cluster.API) error { _, err := s.Grant(ctx, r); return err })
		c.oracle.Refused(r, err, c.Now())
		c.meter.Answered("cheat", err)
	})
}

// tryForeignReward sometimes uses the last reward that another person won.
func (c *Crowd) tryForeignReward(ctx context.Context, p int64, who wallet.Caller, won wallet.OrderNo) {
	foreign := c.lastReward
	c.lastReward = wonReward{p, won}
	if foreign.order == (wallet.OrderNo{}) || foreign.person == p || !c.fraud.Hit(1, fraudEvery) {
		return
	}
	c.later(c.within(c.people.After.UseDelay), func() {
		_ = c.use(ctx, p, who.App, foreign.order)
	})
}
