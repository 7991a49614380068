package crowd

import (
	"context"
	"time"

	"hongbao/internal/timerheap"
	"hongbao/reference/wallet"
)

// intent is what somebody means to do later.
type intent uint8

// The intents.
const (
	toVisit    intent = 1 + iota // look at the wallet page, and perhaps withdraw
	toComeBack                   // look again
	toBind                       // bind a phone
)

// plan is one intent, in few bytes: at the peak of a festival almost everybody has one.
type plan struct {
	person uint32
	what   intent
	app    wallet.App
}

// agenda holds plans by time, in Unix nanoseconds.
type agenda = timerheap.Heap[plan]

// mean has a person do something after a while.
func (c *Crowd) mean(what intent, p int64, app wallet.App, after time.Duration) {
	c.Pending++
	at := c.world.Now() + int64(after)
	c.Agenda.Add(at, plan{person: uint32(p), what: what, app: app})
	c.wakeAt(at)
}

// wakeAt makes sure that the agenda is looked at then, or before.
func (c *Crowd) wakeAt(at int64) {
	if c.wake == 0 || at < c.wake {
		c.wake = at
		c.world.At(at, c.carryOut)
	}
}

// carryOut begins all that is due. It may be called when nothing is: an earlier plan came in between.
func (c *Crowd) carryOut() {
	now := c.world.Now()
	if c.wake > now {
		return
	}
	for c.Agenda.Len() > 0 && c.Agenda.First().At <= now {
		p := c.Agenda.Pop().Value
		c.world.Go(now, func() {
			c.do(context.Background(), p)
			c.Pending--
		})
	}
	c.wake = 0
	if c.Agenda.Len() > 0 {
		c.wakeAt(c.Agenda.First().At)
	}
}

// do does what was meant.
func (c *Crowd) do(ctx context.Context, p plan) {
	switch p.what {
	case toVisit:
		c.visit(ctx, int64(p.person), p.app)
	case toComeBack:
		c.look(ctx, int64(p.person), p.app, false)
	case toBind:
		c.bind(ctx, int64(p.person))
	}
}
