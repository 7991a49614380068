package crowd

import (
	"context"
	"time"
	"unsafe"

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

// plan is one intent and its moment, in few bytes: at the peak of a festival almost everybody has one.
type plan struct {
	at     int64  // Unix nanoseconds
	seq    uint32 // of plans for one moment, the first made comes first; it wraps around in no run
	person uint32
	what   intent
	app    wallet.App
}

// before says whether p comes before q.
func (p plan) before(q plan) bool { return p.at < q.at || p.at == q.at && p.seq < q.seq }

// agenda holds plans, the next one first: a heap in which each has four below it.
type agenda struct {
	plans []plan
	seq   uint32
}

// add takes a plan in.
func (a *agenda) add(p plan) {
	a.seq++
	p.seq = a.seq
	i := len(a.plans)
	a.plans = append(a.plans, p)
	for i > 0 && p.before(a.plans[(i-1)/4]) {
		a.plans[i] = a.plans[(i-1)/4]
		i = (i - 1) / 4
	}
	a.plans[i] = p
}

// take removes the next plan, which must be there, and returns it.
func (a *agenda) take() plan {
	next, last := a.plans[0], a.plans[len(a.plans)-1]
	a.plans = a.plans[:len(a.plans)-1]
	n := len(a.plans)
	if n == 0 {
		return next
	}
	i := 0
	for {
		least, below := i, last
		for c := 4*i + 1; c <= 4*i+4 && c < n; c++ {
			if a.plans[c].before(below) {
				least, below = c, a.plans[c]
			}
		}
		a.plans[i] = below
		if least == i {
			return next
		}
		i = least
	}
}

// Bytes is the memory held.
func (a *agenda) Bytes() int64 { return int64(cap(a.plans)) * int64(unsafe.Sizeof(plan{})) }

// mean has a person do something after a while.
func (c *Crowd) mean(what intent, p int64, app wallet.App, after time.Duration) {
	c.Pending++
	at := c.world.Now() + int64(after)
	c.Agenda.add(plan{at: at, person: uint32(p), what: what, app: app})
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
	for len(c.Agenda.plans) > 0 && c.Agenda.plans[0].at <= now {
		p := c.Agenda.take()
		c.world.Go(now, func() {
			c.do(context.Background(), p)
			c.Pending--
		})
	}
	c.wake = 0
	if len(c.Agenda.plans) > 0 {
		c.wakeAt(c.Agenda.plans[0].at)
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
