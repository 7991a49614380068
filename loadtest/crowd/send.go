package crowd

import (
	"context"
	"time"

	"hongbao/loadtest/attack"
	"hongbao/reference/wallet"
	"hongbao/scenarios/traffic"
	"hongbao/sim/oracle"
)

// Send implements attack.Sender: one person does one operation completely, including repeats. If an answer violates a check
// of the oracle, the operation is Failed, whatever the answer reports.
func (c *Crowd) Send(ctx context.Context, op attack.Op[Visit]) attack.Outcome {
	return c.Do(ctx, op.Kind, op.What).Outcome
}

// Do is Send for a driver with a separate schedule: it returns a detailed result.
func (c *Crowd) Do(ctx context.Context, kind uint8, v Visit) Result {
	switch kind {
	case Grant:
		return c.grant(ctx, v)
	case Page:
		_, r := c.readPage(ctx, v, false)
		return r
	case Browse:
		return c.browse(ctx, v)
	case Withdraw:
		return c.withdrawAll(ctx, v)
	case Bind:
		return c.bind(ctx, v)
	case Rewards:
		return c.listRewards(ctx, v)
	case Use:
		return c.use(ctx, v)
	case Send:
		return c.send(ctx, v)
	case Open:
		return c.open(ctx, v)
	default:
		return Result{Outcome: attack.Failed} // an unknown kind
	}
}

// retry makes a request and repeats it as a client does: after a wait, while the answer is retryable.
func (c *Crowd) retry(ctx context.Context, d draws, request func() error) error {
	return traffic.Retry(c.client, func(repeat, doublings int) error {
		return wait(ctx, d.within(drawBackoff+uint64(repeat), c.client.Backoff)<<doublings)
	}, request)
}

// wait waits for d, or returns the context's error.
func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// grant requests a win until it is answered.
func (c *Crowd) grant(ctx context.Context, v Visit) Result {
	d, r := drawsOf(c.seed, v), c.request(v)
	var requested requestedWin
	c.events.record(func(o *oracle.Oracle, now wallet.Instant) {
		r.Opened = now
		requested = recordRequest(o, v.Person, r, now)
	})
	if d.hit(drawHedge, c.client.Hedge) {
		c.unplanned.do(func() { _, _, _ = c.tryGrant(ctx, requested, r, v, "hedge") })
	}
	var reply wallet.GrantReply
	lied := false
	err := c.retry(ctx, d, func() (err error) {
		var lie bool
		reply, lie, err = c.tryGrant(ctx, requested, r, v, "grant")
		lied = lied || lie
		return err
	})
	out := resultOf(err, lied)
	if out.Outcome != attack.OK {
		return out
	}
	if d.hit(drawRepeat, c.client.Repeat) {
		c.unplanned.do(func() {
			if wait(ctx, d.within(drawRepeatDelay, c.client.Backoff)) == nil {
				_, _, _ = c.tryGrant(ctx, requested, r, v, "double tap")
			}
		})
	}
	out.Amount, out.Order = reply.Amount, reply.Order
	return out
}

// requestedWin identifies a requested win of cash or of another reward.
type requestedWin struct {
	grant  oracle.GrantID
	reward oracle.RewardID // of a reward other than cash
}

// recordRequest records in the oracle that a win is requested.
func recordRequest(o *oracle.Oracle, person uint32, r wallet.GrantRequest, now wallet.Instant) requestedWin {
	if r.Award == wallet.Cash {
		return requestedWin{grant: o.GrantSent(int64(person), r, now)}
	}
	return requestedWin{reward: o.RewardSent(int64(person), r, now)}
}

// keep stores a grant's token in the person's client, if the client keeps tokens or must keep this one, and the order number of
// a reward that can be used.
func (c *Crowd) keep(v Visit, reply wallet.GrantReply) {
	if reply.Item != nil && reply.Item.State != wallet.ItemVoid {
		c.known.rewards.keep(v.win(), reply.Order)
	}
	if len(reply.Token) > 0 && (reply.State == wallet.GrantTokenOnly || c.traffic.Persona(int64(v.Person)).KeepsTokens) {
		c.tokens.keep(v.Person, tokenCopy{reply.Order, v.App.Family(), reply.Token})
	}
}

// tryGrant sends a grant request once and records the answer in the oracle. The token is stored before the oracle is notified:
// from then on a page request of the same person must carry it.
func (c *Crowd) tryGrant(ctx context.Context, requested requestedWin, r wallet.GrantRequest, v Visit, operation string) (reply wallet.GrantReply, lied bool, err error) {
	reply, err = c.target().Grant(ctx, r)
	if err != nil {
		reply = wallet.GrantReply{}
	} else {
		c.keep(v, reply)
	}
	lied = c.events.record(func(o *oracle.Oracle, now wallet.Instant) {
		if seen := c.events.ids.reply(reply); r.Award == wallet.Cash {
			o.GrantAnswered(requested.grant, r, seen, err, now)
		} else {
			o.RewardAnswered(requested.reward, seen, err, now)
		}
	})
	c.answers.count(operation, err, lied)
	return reply, lied, err
}

// bind binds the person's phone in both account systems.
func (c *Crowd) bind(ctx context.Context, v Visit) (worst Result) {
	for _, app := range []wallet.App{wallet.Douyin, wallet.Toutiao} {
		caller := c.caller(v.Person, app)
		c.events.record(func(o *oracle.Oracle, now wallet.Instant) { o.BindSent(int64(v.Person), caller, now) })
		var who wallet.Person
		err := c.retry(ctx, drawsOf(c.seed, v), func() (err error) {
			who, err = c.target().Bind(ctx, caller, c.phone(v.Person))
			return err
		})
		lied := c.events.record(func(o *oracle.Oracle, now wallet.Instant) {
			o.BindAnswered(int64(v.Person), caller, c.events.ids.person(who), err, now)
		})
		c.answers.count("bind", err, lied)
		if r := resultOf(err, lied); r.Outcome > worst.Outcome { // in the order OK, Refused, Failed
			worst = r
		}
	}
	return worst
}
