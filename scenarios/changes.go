package scenarios

import (
	"slices"
	"time"

	"hongbao/reference/wallet"
)

// StageChange is a change of the tree during the festival: a stage begins at another moment than planned. The tree has the
// stage's new start, which is also the end of the previous stage. For some time half of the instances know only the old
// start (A2).
type StageChange struct {
	Stage       wallet.Stage
	OldStart    time.Time // the old start of the stage and the old end of the previous one
	KnownByHalf time.Time // from this moment half of the instances know the new start
	KnownByAll  time.Time // from this moment all instances know it
}

// Before returns the tree before the change, or the tree itself if there is no change.
func (s *Scenario) Before() wallet.Activity {
	a := s.Activity
	if s.StageChange == nil {
		return a
	}
	was, now := wallet.InstantOf(s.StageChange.OldStart), wallet.Instant(0)
	a.Children = append([]wallet.Child(nil), a.Children...)
	for i := range a.Children {
		if c := &a.Children[i]; c.Stage == s.StageChange.Stage {
			now, c.From = c.From, was
		}
	}
	for i := range a.Children {
		if c := &a.Children[i]; c.To == now {
			c.To = was
		}
	}
	return a
}

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
