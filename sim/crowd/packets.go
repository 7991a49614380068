package crowd

import (
	"context"
	"time"

	"hongbao/reference/wallet"
)

// TooLate is how long after a packet was sent somebody tries a share whose time is over.
const TooLate = wallet.PacketLifetime + time.Hour

// elsewhereEvery: of so many shares one is opened in whichever app its person has in hand.
const elsewhereEvery = 3

// sendPacket sends a part of the person's balance to others, who may open their shares (P4).
func (c *Crowd) sendPacket(ctx context.Context, p int64, app wallet.App) {
	page, ok := c.look(ctx, p, app, true)
	if !ok || page.Balance <= 0 {
		return
	}
	people, to := c.friends(ctx, p, min(1+c.stream.IntN(int64(c.people.After.SendShares)), int64(page.Balance)))
	if len(to) == 0 {
		return
	}
	least, most := wallet.Money(len(to)), min(page.Balance, wallet.MaxPacketShare*wallet.Money(len(to)))
	amount := least + wallet.Money(c.stream.IntN(int64(most-least)+1))
	if c.cheats.Hit(1, cheatEvery) {
		amount = min(page.Balance+1, wallet.MaxPacketShare*wallet.Money(len(to))) // more than there is
	}
	now := c.Now()
	r := wallet.SendPacketRequest{Caller: c.caller(p, app), Request: int64(now), Amount: amount, To: to, Greeting: "恭喜发财", At: now, Tokens: c.tokens(p, app)}
	id := c.oracle.PacketSent(p, r, people, now)
	var sent wallet.Packet
	send := func() error {
		var reply wallet.Packet
		err := c.askPackets(func(s wallet.PacketService) (err error) { reply, err = s.SendPacket(ctx, r); return err })
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
	c.guests(ctx, people, to, sent.No)
}

// friends draws up to n other people, each with the account that their share is for.
func (c *Crowd) friends(ctx context.Context, p int64, n int64) (people []int64, to []wallet.Caller) {
	drawn := map[int64]bool{p: true}
	for range 4 * n { // a small crowd has few others
		q := c.stream.IntN(c.people.Count)
		if int64(len(to)) == n || drawn[q] {
			continue
		}
		drawn[q] = true
		persona := c.Traffic.Persona(q)
		c.greet(ctx, q, persona)
		people = append(people, q)
		to = append(to, c.caller(q, persona.Apps[c.stream.IntN(int64(persona.Held))]))
	}
	return people, to
}

// guests lets those for whom a packet is open their shares: some soon, some never, now and then one too late, and now and
// then somebody for whom it is not.
func (c *Crowd) guests(ctx context.Context, people []int64, to []wallet.Caller, no wallet.PacketNo) {
	for n, q := range people {
		app := to[n].App
		if c.friendly.Hit(1, elsewhereEvery) { // in any app that the person has: all are one wallet (B1)
			persona := c.Traffic.Persona(q)
			app = persona.Apps[c.friendly.IntN(int64(persona.Held))]
		}
		open := func() { c.openPacket(ctx, q, app, no) }
		switch {
		case c.hit(c.people.After.Open):
			c.later(c.within(c.people.After.OpenDelay), open)
		case c.cheats.Hit(1, cheatEvery):
			c.later(TooLate, open)
		}
	}
	if !c.cheats.Hit(1, cheatEvery) {
		return
	}
	stranger := c.cheats.IntN(c.people.Count)
	persona := c.Traffic.Persona(stranger)
	c.greet(ctx, stranger, persona)
	c.later(c.within(c.people.After.OpenDelay), func() { _ = c.open(ctx, stranger, persona.Apps[0], no) })
}

// openPacket opens the person's share, and looks at what it did to the wallet.
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
		c.mean(toVisit, p, c.appOf(c.Traffic.Persona(p), app), c.within(c.people.After.LookDelay))
	}
}

// open sends one try.
func (c *Crowd) open(ctx context.Context, p int64, app wallet.App, no wallet.PacketNo) error {
	r := wallet.OpenPacketRequest{Caller: c.caller(p, app), Packet: no}
	asked := c.oracle.OpenSent(p, r, c.Now())
	var share wallet.Share
	err := c.askPackets(func(s wallet.PacketService) (err error) { share, err = s.OpenPacket(ctx, r); return err })
	c.oracle.OpenAnswered(asked, share, err, c.Now())
	c.meter.Answered("open packet", err)
	c.mix(opOpen, r.Caller, int64(share.Amount), err)
	return err
}
