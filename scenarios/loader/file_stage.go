package loader

import (
	"hongbao/scenarios"
)

type stageChangeFile struct {
	place
	Stage      stageName `json:"stage" jsonschema:"The stage whose beginning is moved; stages has its new moment."`
	Was        moment    `json:"was" jsonschema:"When it was to begin before, and the stage before it to end."`
	Known      moment    `json:"known" jsonschema:"From then on half of the instances know."`
	Everywhere moment    `json:"everywhere" jsonschema:"From then on all of them do."`
}

func (f *file) stageChange() *scenarios.StageChange {
	c := &f.StageChange
	if !c.ok {
		return nil
	}
	return &scenarios.StageChange{Stage: c.Stage.stage(), Was: c.Was.v, Known: c.Known.v, Everywhere: c.Everywhere.v}
}

// checkStageChange looks at a change of the tree: of a stage that follows another one at once.
func (f *faults) checkStageChange(in *file) {
	c := &in.StageChange
	if !c.ok || !c.Stage.ok {
		return
	}
	if c.Known.ok && c.Everywhere.ok && c.Everywhere.v.Before(c.Known.v) {
		f.add(c.Everywhere.at, "write a moment after "+scenarios.When(c.Known.v), "all instances know before half of them do")
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
