package scenarios

import (
	"time"

	"hongbao/reference/wallet"
)

// StageChange is a change of the tree while the festival runs: a stage begins at another moment than was planned. Its
// new beginning, and the end of the stage before it, are those of the tree; for a while half of the instances know only
// the old one (A2).
type StageChange struct {
	Stage      wallet.Stage
	Was        time.Time // when it was to begin, and the one before it to end
	Known      time.Time // from then on half of the instances know
	Everywhere time.Time // from then on all do
}

// Before returns the tree as it was before the change; the tree itself where there is none.
func (s *Scenario) Before() wallet.Activity {
	a := s.Activity
	if s.Change == nil {
		return a
	}
	was, now := wallet.InstantOf(s.Change.Was), wallet.Instant(0)
	a.Children = append([]wallet.Child(nil), a.Children...)
	for i := range a.Children {
		if c := &a.Children[i]; c.Stage == s.Change.Stage {
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
