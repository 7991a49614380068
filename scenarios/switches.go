package scenarios

import (
	"slices"
	"time"

	"hongbao/reference/wallet"
)

// SwitchTurn is a degrade switch that operators throw, and turn off again (D3).
type SwitchTurn struct {
	Switch  wallet.Switch
	On, Off time.Time
}

// Throws says whether operators throw a switch at any time.
func (s *Scenario) Throws(name wallet.Switch) bool {
	return slices.ContainsFunc(s.Switches, func(t SwitchTurn) bool { return t.Switch == name })
}

// Drill is what a scenario is a drill of: a switch whose promise is held against what the run measures.
type Drill struct {
	Switch   wallet.Switch
	From, To time.Time // when it is on for all instances, thrown or tripped
}
