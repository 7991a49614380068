package crowd

import (
	"time"

	"hongbao/internal/splitmix"
	"hongbao/loadtest/attack"
	"hongbao/reference/wallet"
	"hongbao/scenarios"
	"hongbao/scenarios/traffic"
)

// plan says what everybody does when. It is a pure function of scenario and seed.
type plan struct {
	scenario *scenarios.Scenario
	seed     uint64
	traffic  *traffic.Traffic
	start    int64 // of the first window, Unix nanoseconds
	next     traffic.Arrival
	more     bool
	agenda   agenda
	binders  traffic.PersonSet // who mean to bind a phone, or have done it
}

func newPlan(s *scenarios.Scenario, seed uint64) *plan {
	p := &plan{scenario: s, seed: seed, traffic: traffic.New(s, seed), start: s.Windows[0].Start.UnixNano(), binders: traffic.NewPersonSet(s.People.Count)}
	p.next, p.more = p.traffic.Next()
	return p
}

// Next implements attack.Plan: what comes next, in order of time. It does not wait.
func (p *plan) Next() (attack.Op[Visit], bool) {
	if p.agenda.Len() > 0 && (!p.more || p.agenda.First().At < p.next.At-p.start) {
		n := p.agenda.Pop()
		return attack.Op[Visit]{At: time.Duration(n.At), Kind: n.Value.kind, What: n.Value.visit}, true
	}
	if !p.more {
		return attack.Op[Visit]{}, false
	}
	a := p.next
	p.next, p.more = p.traffic.Next()
	at := time.Duration(a.At - p.start)
	v := VisitOf(a)
	p.follow(at, v)
	return attack.Op[Visit]{At: at, Kind: Grant, What: v}, true
}

// follow plans what the person does after the win (B5), as far as it goes as people expect.
func (p *plan) follow(at time.Duration, v Visit) {
	after, d, who := p.scenario.People.After, drawsOf(p.seed, v), p.traffic.Persona(int64(v.Person))
	won := p.prize(v)
	v.Amount, v.Prize = 0, 0
	if p.binds(v, who) && p.binders.Add(int64(v.Person)) {
		p.mean(Bind, at+d.within(drawBindDelay, after.LookDelay), v)
	}
	if won.Award != wallet.Cash {
		p.enjoy(at, v)
	}
	if !d.hit(drawLook, after.Look) {
		return
	}
	if who.Held > 1 && d.hit(drawOtherApp, after.OtherApp) {
		v.App = who.Apps[splitmix.Below(d.of(drawWhichApp), uint64(who.Held))]
	}
	look := at + d.within(drawLookDelay, after.LookDelay)
	if d.hit(drawBrowse, after.Browse) {
		p.mean(Browse, look, v)
	} else {
		p.mean(Page, look, v)
		if d.hit(drawWithdraw, after.Withdraw) {
			p.mean(Withdraw, look+d.within(drawWithdrawDelay, after.WithdrawDelay), v)
		}
		if d.hit(drawSend, after.Send) {
			p.treat(look+d.within(drawSendDelay, after.SendDelay), v)
		}
	}
	if again := at + d.within(drawComeBackDelay, after.ComeBackDelay); d.hit(drawComeBack, after.ComeBack) && again < span(p.scenario) {
		p.mean(Page, again, v)
	}
}

// mean plans that somebody does something.
func (p *plan) mean(kind uint8, at time.Duration, v Visit) {
	p.agenda.Add(int64(at), intent{kind: kind, visit: v})
}

// binds says whether the person of a win binds a phone after it.
func (p *plan) binds(v Visit, who traffic.Persona) bool {
	return who.BindsLater && p.scenario.Windows[v.Window].Stage == wallet.Official
}

// Wants says whether the plan has the person of a win go on to an operation of that kind, delays and later visits aside:
// for a driver that follows nobody through time. Safe for concurrent use.
func (p *plan) Wants(v Visit, kind uint8) bool {
	after, d := &p.scenario.People.After, drawsOf(p.seed, v)
	looks, browses := d.hit(drawLook, after.Look), d.hit(drawBrowse, after.Browse)
	switch kind {
	case Page:
		return looks && !browses
	case Browse:
		return looks && browses
	case Withdraw:
		return looks && !browses && d.hit(drawWithdraw, after.Withdraw)
	case Send:
		return looks && !browses && d.hit(drawSend, after.Send)
	case Rewards, Use:
		return p.prize(v).Award != wallet.Cash && d.hit(drawUse, after.Use)
	case Bind:
		return p.binds(v, p.traffic.Persona(int64(v.Person)))
	}
	return false
}

// span returns how long the plan is at most: the last window's end and the longest journey after it. Who would come back
// later is left out.
func span(s *scenarios.Scenario) time.Duration {
	return s.End().Sub(s.Windows[0].Start) + s.People.After.Journey() + 1
}
