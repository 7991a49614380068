package crowd

import (
	"time"

	"hongbao/internal/splitmix"
	"hongbao/reference/wallet"
)

// The draws for packets and rewards, each a separate stream, above those of drawBackoff's tries.
const (
	drawUse uint64 = 1<<8 + iota
	drawUseDelay
	drawUseApp
	drawUseWhichApp
	drawUseLook
	drawUseHedge
	drawUseRepeat
	drawUseRepeatDelay
	drawSend
	drawSendDelay
	drawSendShares
	drawSendAmount
	drawSendHedge
	drawSendRepeat
	drawSendRepeatDelay
	drawOpenHedge
	drawOpenRepeat
	drawOpenRepeatDelay
)

// drawFriend is the first draw for choosing the recipients, drawGuest the first draw for each recipient; they are
// friendDraws apart.
const (
	drawFriend  uint64 = 1 << 16
	drawGuest   uint64 = 1 << 20
	friendDraws uint64 = 8
)

// friendTries bounds the draws of another person per share: a small crowd has few others.
const friendTries = 4

// friend is a recipient of a packet's share, and the app of the account.
type friend struct {
	person uint32
	app    wallet.App
}

// friends returns the recipients of a packet that the visit's person sends: a pure function of scenario, seed and win.
func (p *plan) friends(v Visit) []friend {
	d := drawsOf(p.seed, v)
	want := 1 + int(splitmix.Below(d.of(drawSendShares), uint64(max(1, p.scenario.People.After.SendShares))))
	want = min(want, wallet.MaxShares)
	var out []friend
	for try := range friendTries * want {
		if len(out) == want {
			break
		}
		q := uint32(splitmix.Below(d.of(drawFriend+uint64(try)), uint64(p.scenario.People.Count)))
		taken := q == v.Person
		for _, f := range out {
			taken = taken || f.person == q
		}
		if taken {
			continue
		}
		who := p.traffic.Persona(int64(q))
		out = append(out, friend{q, who.Apps[splitmix.Below(d.of(drawGuest+uint64(len(out))*friendDraws), uint64(who.Held))]})
	}
	return out
}

// planPacket plans a packet and the openings of its shares: some soon, some never (P4).
func (p *plan) planPacket(at time.Duration, v Visit) {
	after, d := p.scenario.People.After, drawsOf(p.seed, v)
	p.schedule(Send, at, v)
	for n, f := range p.friends(v) {
		guest := drawGuest + uint64(n)*friendDraws
		if !d.hit(guest+1, after.Open) {
			continue
		}
		open := at + d.within(guest+2, after.OpenDelay)
		w := Visit{Person: f.person, From: v.Person, Window: v.Window, Time: v.Time, App: f.app}
		p.schedule(Open, open, w)
		if look := open + d.within(guest+4, after.LookDelay); d.hit(guest+3, after.Look) && look < span(p.scenario) {
			w.From = 0
			p.schedule(Page, look, w)
		}
	}
}

// Recipients returns the planned visits in which shares of the packet of a win are opened, without delays: for a driver that
// does not schedule follow-up visits. Safe for concurrent use.
func (p *plan) Guests(v Visit) []Visit {
	d := drawsOf(p.seed, v)
	var out []Visit
	for n, f := range p.friends(v) {
		if d.hit(drawGuest+uint64(n)*friendDraws+1, p.scenario.People.After.Open) {
			out = append(out, Visit{Person: f.person, From: v.Person, Window: v.Window, Time: v.Time, App: f.app})
		}
	}
	return out
}

// planReward plans what a person does with a reward other than cash: read the list and use the reward (P3).
func (p *plan) planReward(at time.Duration, v Visit) {
	after, d := p.scenario.People.After, drawsOf(p.seed, v)
	if !d.hit(drawUse, after.Use) {
		return
	}
	v.App = p.otherApp(v, drawUseApp, drawUseWhichApp)
	look := at + d.within(drawUseDelay, after.UseDelay)
	p.schedule(Rewards, look, v)
	p.schedule(Use, look+d.within(drawUseLook, after.LookDelay), v)
}

// otherApp returns the app in which a person continues after a win: the same, or another that shows the win.
func (p *plan) otherApp(v Visit, goes, which uint64) wallet.App {
	d, who := drawsOf(p.seed, v), p.traffic.Persona(int64(v.Person))
	if who.Held > 1 && d.hit(goes, p.scenario.People.After.OtherApp) {
		if app := who.Apps[splitmix.Below(d.of(which), uint64(who.Held))]; who.HasPhone || app.Family() == v.App.Family() {
			return app
		}
	}
	return v.App
}
