package crowd

import (
	"context"
	"time"

	"hongbao/internal/timerheap"
	"hongbao/reference/wallet"
)

// action is something that a person does later.
type action uint8

// The actions.
const (
	toVisit    action = 1 + iota // read the wallet page, and perhaps withdraw or send a packet
	toComeBack                   // read the wallet page again
	toBind                       // bind a phone
)

// plan is one scheduled action. It is small, because at the peak of a festival almost everybody has one.
type plan struct {
	person uint32
	what   action
	app    wallet.App
}

// agenda orders plans by time, in Unix nanoseconds.
type agenda = timerheap.Heap[plan]

// schedule plans an action of a person after a delay.
func (c *Crowd) schedule(what action, p int64, app wallet.App, after time.Duration) {
	c.Pending++
	at := c.world.Now() + int64(after)
	c.Agenda.Add(at, plan{person: uint32(p), what: what, app: app})
	c.wakeAt(at)
}

// wakeAt ensures that runDue is called at that time or before.
func (c *Crowd) wakeAt(at int64) {
	if c.wake == 0 || at < c.wake {
		c.wake = at
		c.world.At(at, c.runDue)
	}
}

// runDue starts all plans that are due. It may be called when none is: an earlier plan was added meanwhile.
func (c *Crowd) runDue() {
	now := c.world.Now()
	if c.wake > now {
		return
	}
	for c.Agenda.Len() > 0 && c.Agenda.First().At <= now {
		p := c.Agenda.Pop().Value
		c.world.Go(now, func() {
			c.perform(context.Background(), p)
			c.Pending--
		})
	}
	c.wake = 0
	if c.Agenda.Len() > 0 {
		c.wakeAt(c.Agenda.First().At)
	}
}

// perform performs a planned action.
func (c *Crowd) perform(ctx context.Context, p plan) {
	switch p.what {
	case toVisit:
		c.visit(ctx, int64(p.person), p.app)
	case toComeBack:
		c.readPage(ctx, int64(p.person), p.app, false)
	case toBind:
		c.bind(ctx, int64(p.person))
	}
}
