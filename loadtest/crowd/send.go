package crowd

import (
	"context"
	"time"

	"hongbao/loadtest/attack"
	"hongbao/reference/wallet"
	"hongbao/scenarios/traffic"
	"hongbao/sim/oracle"
)

// Send implements attack.Sender: one person does one thing to its end, repeats included. What the oracle holds against
// an answer makes it Failed, whatever it says of itself.
func (c *Crowd) Send(ctx context.Context, op attack.Op[Visit]) attack.Outcome {
	return c.Do(ctx, op.Kind, op.What).Outcome
}

// Do is Send for a driver with a schedule of its own: it says more of how the operation ended.
func (c *Crowd) Do(ctx context.Context, kind uint8, v Visit) Result {
	switch kind {
	case Grant:
		return c.grant(ctx, v)
	case Page:
		_, r := c.look(ctx, v, false)
		return r
	case Browse:
		return c.browse(ctx, v)
	case Withdraw:
		return c.cashIn(ctx, v)
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
		return Result{Outcome: attack.Failed} // nothing that was planned
	}
}

// retry makes a request as a client does: again, after a wait, while the answer is retryable.
func (c *Crowd) retry(ctx context.Context, d draws, request func() error) error {
	return traffic.Retry(c.client, func(repeat, doublings int) error {
		return wait(ctx, d.within(drawBackoff+uint64(repeat), c.client.Backoff)<<doublings)
	}, request)
}

// wait waits, or returns the context's error.
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

// grant asks for a win until it is told how that went.
func (c *Crowd) grant(ctx context.Context, v Visit) Result {
	d, r := drawsOf(c.seed, v), c.request(v)
	var asked asked
	c.witness.tell(func(o *oracle.Oracle, now wallet.Instant) {
		r.Opened = now
		asked = sent(o, v.Person, r, now)
	})
	if d.hit(drawHedge, c.client.Hedge) {
		c.beside.do(func() { _, _, _ = c.tryGrant(ctx, asked, r, v, "hedge") })
	}
	var reply wallet.GrantReply
	lied := false
	err := c.retry(ctx, d, func() (err error) {
		var lie bool
		reply, lie, err = c.tryGrant(ctx, asked, r, v, "grant")
		lied = lied || lie
		return err
	})
	out := came(err, lied)
	if out.Outcome != attack.OK {
		return out
	}
	if d.hit(drawRepeat, c.client.Repeat) {
		c.beside.do(func() {
			if wait(ctx, d.within(drawRepeatDelay, c.client.Backoff)) == nil {
				_, _, _ = c.tryGrant(ctx, asked, r, v, "double tap")
			}
		})
	}
	out.Amount, out.Order = reply.Amount, reply.Order
	return out
}

// asked is a win that is asked for, of money or of something else.
type asked struct {
	grant  oracle.GrantID
	reward oracle.RewardID // of any but cash
}

// sent tells the oracle that a win is asked for.
func sent(o *oracle.Oracle, person uint32, r wallet.GrantRequest, now wallet.Instant) asked {
	if r.Award == wallet.Cash {
		return asked{grant: o.GrantSent(int64(person), r, now)}
	}
	return asked{reward: o.RewardSent(int64(person), r, now)}
}

// keep puts a grant's token into the hands of the person's client, if it keeps any or must keep this one, and has the person
// remember a reward that can be used.
func (c *Crowd) keep(v Visit, reply wallet.GrantReply) {
	if reply.Item != nil && reply.Item.State != wallet.ItemVoid {
		c.told.won(v.win(), reply.Order)
	}
	if len(reply.Token) > 0 && (reply.State == wallet.GrantTokenOnly || c.traffic.Persona(int64(v.Person)).KeepsTokens) {
		c.purses.keep(v.Person, promise{reply.Order, v.App.Family(), reply.Token})
	}
}

// tryGrant sends a request for a grant once and tells the oracle what came of it. Whichever try is answered first has its
// token kept before the oracle knows of it: from then on a look of the same person must bring it.
func (c *Crowd) tryGrant(ctx context.Context, asked asked, r wallet.GrantRequest, v Visit, operation string) (reply wallet.GrantReply, lied bool, err error) {
	reply, err = c.target().Grant(ctx, r)
	if err != nil {
		reply = wallet.GrantReply{}
	} else {
		c.keep(v, reply)
	}
	lied = c.witness.tell(func(o *oracle.Oracle, now wallet.Instant) {
		if seen := c.witness.ids.reply(reply); r.Award == wallet.Cash {
			o.GrantAnswered(asked.grant, r, seen, err, now)
		} else {
			o.RewardAnswered(asked.reward, seen, err, now)
		}
	})
	c.answers.count(operation, err, lied)
	return reply, lied, err
}

// bind binds the person's phone in both account systems.
func (c *Crowd) bind(ctx context.Context, v Visit) (worst Result) {
	for _, app := range []wallet.App{wallet.Douyin, wallet.Toutiao} {
		caller := c.caller(v.Person, app)
		c.witness.tell(func(o *oracle.Oracle, now wallet.Instant) { o.BindSent(int64(v.Person), caller, now) })
		var who wallet.Person
		err := c.retry(ctx, drawsOf(c.seed, v), func() (err error) {
			who, err = c.target().Bind(ctx, caller, c.phone(v.Person))
			return err
		})
		lied := c.witness.tell(func(o *oracle.Oracle, now wallet.Instant) {
			o.BindAnswered(int64(v.Person), caller, c.witness.ids.person(who), err, now)
		})
		c.answers.count("bind", err, lied)
		if r := came(err, lied); r.Outcome > worst.Outcome { // in the order OK, Refused, Failed
			worst = r
		}
	}
	return worst
}
