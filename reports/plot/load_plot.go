package plot

import (
	"html/template"
	"math"
	"slices"

	"gonum.org/v1/plot"

	"hongbao/reports"
	"hongbao/reports/text"
)

// SecondsPlot is a plot over the seconds of a load, with its legend.
type SecondsPlot struct {
	Title text.Text
	Lines []secondsLine
	Drawn template.HTML
}

// secondsLine is one line of a SecondsPlot. Hue is the number of its colour and dashes, as returned by the function Hue.
type secondsLine struct {
	Name   text.Text
	Hue    int
	values []int64
	skip   bool // the line has a gap where the value is zero
}

// SecondsPlots draws the latencies of l and its offered, sent and failed operations per second. It returns nil if l has no
// seconds.
func SecondsPlots(l *reports.Load) ([]SecondsPlot, error) {
	s := &l.Seconds
	if len(s.Offered) == 0 {
		return nil, nil
	}
	offered := SecondsPlot{Title: text.Text{EN: "Due and sent operations per second", ZH: "每秒到期与已发送的操作数"}, Lines: []secondsLine{
		{Name: text.Text{EN: "due", ZH: "到期"}, Hue: 0, values: s.Offered},
		{Name: text.Text{EN: "sent", ZH: "已发送"}, Hue: 2, values: s.Sent},
		{Name: text.Text{EN: "without an answer", ZH: "无应答"}, Hue: 5, values: s.Failed},
	}}
	latency := SecondsPlot{Title: text.Text{EN: "Latency from the due time, by the second of the due time (logarithmic)", ZH: "从到期时刻起算的延迟，按到期所在的秒统计（对数坐标）"}, Lines: []secondsLine{
		{Name: text.Text{EN: "longest", ZH: "最长"}, Hue: 1, values: s.MaxUS, skip: true},
		{Name: text.Same("p99"), Hue: 0, values: s.P99US, skip: true},
		{Name: text.Same("p50"), Hue: 2, values: s.P50US, skip: true},
	}}
	var err error
	if offered.Drawn, err = offered.draw(false); err != nil {
		return nil, err
	}
	if latency.Drawn, err = latency.draw(true); err != nil {
		return nil, err
	}
	return []SecondsPlot{latency, offered}, nil
}

// draw draws the lines over the seconds since the start.
func (s SecondsPlot) draw(logarithmic bool) (template.HTML, error) {
	size := plotSize{520, 230}
	low, high := int64(math.MaxInt64), int64(0)
	var lines curves
	for _, l := range s.Lines {
		lines = append(lines, curve{l.Hue, l.pieces()})
		for _, v := range l.values {
			if v > 0 {
				low = min(low, v)
			}
			high = max(high, v)
		}
	}
	marks := plain.marks(high)
	if logarithmic {
		marks = decades(low, high)
	}
	n := len(s.Lines[0].values)
	p, face := sheet(float64(n), secondMarks(n, float64(size.width)-60), marks)
	if logarithmic {
		p.Y.Scale, p.Y.Min = plot.LogScale{}, marks[0].Value
	}
	p.Add(backdrop{marks: marks, face: face}, lines)
	return size.draw(p, s.Title.EN)
}

// decades returns marks at the powers of ten, in microseconds, from at most the lowest value to at least the highest.
func decades(low, high int64) []plot.Tick {
	if high == 0 { // no operation ended
		low, high = 1000, 1000
	}
	first := math.Pow(10, math.Floor(math.Log10(float64(low))))
	var out []plot.Tick
	for v := first; ; v *= 10 {
		out = append(out, plot.Tick{Value: v, Label: text.Micros(int64(v)).EN})
		if v >= float64(high) && len(out) > 1 {
			return out
		}
	}
}

// secondMarks returns the marks of an axis of n seconds with a width in points.
func secondMarks(n int, width float64) []plot.Tick {
	step := int64(1)
	for _, s := range timeSteps() {
		if step = s; float64(s)/float64(max(n, 1))*width >= minLabel {
			break
		}
	}
	var out []plot.Tick
	for v := int64(0); v <= int64(n); v += step {
		out = append(out, plot.Tick{Value: float64(v), Label: wholeDuration(v * 1000)})
	}
	return out
}

// pieces returns the line in pieces between its gaps. A point shows the highest value of the seconds that it covers, so that no
// peak is lost.
func (l secondsLine) pieces() [][]point {
	var out [][]point
	every := (len(l.values) + maxPoints - 1) / maxPoints
	gap := true
	for at := 0; at < len(l.values); at += every {
		to := min(at+every, len(l.values))
		top := slices.Max(l.values[at:to])
		if top == 0 && l.skip {
			gap = true
			continue
		}
		if gap {
			out = append(out, nil)
		}
		last := &out[len(out)-1]
		*last, gap = append(*last, point{float64(at+to) / 2, top}), false
	}
	for i, piece := range out {
		if len(piece) == 1 { // a single second between gaps is drawn with its length
			out[i] = append(piece, point{piece[0].x + 1, piece[0].v})
		}
	}
	return out
}
