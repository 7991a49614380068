package loader

import (
	"slices"

	"hongbao/reference/wallet"
	"hongbao/scenarios"
)

type switchFile struct {
	place
	Switch word[switches] `json:"switch" jsonschema:"The degrade switch (D3)."`
	On     moment         `json:"on" jsonschema:"When operators turn it on; instances see the change within two seconds."`
	Off    moment         `json:"off" jsonschema:"When operators turn it off."`
}

type drillFile struct {
	place
	Switch word[switches] `json:"switch" jsonschema:"The switch whose promise the run must keep (D3)."`
	From   moment         `json:"from" jsonschema:"Start of the period in which all instances have it on, by an operator or tripped by a fault."`
	To     moment         `json:"to" jsonschema:"End of this period."`
}

func (s switchFile) period() scenarios.SwitchPeriod {
	return scenarios.SwitchPeriod{Switch: wallet.Switch(s.Switch.v), On: s.On.v, Off: s.Off.v}
}

// drill returns the drill, or nil if the scenario is not a drill.
func (f *file) drill() *scenarios.Drill {
	if d := &f.Drill; d.ok {
		return &scenarios.Drill{Switch: wallet.Switch(d.Switch.v), From: d.From.v, To: d.To.v}
	}
	return nil
}

// maxSwitchTurns bounds the entries of one scenario: a few for each switch.
const maxSwitchTurns = 100

// checkSwitches checks the switches and the drill.
func (f *faults) checkSwitches(in *file) {
	if len(in.Switches) > maxSwitchTurns {
		f.add(in.Switches[maxSwitchTurns].at, "keep the most important ones", "more than %d entries", maxSwitchTurns)
	}
	for i, s := range in.Switches {
		f.refuse(s.Off.place, s.On.ok && !s.On.v.Before(s.Off.v), "write a later moment", "the switch is turned off before it is turned on")
		for _, other := range in.Switches[:i] {
			if s.Switch.v == other.Switch.v && s.On.v.Before(other.Off.v) && other.On.v.Before(s.Off.v) {
				f.add(s.Switch.at, "write periods that do not overlap", "%s is already on at this moment, see line %d", s.Switch.v, other.Switch.at.line)
			}
		}
	}
	d := &in.Drill
	if !d.ok || !d.Switch.ok || !d.From.ok || !d.To.ok {
		return
	}
	f.refuse(d.To.place, !d.From.v.Before(d.To.v), "write a later moment", "the drill ends before it begins")
	turnedOn := slices.ContainsFunc(in.Switches, func(s switchFile) bool {
		return s.Switch.v == d.Switch.v && !d.From.v.Before(s.On.v) && !s.Off.v.Before(d.To.v)
	})
	f.refuse(d.Switch.place, !turnedOn && len(in.Faults) == 0 && !in.RunningTotal.ok, "turn it on under `switches`, or write a fault under `faults` that trips it", "nothing turns %s on", d.Switch.v)
}

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
