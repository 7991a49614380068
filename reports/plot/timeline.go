package plot

import (
	"cmp"
	"math"
	"slices"
	"time"

	"hongbao/reports"
)

// maxStretches bounds the pieces of a timeline: more cannot be told apart, so the shortest gaps are closed first.
const maxStretches = 60

// gapShare is the width of all gaps together, and maxGap that of one, as shares of the timeline.
const (
	gapShare = 0.2
	maxGap   = 0.015
)

// FestivalZone is Asia/Shanghai, written down because a machine may have no zone files; it has had no summer time
// since 1991.
func FestivalZone() *time.Location { return time.FixedZone("UTC+8", 8*60*60) }

// stretch is a time with traffic, in Unix seconds, and its place between 0 and 1.
type stretch struct {
	from, to int64
	x0, x1   float64
}

// timeline places moments between 0 and 1, with the times without traffic cut out. Inside a stretch time is linear;
// a stretch's width grows with the logarithm of its length, so that ten minutes of rain stay visible beside a week
// of card collection.
type timeline []stretch

// newTimeline covers the series of all runs between from and to.
func newTimeline(runs []reports.Run, from, to int64) timeline {
	var all []stretch
	for i := range runs {
		s := &runs[i].Series
		for j, t := range s.Times {
			if a, b := max(t, from), min(t+s.StepS[j], to); a < b {
				if n := len(all); n > 0 && all[n-1].to == a { // keeps the list short: a run's samples mostly touch
					all[n-1].to = b
				} else {
					all = append(all, stretch{from: a, to: b})
				}
			}
		}
	}
	slices.SortFunc(all, func(a, b stretch) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to)) })
	var line timeline
	for _, s := range all {
		if n := len(line); n > 0 && s.from <= line[n-1].to {
			line[n-1].to = max(line[n-1].to, s.to)
		} else {
			line = append(line, s)
		}
	}
	line = line.closeGaps()
	line.place()
	return line
}

// closeGaps joins stretches over the shortest gaps until there are at most maxStretches.
func (l timeline) closeGaps() timeline {
	if len(l) <= maxStretches {
		return l
	}
	gaps := make([]int64, 0, len(l)-1)
	for i := 1; i < len(l); i++ {
		gaps = append(gaps, l[i].from-l[i-1].to)
	}
	slices.Sort(gaps)
	longest := gaps[len(gaps)-maxStretches] // gaps up to this one are closed, which leaves fewer than maxStretches
	out := l[:1]
	for _, s := range l[1:] {
		if last := &out[len(out)-1]; s.from-last.to <= longest {
			last.to = s.to
		} else {
			out = append(out, s)
		}
	}
	return out
}

func (l timeline) place() {
	if len(l) == 0 {
		return
	}
	gap := math.Min(maxGap, gapShare/float64(len(l)))
	weight := func(s stretch) float64 { return 1 + math.Log1p(float64(s.to-s.from)/60)/3 }
	sum := 0.0
	for _, s := range l {
		sum += weight(s)
	}
	x := 0.0
	for i := range l {
		l[i].x0 = x
		x += weight(l[i]) / sum * (1 - gap*float64(len(l)-1))
		l[i].x1 = x
		x += gap
	}
}

// at returns the place of a moment; one in a gap or outside falls on the nearest end after it, or the last.
func (l timeline) at(t int64) float64 {
	for _, s := range l {
		if t <= s.to {
			return s.at(max(t, s.from))
		}
	}
	return 1
}

// stretchOf returns the index of the stretch that holds t, or -1.
func (l timeline) stretchOf(t int64) int {
	i, _ := slices.BinarySearchFunc(l, t, func(s stretch, t int64) int { return cmp.Compare(s.to, t+1) })
	if i < len(l) && l[i].from <= t {
		return i
	}
	return -1
}

// maxPoints bounds the points of one line, ends of stretches included.
const maxPoints = 600

// point is one place of a line.
type point struct {
	x float64
	v int64
}

// lines returns the polylines of one column, one a stretch. Where samples are denser than the page, the highest of
// each place is kept, so that no peak is lost. A stretch's first and last value reach to its ends.
func (l timeline) lines(s *reports.Series, values []int64) [][]point {
	const places = maxPoints - 2*maxStretches
	var out [][]point
	current, place := -1, -1
	for i, t := range s.Times {
		mid := t + s.StepS[i]/2
		at := l.stretchOf(mid)
		if at < 0 {
			continue
		}
		x := l.at(mid)
		if at != current {
			out, current, place = append(out, []point{{l.at(t), values[i]}}), at, -1
		}
		line := &out[len(out)-1]
		if p := int(x * places); p != place {
			*line, place = append(*line, point{x, values[i]}), p
		} else if last := &(*line)[len(*line)-1]; values[i] > last.v {
			*last = point{x, values[i]}
		}
		if i+1 == len(s.Times) || l.stretchOf(s.Times[i+1]+s.StepS[i+1]/2) != at {
			*line = append(*line, point{l.at(t + s.StepS[i]), values[i]})
		}
	}
	return out
}
