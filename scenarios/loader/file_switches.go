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

func (f *file) switches() (all []scenarios.SwitchPeriod) {
	for _, s := range f.Switches {
		all = append(all, scenarios.SwitchPeriod{Switch: wallet.Switch(s.Switch.v), On: s.On.v, Off: s.Off.v})
	}
	return all
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
