package plot

import (
	"math"
	"time"

	"gonum.org/v1/plot"

	"hongbao/reports/text"
)

// minLabel is the width that a label of the time axis needs, in points.
const minLabel = 44

// timeSteps are the distances between marks of the time axis, in seconds.
func timeSteps() []int64 {
	return []int64{1, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 6 * 3600, 12 * 3600, 86400, 2 * 86400, 7 * 86400, 30 * 86400}
}

// ticks returns the marks of the timeline with times of day, for a width in points. The first mark of each date also has the
// date.
func (l timeline) ticks(width float64) []plot.Tick {
	var out []plot.Tick
	lastX, lastDay := math.Inf(-1), ""
	for _, s := range l {
		step := s.step(width)
		_, offset := time.Unix(s.from, 0).In(text.FestivalZone()).Zone()
		first := s.from + step - 1 - (s.from+int64(offset)+step-1)%step
		for t := first; t <= s.to; t += step {
			x := s.at(t)
			if (x-lastX)*width < minLabel {
				continue
			}
			at := time.Unix(t, 0).In(text.FestivalZone())
			label := at.Format("15:04")
			if step < 60 {
				label = at.Format("15:04:05")
			}
			if day := at.Format("01-02"); day != lastDay {
				label, lastDay = label+"\n"+day, day
			}
			out, lastX = append(out, plot.Tick{Value: x, Label: label}), x
		}
	}
	return out
}

// step returns the smallest distance between marks that leaves room for their labels.
func (s segment) step(width float64) int64 {
	steps := timeSteps()
	for _, step := range steps {
		if float64(step)/float64(s.to-s.from)*(s.x1-s.x0)*width >= minLabel {
			return step
		}
	}
	return 365 * steps[13]
}

// at returns the position of t, a time in s.
func (s segment) at(t int64) float64 {
	return s.x0 + (s.x1-s.x0)*float64(t-s.from)/float64(s.to-s.from)
}

// unit is the unit of a plotted quantity, which decides how its axis is labelled.
type unit int

// The units.
const (
	plain unit = iota
	milliseconds
	fen
)

// marks returns about four marks from zero to at least top, at multiples of a round step.
func (u unit) marks(top int64) []plot.Tick {
	step := u.step(float64(max(top, 1)) / 4)
	var out []plot.Tick
	for v := 0.0; ; v += step {
		out = append(out, plot.Tick{Value: v, Label: u.label(v)})
		if v >= float64(top) && len(out) > 1 {
			return out
		}
	}
}

// step returns the smallest round step that is at least least: 1, 2 or 5 times a power of ten, or for longer times one of
// timeSteps.
func (u unit) step(least float64) float64 {
	if u == milliseconds && least > 500 {
		for _, s := range timeSteps() {
			if ms := float64(s) * 1000; ms >= least {
				return ms
			}
		}
	}
	power := math.Pow(10, math.Floor(math.Log10(least)))
	for _, f := range []float64{1, 2, 5} {
		if power*f >= least && power*f >= 1 {
			return power * f
		}
	}
	return math.Max(1, power*10)
}

func (u unit) label(v float64) string {
	switch u {
	case milliseconds:
		return wholeDuration(int64(v))
	case fen:
		return "¥" + text.Compact(v/100).EN
	}
	return text.Compact(v).EN
}

// wholeDuration formats milliseconds with a single unit if that is exact.
func wholeDuration(ms int64) string {
	s := ms / 1000
	switch {
	case ms == 0:
		return "0"
	case s == 0:
		return text.Duration(ms).EN
	case s%86400 == 0:
		return text.Count(s/86400) + " d"
	case s%3600 == 0:
		return text.Count(s/3600) + " h"
	case s%60 == 0:
		return text.Count(s/60) + " min"
	}
	return text.Duration(ms).EN
}
