package crowd

import (
	"time"

	"hongbao/internal/splitmix"
	"hongbao/loadtest/attack"
	"hongbao/reference/wallet"
	"hongbao/scenarios"
	"hongbao/scenarios/traffic"
)

// plan determines what everybody does when. It is a pure function of scenario and seed.
type plan struct {
	scenario *scenarios.Scenario
	seed     uint64
	traffic  *traffic.Traffic
	start    int64 // of the first window, Unix nanoseconds
	next     traffic.Arrival
	more     bool
	agenda   agenda
	binders  traffic.PersonSet // people who bind a phone in this plan
}

func newPlan(s *scenarios.Scenario, seed uint64) *plan {
	p := &plan{scenario: s, seed: seed, traffic: traffic.New(s, seed), start: s.Windows[0].Start.UnixNano(), binders: traffic.NewPersonSet(s.People.Count)}
	p.next, p.more = p.traffic.Next()
	return p
}

// Next implements attack.Plan: it returns the next operation in order of time. It does not wait.
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

// follow plans what the person does after the win (B5), assuming that each step succeeds.
func (p *plan) follow(at time.Duration, v Visit) {
	after, d, who := p.scenario.People.After, drawsOf(p.seed, v), p.traffic.Persona(int64(v.Person))
	won := p.prize(v)
	v.Amount, v.Prize = 0, 0
	if p.binds(v, who) && p.binders.Add(int64(v.Person)) {
		p.schedule(Bind, at+d.within(drawBindDelay, after.LookDelay), v)
	}
	if won.Award != wallet.Cash {
		p.planReward(at, v)
	}
	if !d.hit(drawLook, after.Look) {
		return
	}
	if who.Held > 1 && d.hit(drawOtherApp, after.OtherApp) {
		v.App = who.Apps[splitmix.Below(d.of(drawWhichApp), uint64(who.Held))]
	}
	look := at + d.within(drawLookDelay, after.LookDelay)
	if d.hit(drawBrowse, after.Browse) {
		p.schedule(Browse, look, v)
	} else {
		p.schedule(Page, look, v)
		if d.hit(drawWithdraw, after.Withdraw) {
			p.schedule(Withdraw, look+d.within(drawWithdrawDelay, after.WithdrawDelay), v)
		}
		if d.hit(drawSend, after.Send) {
			p.planPacket(look+d.within(drawSendDelay, after.SendDelay), v)
		}
	}
	if again := at + d.within(drawComeBackDelay, after.SecondLookDelay); d.hit(drawComeBack, after.SecondLook) && again < span(p.scenario) {
		p.schedule(Page, again, v)
	}
}

// schedule plans one operation.
func (p *plan) schedule(kind uint8, at time.Duration, v Visit) {
	p.agenda.Add(int64(at), intent{kind: kind, visit: v})
}

// binds reports whether the person of a win binds a phone afterwards.
func (p *plan) binds(v Visit, who traffic.Persona) bool {
	return who.BindsLater && p.scenario.Windows[v.Window].Stage == wallet.Official
}

// Wants reports whether the plan has an operation of that kind after a win, without delays and later visits: for a driver that
// does not schedule follow-up visits. Safe for concurrent use.
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

// span returns the longest duration of the plan: the last window's end plus the longest journey after it. Later returning
// visits are left out.
func span(s *scenarios.Scenario) time.Duration {
	return s.End().Sub(s.Windows[0].Start) + s.People.After.Journey() + 1
}
