package crowd

import (
	"hongbao/reference/wallet"
	"hongbao/scenarios/traffic"
)

// The kinds of operation, as attack.Op carries them. A kind's name is Kinds()[kind].
const (
	Grant    uint8 = iota // a win is asked for
	Page                  // somebody looks at the wallet page
	Browse                // somebody walks the whole list in small pages
	Withdraw              // somebody enters the withdraw page and withdraws all that it shows
	Bind                  // somebody binds a phone in both account systems
)

// Kinds names the kinds of operation.
func Kinds() []string { return []string{"grant", "page", "browse", "withdraw", "bind"} }

// Visit is what one person does once, in few bytes.
type Visit struct {
	Person uint32     // dense index from 0
	Amount uint32     // Grant: fen
	Window uint16     // index into the scenario's windows: where the win was that it comes from
	App    wallet.App // that it is done in
}

// VisitOf returns the visit in which a win is asked for. New makes sure that all wins of a scenario fit.
func VisitOf(a traffic.Arrival) Visit {
	return Visit{Person: uint32(a.Person), Amount: uint32(a.Amount), Window: uint16(a.Window), App: a.App}
}
