package crowd

import (
	"time"

	"hongbao/internal/splitmix"
	"hongbao/reference/wallet"
)

// The draws about packets and rewards, each a stream of its own, beyond those of drawBackoff's tries.
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

// drawFriend begins the draws of who a packet is for, and drawGuest those about each of them, friendDraws apart.
const (
	drawFriend  uint64 = 1 << 16
	drawGuest   uint64 = 1 << 20
	friendDraws uint64 = 8
)

// friendTries is how often somebody else is looked for, for each share: a small crowd has few others.
const friendTries = 4

// friend is somebody for whom a packet has a share, and the app whose account the share is for.
type friend struct {
	person uint32
	app    wallet.App
}

// friends returns whom the person of a visit sends a packet to: a pure function of scenario, seed and win.
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

// treat plans a packet, and who opens a share of it: some soon, some never (P4).
func (p *plan) treat(at time.Duration, v Visit) {
	after, d := p.scenario.People.After, drawsOf(p.seed, v)
	p.mean(Send, at, v)
	for n, f := range p.friends(v) {
		guest := drawGuest + uint64(n)*friendDraws
		if !d.hit(guest+1, after.Open) {
			continue
		}
		open := at + d.within(guest+2, after.OpenDelay)
		w := Visit{Person: f.person, From: v.Person, Window: v.Window, Time: v.Time, App: f.app}
		p.mean(Open, open, w)
		if look := open + d.within(guest+4, after.LookDelay); d.hit(guest+3, after.Look) && look < span(p.scenario) {
			w.From = 0
			p.mean(Page, look, w)
		}
	}
}

// Guests returns the visits in which shares of the packet of a win are opened, as the plan has it, delays aside: for a driver
// that follows nobody through time. Safe for concurrent use.
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

// enjoy plans what somebody does with a reward other than cash: look for it in the list, and use it (P3).
func (p *plan) enjoy(at time.Duration, v Visit) {
	after, d := p.scenario.People.After, drawsOf(p.seed, v)
	if !d.hit(drawUse, after.Use) {
		return
	}
	v.App = p.otherApp(v, drawUseApp, drawUseWhichApp)
	look := at + d.within(drawUseDelay, after.UseDelay)
	p.mean(Rewards, look, v)
	p.mean(Use, look+d.within(drawUseLook, after.LookDelay), v)
}

// otherApp returns the app in which the person of a win goes on with it: the same, or another that shows what was won there.
func (p *plan) otherApp(v Visit, goes, which uint64) wallet.App {
	d, who := drawsOf(p.seed, v), p.traffic.Persona(int64(v.Person))
	if who.Held > 1 && d.hit(goes, p.scenario.People.After.OtherApp) {
		if app := who.Apps[splitmix.Below(d.of(which), uint64(who.Held))]; who.HasPhone || app.Family() == v.App.Family() {
			return app
		}
	}
	return v.App
}
