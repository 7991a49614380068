package scenarios

import (
	"slices"
	"time"

	"hongbao/reference/wallet"
)

// SwitchPeriod is one period in which operators turn a degrade switch on (D3).
type SwitchPeriod struct {
	Switch  wallet.Switch
	On, Off time.Time
}

// TurnsOn reports whether operators turn the switch on at any time.
func (s *Scenario) TurnsOn(name wallet.Switch) bool {
	return slices.ContainsFunc(s.Switches, func(t SwitchPeriod) bool { return t.Switch == name })
}

// Drill names the switch that a scenario is a drill of. The run checks the promise of the switch against what it measures.
type Drill struct {
	Switch   wallet.Switch
	From, To time.Time // period in which all instances have it on, by an operator or tripped by a fault
}
