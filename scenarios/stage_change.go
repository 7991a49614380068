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

type stageChangeFile struct {
	place
	Stage      stageName `json:"stage" jsonschema:"The stage whose beginning is moved; stages has its new moment."`
	Was        moment    `json:"was" jsonschema:"When it was to begin before, and the stage before it to end."`
	Known      moment    `json:"known" jsonschema:"From then on half of the instances know."`
	Everywhere moment    `json:"everywhere" jsonschema:"From then on all of them do."`
}

func (f *file) stageChange() *StageChange {
	c := &f.StageChange
	if !c.ok {
		return nil
	}
	return &StageChange{c.Stage.stage(), c.Was.v, c.Known.v, c.Everywhere.v}
}

// checkStageChange looks at a change of the tree: of a stage that follows another one at once.
func (f *faults) checkStageChange(in *file) {
	c := &in.StageChange
	if !c.ok || !c.Stage.ok {
		return
	}
	if c.Known.ok && c.Everywhere.ok && c.Everywhere.v.Before(c.Known.v) {
		f.add(c.Everywhere.at, "write a moment after "+when(c.Known.v), "all instances know before half of them do")
	}
	for _, s := range in.Stages {
		if s.Stage.v != c.Stage.v || !s.From.ok || !c.Was.ok {
			continue
		}
		for _, before := range in.Stages {
			if before.To.ok && before.To.v.Equal(s.From.v) {
				if !before.From.v.Before(c.Was.v) || !c.Was.v.Before(s.To.v) {
					f.add(c.Was.at, "write a moment inside the two stages", "with the old moment one of the stages would be empty")
				}
				return
			}
		}
		f.add(c.Stage.at, "name a stage that begins when another ends", "no stage ends when %s begins", c.Stage.v)
		return
	}
	f.add(c.Stage.at, "name a stage of this file", "stage %s is not in this file", c.Stage.v)
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
