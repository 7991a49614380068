package crowd

import (
	"hongbao/reference/wallet"
	"hongbao/scenarios"
	"hongbao/scenarios/traffic"
)

// The kinds of operation, as attack.Op carries them. A kind's name is Kinds()[kind].
const (
	Grant    uint8 = iota // a win is asked for
	Page                  // somebody looks at the wallet page
	Browse                // somebody walks the whole list in small pages
	Withdraw              // somebody enters the withdraw page and withdraws all that it shows
	Bind                  // somebody binds a phone in both account systems
	Rewards               // somebody looks through the list of rewards other than cash
	Use                   // somebody uses one that was won
	Send                  // somebody enters the withdraw page and sends a part of what it shows to others
	Open                  // somebody opens a share of that
)

// Kinds names the kinds of operation.
func Kinds() []string { return scenarios.Operations() }

// Visit is what one person does once, in few bytes.
type Visit struct {
	Person uint32     // dense index from 0
	Amount uint32     // Grant: fen
	From   uint32     // Open: who sent the packet
	Window uint16     // index into the scenario's windows: where the win was that it comes from
	Time   uint16     // which of the person's chances in the window that win was
	Prize  uint8      // Grant: which of the window's rewards
	App    wallet.App // that it is done in
}

// VisitOf returns the visit in which a win is asked for. New makes sure that all wins of a scenario fit.
func VisitOf(a traffic.Arrival) Visit {
	return Visit{Person: uint32(a.Person), Amount: uint32(a.Amount), Window: uint16(a.Window), Time: uint16(a.Time), Prize: uint8(a.Prize), App: a.App}
}

// prize returns what a visit's win is of.
func (p *plan) prize(v Visit) scenarios.Prize {
	w := &p.scenario.Windows[v.Window]
	if len(w.Prizes) == 0 {
		return scenarios.Prize{Scene: w.Scene, Award: wallet.Cash, Amount: w.Amount}
	}
	return w.Prizes[v.Prize]
}

// request returns what asks for the win of a visit, but for the moment.
func (c *Crowd) request(v Visit) wallet.GrantRequest {
	won := c.prize(v)
	return wallet.GrantRequest{Caller: c.caller(v.Person, v.App), Activity: c.activity.Parent, Scene: won.Scene,
		Rain: c.scenario.Windows[v.Window].Rain + int32(v.Time), Award: won.Award, Amount: wallet.Money(v.Amount)}
}
