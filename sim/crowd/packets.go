package crowd

import (
	"context"
	"time"

	"hongbao/reference/wallet"
	"hongbao/sim/cluster"
)

// TooLate is the delay after which a person tries to open a share that has expired.
const TooLate = wallet.PacketLifetime + time.Hour

// otherAppEvery: one share in this many is opened in a random app of its person.
const otherAppEvery = 3

// sendPacket sends a part of the person's balance to other people, who may open their shares (P4).
func (c *Crowd) sendPacket(ctx context.Context, p int64, app wallet.App) {
	page, ok := c.readPage(ctx, p, app, true)
	if !ok || page.Balance <= 0 {
		return
	}
	people, to := c.drawRecipients(ctx, p, min(1+c.stream.IntN(int64(c.people.After.SendShares)), int64(page.Balance)))
	if len(to) == 0 {
		return
	}
	least, most := wallet.Money(len(to)), min(page.Balance, wallet.MaxPacketShare*wallet.Money(len(to)))
	amount := least + wallet.Money(c.stream.IntN(int64(most-least)+1))
	if c.fraud.Hit(1, fraudEvery) {
		amount = min(page.Balance+1, wallet.MaxPacketShare*wallet.Money(len(to))) // more than the balance
	}
	now := c.Now()
	r := wallet.SendPacketRequest{Caller: c.caller(p, app), Request: int64(now), Amount: amount, To: to, Greeting: "恭喜发财", At: now, Tokens: c.tokens(p, app)}
	id := c.oracle.PacketSent(p, r, people, now)
	var sent wallet.Packet
	send := func() error {
		var reply wallet.Packet
		err := c.ask(func(s cluster.API) (err error) { reply, err = s.SendPacket(ctx, r); return err })
		c.oracle.PacketAnswered(id, reply, err, c.Now())
		c.meter.Answered("send packet", err)
		c.mix(opSend, r.Caller, int64(amount), err)
		if err == nil {
			sent = reply
		}
		return err
	}
	if c.hit(c.people.Client.Hedge) {
		c.later(0, func() { _ = send() })
	}
	if err := c.retry(send); err != nil || sent.State == wallet.PacketRefused || sent.State == wallet.PacketAsked {
		return
	}
	if c.hit(c.people.Client.Repeat) {
		c.later(c.within(c.people.Client.Backoff), func() { _ = send() })
	}
	c.openShares(ctx, people, to, sent.No)
}

// drawRecipients draws up to n other people, each with the account that their share is for.
func (c *Crowd) drawRecipients(ctx context.Context, p int64, n int64) (people []int64, to []wallet.Caller) {
	drawn := map[int64]bool{p: true}
	for range 4 * n { // bounded, because a small crowd has few other people
		q := c.stream.IntN(c.people.Count)
		if int64(len(to)) == n || drawn[q] {
			continue
		}
		drawn[q] = true
		persona := c.Traffic.Persona(q)
		c.registerPhone(ctx, q, persona)
		people = append(people, q)
		to = append(to, c.caller(q, persona.Apps[c.stream.IntN(int64(persona.Held))]))
	}
	return people, to
}

// openShares has a packet's recipients open their shares: some soon, some never, and sometimes one too late. Sometimes a
// person without a share tries too.
func (c *Crowd) openShares(ctx context.Context, people []int64, to []wallet.Caller, no wallet.PacketNo) {
	for n, q := range people {
		app := to[n].App
		if c.openApps.Hit(1, otherAppEvery) { // any app of the person works: all their apps share one wallet (B1)
			persona := c.Traffic.Persona(q)
			app = persona.Apps[c.openApps.IntN(int64(persona.Held))]
		}
		open := func() { c.openPacket(ctx, q, app, no) }
		switch {
		case c.hit(c.people.After.Open):
			c.later(c.within(c.people.After.OpenDelay), open)
		case c.fraud.Hit(1, fraudEvery):
			c.later(TooLate, open)
		}
	}
	if !c.fraud.Hit(1, fraudEvery) {
		return
	}
	stranger := c.fraud.IntN(c.people.Count)
	persona := c.Traffic.Persona(stranger)
	c.registerPhone(ctx, stranger, persona)
	c.later(c.within(c.people.After.OpenDelay), func() { _ = c.open(ctx, stranger, persona.Apps[0], no) })
}

// openPacket opens the person's share, and then reads the wallet page.
func (c *Crowd) openPacket(ctx context.Context, p int64, app wallet.App, no wallet.PacketNo) {
	if c.hit(c.people.Client.Hedge) {
		c.later(0, func() { _ = c.open(ctx, p, app, no) })
	}
	if err := c.retry(func() error { return c.open(ctx, p, app, no) }); err != nil {
		return
	}
	if c.hit(c.people.Client.Repeat) {
		c.later(c.within(c.people.Client.Backoff), func() { _ = c.open(ctx, p, app, no) })
	}
	if c.hit(c.people.After.Look) {
		c.schedule(toVisit, p, c.appOf(c.Traffic.Persona(p), app), c.within(c.people.After.LookDelay))
	}
}

// open sends one try.
func (c *Crowd) open(ctx context.Context, p int64, app wallet.App, no wallet.PacketNo) error {
	r := wallet.OpenPacketRequest{Caller: c.caller(p, app), Packet: no}
	asked := c.oracle.OpenSent(p, r, c.Now())
	var share wallet.Share
	err := c.ask(func(s cluster.API) (err error) { share, err = s.OpenPacket(ctx, r); return err })
	c.oracle.OpenAnswered(asked, share, err, c.Now())
	c.meter.Answered("open packet", err)
	c.mix(opOpen, r.Caller, int64(share.Amount), err)
	return err
}
