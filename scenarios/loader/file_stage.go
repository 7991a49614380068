package loader

import (
	"hongbao/scenarios"
)

type stageChangeFile struct {
	place
	Stage      word[stages] `json:"stage" jsonschema:"The stage whose start is moved; stages contains the new start."`
	Was        moment       `json:"was" jsonschema:"The old start of the stage, and the old end of the previous stage."`
	Known      moment       `json:"known" jsonschema:"From this moment half of the instances know the new start."`
	Everywhere moment       `json:"everywhere" jsonschema:"From this moment all instances know it."`
}

func (f *file) stageChange() *scenarios.StageChange {
	c := &f.StageChange
	if !c.ok {
		return nil
	}
	return &scenarios.StageChange{Stage: stageOf(c.Stage), OldStart: c.Was.v, KnownByHalf: c.Known.v, KnownByAll: c.Everywhere.v}
}

// checkStageChange checks a change of the tree: the stage must start when another stage ends.
func (f *faults) checkStageChange(in *file) {
	c := &in.StageChange
	if !c.ok || !c.Stage.ok {
		return
	}
	f.refuse(c.Everywhere.place, c.Known.ok && c.Everywhere.v.Before(c.Known.v), "write a moment after "+scenarios.When(c.Known.v), "everywhere is before known")
	for _, s := range in.Stages {
		if s.Stage.v != c.Stage.v || !s.From.ok || !c.Was.ok {
			continue
		}
		for _, before := range in.Stages {
			if before.To.ok && before.To.v.Equal(s.From.v) {
				if !before.From.v.Before(c.Was.v) || !c.Was.v.Before(s.To.v) {
					f.add(c.Was.at, "write a moment inside the two stages", "with the old start one of the stages would be empty")
				}
				return
			}
		}
		f.add(c.Stage.at, "write a stage that starts when another stage ends", "no stage ends at the start of %s", c.Stage.v)
		return
	}
	f.add(c.Stage.at, "write a stage of this file", "stage %s is not in this file", c.Stage.v)
}
