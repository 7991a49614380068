package crowd

import (
	"context"
	"slices"

	"hongbao/internal/splitmix"
	"hongbao/loadtest/attack"
	"hongbao/reference/wallet"
	"hongbao/sim/oracle"
)

// send opens the withdraw page and sends a part of the balance to others (P4). Without a balance there is nothing to send.
func (c *Crowd) send(ctx context.Context, v Visit) Result {
	page, out := c.readPage(ctx, v, true)
	if out.Outcome != attack.OK {
		return out
	}
	friends := c.friends(v)
	friends = friends[:max(0, min(int64(len(friends)), int64(page.Balance)))] // at least one fen each
	if len(friends) == 0 {
		return c.nothingToDo(Send)
	}
	d := drawsOf(c.seed, v)
	r := wallet.SendPacketRequest{Caller: c.caller(v.Person, v.App), Request: c.number.Add(1), Greeting: "恭喜发财", Tokens: c.tokens.tokens(v.Person, v.App.Family())}
	var people []int64
	for _, f := range friends {
		people = append(people, int64(f.person))
		r.To = append(r.To, c.caller(f.person, f.app))
	}
	least, most := wallet.Money(len(friends)), min(page.Balance, wallet.MaxPacketShare*wallet.Money(len(friends)))
	r.Amount = least + wallet.Money(splitmix.Below(d.of(drawSendAmount), uint64(most-least)+1))
	var id oracle.PacketID
	c.events.record(func(o *oracle.Oracle, now wallet.Instant) {
		r.At = now
		id = o.PacketSent(int64(v.Person), r, people, now)
	})
	out = c.sendRepeated(ctx, d, repeatDraws{drawSendHedge, drawSendRepeat, drawSendRepeatDelay}, func() (lied bool, err error) {
		reply, err := c.target().SendPacket(ctx, r)
		lied = c.events.record(func(o *oracle.Oracle, now wallet.Instant) { o.PacketAnswered(id, reply, err, now) })
		switch {
		case err != nil:
		case reply.State == wallet.PacketRefused:
			err = wallet.ErrInsufficient
		case reply.State == wallet.PacketAsked:
			err = wallet.ErrUnknown // on record, but not sent yet
		case !lied:
			c.known.packets.keep(v.win(), packet{reply.No, len(friends)})
		}
		c.answers.count("send", err, lied)
		return lied, err
	})
	if out.Outcome == attack.OK {
		out.Amount = r.Amount
	}
	return out
}

// open opens the person's share of a packet. There is nothing to open if the packet is not known to be sent, or if the sender
// had less than one fen for each recipient.
func (c *Crowd) open(ctx context.Context, v Visit) Result {
	sent, ok := c.known.packets.get(win{v.From, v.Window, v.Time})
	if !ok || !slices.Contains(c.friends(Visit{Person: v.From, Window: v.Window, Time: v.Time})[:sent.shares], friend{v.Person, v.App}) {
		return c.nothingToDo(Open)
	}
	r := wallet.OpenPacketRequest{Caller: c.caller(v.Person, v.App), Packet: sent.no}
	return c.sendRepeated(ctx, drawsOf(c.seed, v), repeatDraws{drawOpenHedge, drawOpenRepeat, drawOpenRepeatDelay}, func() (lied bool, err error) {
		var asked oracle.Opening
		c.events.record(func(o *oracle.Oracle, now wallet.Instant) { asked = o.OpenSent(int64(v.Person), r, now) })
		share, err := c.target().OpenPacket(ctx, r)
		lied = c.events.record(func(o *oracle.Oracle, now wallet.Instant) { o.OpenAnswered(asked, share, err, now) })
		c.answers.count("open", err, lied)
		return lied, err
	})
}
