package crowd

import (
	"hongbao/reference/wallet"
	"hongbao/scenarios"
	"hongbao/scenarios/traffic"
)

// The kinds of operation in attack.Op. A kind's name is Kinds()[kind].
const (
	Grant    uint8 = iota // request a win
	Page                  // read the wallet page
	Browse                // walk the whole list in small pages
	Withdraw              // open the withdraw page and withdraw the whole balance
	Bind                  // bind a phone in both account systems
	Rewards               // read the list of rewards other than cash
	Use                   // use a reward that was won
	Send                  // open the withdraw page and send a part of the balance to others
	Open                  // open a share of a packet
)

// Kinds returns the names of the kinds of operation.
func Kinds() []string { return scenarios.Operations() }

// Visit is one operation of one person, in few bytes.
type Visit struct {
	Person uint32     // dense index from 0
	Amount uint32     // Grant: fen
	From   uint32     // Open: the sender of the packet
	Window uint16     // index of the window of the win that it belongs to
	Time   uint16     // number of the person's chance in the window
	Prize  uint8      // Grant: index of the window's reward
	App    wallet.App // the app used
}

// VisitOf returns the visit in which a win is requested. New checks that all wins of a scenario fit.
func VisitOf(a traffic.Arrival) Visit {
	return Visit{Person: uint32(a.Person), Amount: uint32(a.Amount), Window: uint16(a.Window), Time: uint16(a.Time), Prize: uint8(a.Prize), App: a.App}
}

// prize returns the reward of a visit's win.
func (p *plan) prize(v Visit) scenarios.Prize {
	w := &p.scenario.Windows[v.Window]
	if len(w.Prizes) == 0 {
		return scenarios.Prize{Scene: w.Scene, Award: wallet.Cash, Amount: w.Amount}
	}
	return w.Prizes[v.Prize]
}

// request returns the grant request of a visit, without the time of the win.
func (c *Crowd) request(v Visit) wallet.GrantRequest {
	won := c.prize(v)
	return wallet.GrantRequest{Caller: c.caller(v.Person, v.App), Activity: c.activity.Parent, Scene: won.Scene,
		Rain: c.scenario.Windows[v.Window].Rain + int32(v.Time), Award: won.Award, Amount: wallet.Money(v.Amount)}
}
