package loader

import (
	"slices"

	"hongbao/reference/wallet"
	"hongbao/scenarios"
)

type switchFile struct {
	place
	Switch switchName `json:"switch" jsonschema:"Which degrade switch (D3)."`
	On     moment     `json:"on" jsonschema:"When operators throw it; instances hear of it within a second or two."`
	Off    moment     `json:"off" jsonschema:"When they turn it off again."`
}

type drillFile struct {
	place
	Switch switchName `json:"switch" jsonschema:"The switch whose promise the run must keep (D3)."`
	From   moment     `json:"from" jsonschema:"From when on it is on for all instances, whether thrown or tripped by a fault."`
	To     moment     `json:"to" jsonschema:"Until when."`
}

type switchName struct{ name }

// switches lists the names of the switches.
func switches() (names []string) {
	for _, s := range wallet.AllSwitches() {
		names = append(names, string(s))
	}
	return names
}

func (n *switchName) read(s string) string { return n.pick(s, switches()) }
func (n *switchName) form() form           { return n.words("a degrade switch", switches()) }

func (f *file) switches() (all []scenarios.SwitchTurn) {
	for _, s := range f.Switches {
		all = append(all, scenarios.SwitchTurn{Switch: wallet.Switch(s.Switch.v), On: s.On.v, Off: s.Off.v})
	}
	return all
}

// drill returns what the scenario is a drill of, nil when it is none.
func (f *file) drill() *scenarios.Drill {
	if d := &f.Drill; d.ok {
		return &scenarios.Drill{Switch: wallet.Switch(d.Switch.v), From: d.From.v, To: d.To.v}
	}
	return nil
}

// maxSwitchTurns bounds what is thrown in one scenario: each switch a few times.
const maxSwitchTurns = 100

// checkSwitches looks at the switches that are thrown, and at the drill.
func (f *faults) checkSwitches(in *file) {
	if len(in.Switches) > maxSwitchTurns {
		f.add(in.Switches[maxSwitchTurns].at, "keep the most telling ones", "more than %d switches are thrown", maxSwitchTurns)
	}
	for i, s := range in.Switches {
		if s.On.ok && s.Off.ok && !s.On.v.Before(s.Off.v) {
			f.add(s.Off.at, "let it be later", "the switch is off before it is on")
		}
		for _, other := range in.Switches[:i] {
			if s.Switch.v == other.Switch.v && s.On.v.Before(other.Off.v) && other.On.v.Before(s.Off.v) {
				f.add(s.Switch.at, "throw it once at a time", "%s is on already, by line %d", s.Switch.v, other.Switch.at.line)
			}
		}
	}
	d := &in.Drill
	if !d.ok || !d.Switch.ok || !d.From.ok || !d.To.ok {
		return
	}
	if !d.From.v.Before(d.To.v) {
		f.add(d.To.at, "let it be later", "the drill ends before it begins")
	}
	thrown := slices.ContainsFunc(in.Switches, func(s switchFile) bool {
		return s.Switch.v == d.Switch.v && !d.From.v.Before(s.On.v) && !s.Off.v.Before(d.To.v)
	})
	if !thrown && len(in.Faults) == 0 && !in.RunningTotal.ok {
		f.add(d.Switch.at, "throw it under `switches`, or break what it stands before under `faults`", "nothing turns %s on", d.Switch.v)
	}
}
