package plot

import (
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// band is a window of the calendar in a plot, in Unix seconds.
type band struct {
	from, to int64
	label    string // number in the calendar and name
	short    string // number only, for narrow windows
	peak     bool
}

// backdrop draws the background of a plot: shaded and labelled windows, gaps and the grid.
type backdrop struct {
	line    timeline
	windows []band
	marks   []plot.Tick
	face    font.Font
}

// Plot implements plot.Plotter.
func (b backdrop) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	for _, w := range b.windows {
		if b.visible(w) {
			fill := ink(inkWindow)
			if w.peak {
				fill = ink(inkPeak)
			}
			c.FillPolygon(fill, box(x(b.line.at(w.from)), x(b.line.at(w.to)), c.Min.Y, c.Max.Y))
		}
	}
	for _, m := range b.marks {
		c.StrokeLine2(draw.LineStyle{Color: ink(inkGrid), Width: 0.5}, c.Min.X, y(m.Value), c.Max.X, y(m.Value))
	}
	for i := 1; i < len(b.line); i++ {
		b.gap(c, x(b.line[i-1].x1), x(b.line[i].x0))
	}
	b.labels(c, x)
}

// visible reports whether a part of the window is in a segment of the timeline.
func (b backdrop) visible(w band) bool {
	return slices.ContainsFunc(b.line, func(s segment) bool { return w.from < s.to && s.from < w.to })
}

// gap draws an omitted period: a blank strip and two strokes on the axis.
func (b backdrop) gap(c draw.Canvas, from, to vg.Length) {
	c.FillPolygon(ink(inkGap), box(from, to, c.Min.Y, c.Max.Y))
	mid, style := (from+to)/2, draw.LineStyle{Color: ink(inkText), Width: 0.75}
	for _, dx := range []vg.Length{-1.5, 1.5} {
		c.StrokeLine2(style, mid+dx-1.5, c.Min.Y-3, mid+dx+1.5, c.Min.Y+3)
	}
}

// labels writes the labels of the windows along the top, if there is room to the right of the previous label.
func (b backdrop) labels(c draw.Canvas, x func(float64) vg.Length) {
	style := text.Style{Color: ink(inkText), Font: b.face, YAlign: draw.YTop, Handler: plot.DefaultTextHandler}
	style.Font.Size = 8.5
	free := c.Min.X
	for i, w := range b.windows {
		if !b.visible(w) {
			continue
		}
		at, room := max(x(b.line.at(w.from))+2, free), c.Max.X
		for _, next := range b.windows[i+1:] {
			if b.visible(next) && next.from > w.from {
				room = x(b.line.at(next.from))
				break
			}
		}
		for _, s := range []string{w.label, w.short} {
			if width := style.Width(s); at+width < room {
				c.FillText(style, vg.Point{X: at, Y: c.Max.Y - 1}, s)
				free = at + width + 5
				break
			}
		}
	}
}

func box(x0, x1, y0, y1 vg.Length) []vg.Point {
	return []vg.Point{{X: x0, Y: y0}, {X: x1, Y: y0}, {X: x1, Y: y1}, {X: x0, Y: y1}}
}
