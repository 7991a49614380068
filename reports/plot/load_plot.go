package plot

import (
	"html/template"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

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
	p, face := sheet()
	size := plotSize{520, 230}
	n := len(s.Lines[0].values)
	p.X.Min, p.X.Max = 0, float64(n)
	p.X.Tick.Marker = plot.ConstantTicks(secondMarks(n, float64(size.width)-60))
	low, high := int64(math.MaxInt64), int64(0)
	for _, l := range s.Lines {
		for _, v := range l.values {
			if v > 0 {
				low = min(low, v)
			}
			high = max(high, v)
		}
	}
	var marks []plot.Tick
	if logarithmic {
		marks = decades(low, high)
		p.Y.Scale = plot.LogScale{}
		p.Y.Min, p.Y.Max = marks[0].Value, marks[len(marks)-1].Value
	} else {
		marks = plain.marks(high)
		p.Y.Min, p.Y.Max = 0, marks[len(marks)-1].Value
	}
	p.Y.Tick.Marker = plot.ConstantTicks(marks)
	p.Add(backdrop{marks: marks, face: face}, secondsCurves(s.Lines))
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

// secondsCurves draws the lines. A point shows the highest value of the seconds that it covers, so that no peak is lost.
type secondsCurves []secondsLine

// Plot implements plot.Plotter.
func (cs secondsCurves) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	for i, l := range cs {
		style := draw.LineStyle{Color: ink(inkLine + l.Hue), Width: strokeWidth(i, len(cs)), Dashes: dashes(l.Hue)}
		every := (len(l.values) + maxPoints - 1) / maxPoints
		var line []vg.Point
		flush := func() {
			if len(line) == 1 { // a single second between gaps is drawn with its length
				line = append(line, vg.Point{X: line[0].X + x(1) - x(0), Y: line[0].Y})
			}
			if len(line) > 0 {
				c.StrokeLines(style, line)
			}
			line = nil
		}
		for at := 0; at < len(l.values); at += every {
			to := min(at+every, len(l.values))
			top := int64(0)
			for _, v := range l.values[at:to] {
				top = max(top, v)
			}
			if top == 0 && l.skip {
				flush()
				continue
			}
			line = append(line, vg.Point{X: x(float64(at+to) / 2), Y: y(float64(top))})
		}
		flush()
	}
}
