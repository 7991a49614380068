package scenarios

import (
	"fmt"
	"strings"

	"hongbao/reference/wallet"
)

// checkWindows looks at each window by itself: inside its stage, of a scene of the tree, with amounts under the cap
// and a rate that goes forward in time.
func (f *faults) checkWindows(in *file) {
	awards, scenes := map[wallet.SceneID]*awardName{}, []string{}
	for i := range in.Rewards {
		for _, s := range in.Rewards[i].Scenes {
			awards[s.ID.v] = &in.Rewards[i].Type
			scenes = append(scenes, string(s.ID.v))
		}
	}
	for i := range in.Windows {
		w := &in.Windows[i]
		if award, known := awards[w.Scene.v]; w.Scene.ok && !known {
			f.add(w.Scene.at, "write one of: "+strings.Join(scenes, ", "), "scene %q is not in the tree of rewards", w.Scene.v)
		} else if known && award.ok && award.award() != wallet.Cash {
			f.add(w.Scene.at, "windows grant cash", "scene %q grants %s", w.Scene.v, award.v)
		}
		if w.Rain.ok && w.Rain.v > maxRainID {
			f.add(w.Rain.at, "write a small number", "%d is not between 0 and %d", w.Rain.v, maxRainID)
		}
		f.checkRate(w)
		if w.Stage.ok {
			f.checkInside(in, w)
		}
	}
}

// checkRate looks at the points of a window's rate.
func (f *faults) checkRate(w *windowFile) {
	if len(w.Rate) > 0 && w.Rate[0].ok && w.Rate[0].v.At != 0 {
		f.add(w.Rate[0].at, "write the rate at the window's start, such as 0/s at 0s", "the first point is not at 0s")
	}
	if len(w.Rate) == 1 && w.Rate[0].ok {
		f.add(w.Rate[0].at, "write the rate at the window's end too, such as 5/s at 30s", "one point makes no window")
	}
	for i := 1; i < len(w.Rate); i++ {
		if p, q := w.Rate[i-1], w.Rate[i]; p.ok && q.ok && q.v.At <= p.v.At {
			f.add(q.at, "write the points in order of time; for a jump, put them 1ms apart", "%v is not after %v", q.v.At, p.v.At)
		}
	}
}

// checkInside compares a window with its stage.
func (f *faults) checkInside(in *file, w *windowFile) {
	for _, c := range in.Stages {
		if !c.Stage.ok || c.Stage.v != w.Stage.v {
			continue
		}
		if c.From.ok && c.To.ok && w.Start.ok && (w.Start.v.Before(c.From.v) || w.end().After(c.To.v)) {
			f.add(w.Start.at, fmt.Sprintf("stage %s runs from %s to %s", c.Stage.v, when(c.From.v), when(c.To.v)),
				"the window, which ends at %s, is not inside its stage", when(w.end()))
		}
		for _, b := range w.Amount {
			if b.ok && c.SingleCap.ok && b.v.Max > c.SingleCap.v {
				f.add(b.at, fmt.Sprintf("write at most %d fen, or raise single_cap_fen in line %d", c.SingleCap.v, c.SingleCap.at.line),
					"%d fen is above the cap of a single grant", b.v.Max)
			}
		}
		return
	}
	f.add(w.Stage.at, "add the stage to stages", "stage %s is not in this file", w.Stage.v)
}

// checkRounds refuses the same round twice: a person gets a scene's reward once a rain and stage (O3).
func (f *faults) checkRounds(in *file) {
	type round struct {
		stage, scene string
		rain         int64
	}
	first := map[round]*windowFile{}
	for i := range in.Windows {
		w := &in.Windows[i]
		if !w.Stage.ok || !w.Scene.ok || !w.Rain.ok {
			continue
		}
		r := round{w.Stage.v, string(w.Scene.v), w.Rain.v}
		v, taken := first[r]
		if !taken {
			first[r] = w
			continue
		}
		how := "repeats the one"
		if v.Start.v.Before(w.end()) && w.Start.v.Before(v.end()) {
			how = "overlaps the one"
		}
		f.add(w.Rain.at, "each person gets a scene's reward once a rain and stage (O3): give it another rain number",
			"scene %q, rain %d %s in line %d", w.Scene.v, w.Rain.v, how, v.Rain.at.line)
	}
}

// checkCurves looks at what only the whole scenario shows: whether a window's rate can be kept exactly, and
// whether it invites enough people for its grants.
func (f *faults) checkCurves(in *file, s *Scenario) {
	for i := range in.Windows {
		w := in.Windows[i].window()
		curve, err := w.Curve()
		if err != nil {
			f.add(in.Windows[i].Rate[0].at, "write fewer decimals, or split the window", "the rate is too fine for so long a window to be kept exactly")
			continue
		}
		if grants, invited := curve.Grants(), s.Invited(w); grants > invited {
			f.add(in.Windows[i].People.at, "each person gets the reward once (O3): invite more people, or lower the rate",
				"%d grants are more than the %d people invited", grants, invited)
		}
	}
}
