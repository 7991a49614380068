package plot

import (
	"cmp"
	"math"
	"slices"

	"hongbao/reports"
)

// maxSegments bounds the segments of a timeline, because more cannot be distinguished. The shortest gaps are closed first.
const maxSegments = 60

// gapShare is the width of all gaps together, and maxGap that of one, as shares of the timeline.
const (
	gapShare = 0.2
	maxGap   = 0.015
)

// segment is a period with traffic, in Unix seconds, and its position between 0 and 1.
type segment struct {
	from, to int64
	x0, x1   float64
}

// timeline maps times to positions between 0 and 1 and omits the periods without traffic. Time is linear within a segment.
// The width of a segment grows with the logarithm of its length, so that ten minutes of rain are visible beside a week of
// card collection.
type timeline []segment

// newTimeline returns the timeline of the series of all runs between from and to.
func newTimeline(runs []reports.Run, from, to int64) timeline {
	var all []segment
	for i := range runs {
		s := &runs[i].Series
		for j, t := range s.Times {
			if a, b := max(t, from), min(t+s.StepS[j], to); a < b {
				if n := len(all); n > 0 && all[n-1].to == a { // keeps the list short: most samples of a run follow each other without a gap
					all[n-1].to = b
				} else {
					all = append(all, segment{from: a, to: b})
				}
			}
		}
	}
	slices.SortFunc(all, func(a, b segment) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to)) })
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

// closeGaps joins segments over the shortest gaps until there are at most maxSegments.
func (l timeline) closeGaps() timeline {
	if len(l) <= maxSegments {
		return l
	}
	gaps := make([]int64, 0, len(l)-1)
	for i := 1; i < len(l); i++ {
		gaps = append(gaps, l[i].from-l[i-1].to)
	}
	slices.Sort(gaps)
	longest := gaps[len(gaps)-maxSegments] // gaps up to this length are closed, which leaves at most maxSegments
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
	weight := func(s segment) float64 { return 1 + math.Log1p(float64(s.to-s.from)/60)/3 }
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

// at returns the position of t. A time outside all segments has the position of the next segment's start, or 1.
func (l timeline) at(t int64) float64 {
	for _, s := range l {
		if t <= s.to {
			return s.at(max(t, s.from))
		}
	}
	return 1
}

// segmentOf returns the index of the segment that contains t, or -1.
func (l timeline) segmentOf(t int64) int {
	i, _ := slices.BinarySearchFunc(l, t, func(s segment, t int64) int { return cmp.Compare(s.to, t+1) })
	if i < len(l) && l[i].from <= t {
		return i
	}
	return -1
}

// maxPoints bounds the points of one line, including the ends of segments.
const maxPoints = 600

// point is one point of a line.
type point struct {
	x float64
	v int64
}

// lines returns the polylines of one column, one per segment. A point shows the highest of the samples that it covers, so that
// no peak is lost. The first and the last value of a segment extend to its ends.
func (l timeline) lines(s *reports.Series, values []int64) [][]point {
	const places = maxPoints - 2*maxSegments
	var out [][]point
	current, place := -1, -1
	for i, t := range s.Times {
		mid := t + s.StepS[i]/2
		at := l.segmentOf(mid)
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
		if i+1 == len(s.Times) || l.segmentOf(s.Times[i+1]+s.StepS[i+1]/2) != at {
			*line = append(*line, point{l.at(t + s.StepS[i]), values[i]})
		}
	}
	return out
}
