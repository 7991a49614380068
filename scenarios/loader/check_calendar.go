package loader

import (
	"fmt"

	"hongbao/scenarios"
)

// checkWindows checks each window separately: it is inside its stage, its amounts are within the cap, and the points of its
// rate are in order of time.
func (f *faults) checkWindows(in *file) {
	for i := range in.Windows {
		w := &in.Windows[i]
		f.refuse(w.Rain.place, w.Rain.v+w.times()-1 > maxRainID, "write a small number", "%d is not between 0 and %d", w.Rain.v, maxRainID)
		f.checkRate(w)
		if w.Stage.ok {
			f.checkInside(in, w)
		}
	}
}

// checkRate checks the points of a window's rate.
func (f *faults) checkRate(w *windowFile) {
	if len(w.Rate) > 0 {
		start := w.Rate[0]
		f.refuse(start.place, start.v.At != 0, "write the rate at the window's start, such as 0/s at 0s", "the first point is not at 0s")
		f.refuse(start.place, len(w.Rate) == 1, "write the rate at the window's end too, such as 5/s at 30s", "a rate needs at least two points")
	}
	for i := 1; i < len(w.Rate); i++ {
		p, q := w.Rate[i-1], w.Rate[i]
		f.refuse(q.place, p.ok && q.v.At <= p.v.At, "write the points in order of time; for a jump, put them 1ms apart", "%v is not after %v", q.v.At, p.v.At)
	}
}

// checkInside checks a window against its stage.
func (f *faults) checkInside(in *file, w *windowFile) {
	for _, c := range in.Stages {
		if !c.Stage.ok || c.Stage.v != w.Stage.v {
			continue
		}
		if c.From.ok && c.To.ok && w.Start.ok && (w.Start.v.Before(c.From.v) || w.end().After(c.To.v)) {
			f.add(w.Start.at, fmt.Sprintf("stage %s runs from %s to %s", c.Stage.v, scenarios.When(c.From.v), scenarios.When(c.To.v)),
				"the window, which ends at %s, is not inside its stage", scenarios.When(w.end()))
		}
		for _, p := range w.prizes() {
			for _, b := range p.Amount {
				if b.ok && c.SingleCap.ok && b.v.Max > c.SingleCap.v {
					f.add(b.at, fmt.Sprintf("write at most %d fen, or raise single_cap_fen in line %d", c.SingleCap.v, c.SingleCap.at.line),
						"%d fen is above the cap of a single grant", b.v.Max)
				}
			}
		}
		return
	}
	f.add(w.Stage.at, "add the stage to stages", "stage %s is not in this file", w.Stage.v)
}

// checkRounds refuses two windows with the same scene, rain number and stage: a person gets a scene's reward once for each
// rain and stage (O3).
func (f *faults) checkRounds(in *file) {
	for i := range in.Windows {
		w := &in.Windows[i]
		if !w.Stage.ok || !w.Rain.ok {
			continue
		}
		for _, p := range w.prizes() {
			v := in.earlier(i, p)
			if v == nil {
				continue
			}
			how := "repeats the one"
			if v.Start.v.Before(w.end()) && w.Start.v.Before(v.end()) {
				how = "overlaps the one"
			}
			f.add(w.Rain.at, "each person gets a scene's reward once for each rain and stage (O3): give it another rain number",
				"scene %q, rain %d %s in line %d", p.Scene.v, w.Rain.v, how, v.Rain.at.line)
		}
	}
}

// earlier returns the first window before the i-th one that uses the same order numbers for prize p, or nil.
func (in *file) earlier(i int, p prizeFile) *windowFile {
	w := &in.Windows[i]
	for j := range in.Windows[:i] {
		v := &in.Windows[j]
		meets := v.Rain.v < w.Rain.v+w.times() && w.Rain.v < v.Rain.v+v.times()
		if v.Rain.ok && v.Stage.ok && v.Stage.v == w.Stage.v && p.Scene.ok && meets && v.grants(p.Scene.v) {
			return v
		}
	}
	return nil
}

// checkCurves runs the checks that need the converted scenario: a window's rate must be exact, and the window must invite
// enough people for its grants.
func (f *faults) checkCurves(in *file, s *scenarios.Scenario) {
	for i := range in.Windows {
		w := in.Windows[i].window(in)
		curve, err := w.Curve()
		if err != nil {
			f.add(in.Windows[i].Rate[0].at, "write fewer decimals, or split the window", "the rate has too many decimals for a window of this length")
			continue
		}
		if grants, chances := curve.Grants(), s.Chances(w); grants > chances && w.Times() > 1 {
			f.add(in.Windows[i].People.at, "the number of wins per person is limited: invite more people, or lower the rate",
				"%d grants are too many for %d people who may win %d times each", grants, s.Invited(w), w.Times())
		} else if grants > chances {
			f.add(in.Windows[i].People.at, "each person gets the reward once (O3): invite more people, or lower the rate",
				"%d grants are more than the %d people invited", grants, chances)
		}
	}
}
