// Package plot draws the series of a record as SVG elements of the HTML report, which opens offline. It writes no files.
package plot

import (
	"bytes"
	"fmt"
	"html/template"
	"image/color"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"

	"hongbao/reports"
)

// The colours of a plot. inline replaces each by a variable of the page's style sheet, so that one plot serves light mode,
// dark mode and print. The values only have to differ.
const (
	inkAxis = 1 + iota
	inkGrid
	inkText
	inkWindow
	inkPeak
	inkGap
	inkLine // and MaxRuns-1 more
)

func ink(n int) color.Color { return color.RGBA{R: 0xfe, G: 0xdc, B: uint8(n), A: 0xff} }

// inkNames replaces the colours and the font of a plot by those of the page.
func inkNames() *strings.Replacer {
	var pairs []string
	for i, name := range []string{"axis", "grid", "muted", "window", "peak", "gap"} {
		pairs = append(pairs, fmt.Sprintf("#FEDC%02X", inkAxis+i), "var(--"+name+")")
	}
	for i := range reports.MaxRuns {
		pairs = append(pairs, fmt.Sprintf("#FEDC%02X", inkLine+i), fmt.Sprintf("var(--s%d)", i))
	}
	return strings.NewReplacer(append(pairs, "font-family:Liberation Sans;font-variant:normal;font-weight:normal;font-style:normal;", "")...)
}

// plotSize is the size of a plot in points. The page scales the plot to the available width.
type plotSize struct{ width, height vg.Length }

// headroom is the ratio of the axis length to its highest mark. It leaves room for the labels of the windows.
const headroom = 1.15

// drawing is a plot of one quantity over a timeline, with one line per run.
type drawing struct {
	line    timeline
	windows []band
	runs    []reports.Run
	column  string
	unit    unit
	size    plotSize
}

// svg draws d. label describes the plot for screen readers.
func (d drawing) svg(label string) (template.HTML, error) {
	lines, top := d.polylines()
	marks := d.unit.marks(top)
	p, face := sheet(1, d.line.ticks(float64(d.size.width)-50), marks)
	p.Y.Max *= headroom
	p.Add(backdrop{d.line, d.windows, marks, face}, lines)
	return d.size.draw(p, label)
}

// sheet returns an empty plot in the style of the page, with an x axis from 0 to width and a y axis from 0 to its last mark.
func sheet(width float64, across, up []plot.Tick) (*plot.Plot, font.Font) {
	p := plot.New()
	p.X.Min, p.X.Max, p.X.Tick.Marker = 0, width, plot.ConstantTicks(across)
	p.Y.Min, p.Y.Max, p.Y.Tick.Marker = 0, up[len(up)-1].Value, plot.ConstantTicks(up)
	p.BackgroundColor = color.Transparent
	p.Title.Text = ""
	face := font.Font{Typeface: "Liberation", Variant: "Sans", Size: 10}
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		a.LineStyle = draw.LineStyle{Color: ink(inkAxis), Width: 0.75}
		a.Tick.LineStyle = draw.LineStyle{Color: ink(inkAxis), Width: 0.5}
		a.Tick.Label.Font, a.Tick.Label.Color = face, ink(inkText)
		a.Padding, a.Tick.Length = 0, 4
	}
	p.Y.LineStyle.Width = 0
	p.Y.Tick.Length = 0
	p.Y.Padding = 7 // the page's font may be wider than the one that the labels are measured with
	return p, face
}

// draw draws p as an SVG element with a label for screen readers.
func (s plotSize) draw(p *plot.Plot, label string) (template.HTML, error) {
	c := vgsvg.New(s.width, s.height)
	p.Draw(draw.Crop(draw.New(c), 2, -6, 2, -2))
	var b bytes.Buffer
	if _, err := c.WriteTo(&b); err != nil {
		return "", err
	}
	return inline(b.String(), label), nil
}

// polylines returns the lines of the column for each run, and the highest value of all runs.
func (d drawing) polylines() (curves, int64) {
	out, top := make(curves, len(d.runs)), int64(0)
	for i := range d.runs {
		out[i].hue = Hue(d.runs, i)
		s := &d.runs[i].Series
		for j, name := range s.Columns {
			if name != d.column {
				continue
			}
			out[i].lines = d.line.lines(s, s.Values[j])
			for _, line := range out[i].lines {
				for _, p := range line {
					top = max(top, p.v)
				}
			}
		}
	}
	return out, top
}

// inline converts an SVG document into an element of the page: without XML prologue and fixed size, with the colours and the
// font of the page. The plot library has escaped all text of the record.
func inline(svg, label string) template.HTML {
	_, body, _ := strings.Cut(svg, "<g transform=")
	_, box, _ := strings.Cut(svg, `viewBox="`)
	box, _, _ = strings.Cut(box, `"`)
	return template.HTML(fmt.Sprintf(`<svg viewBox="%s" role="img" aria-label="%s"><g transform=%s`, box,
		template.HTMLEscapeString(label), inkNames().Replace(body)))
}

// curve is a line of a plot, in pieces. Its hue is the number of its colour and dashes, as returned by the function Hue.
type curve struct {
	hue   int
	lines [][]point
}

// curves draws lines.
type curves []curve

// Plot implements plot.Plotter. Each curve has its own colour and dashes, and the first one is the widest, so that lines which
// coincide are all visible.
func (cs curves) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	for i, curve := range cs {
		style := draw.LineStyle{Color: ink(inkLine + curve.hue), Width: 1.3 + 0.7*vg.Length(len(cs)-1-i), Dashes: dashes(curve.hue)}
		for _, line := range curve.lines {
			at := make([]vg.Point, len(line))
			for j, q := range line {
				at[j] = vg.Point{X: x(q.x), Y: y(float64(q.v))}
			}
			c.StrokeLines(style, at)
		}
	}
}

// Hue returns the number of the colour and dashes of run i. The three strategies have fixed numbers; other names get the
// following ones.
func Hue(runs []reports.Run, i int) int {
	known := []string{"sync", "async", "token"}
	if n := slices.Index(known, runs[i].Strategy); n >= 0 {
		return n
	}
	n := len(known)
	for _, run := range runs[:i] {
		if !slices.Contains(known, run.Strategy) {
			n++
		}
	}
	return n % reports.MaxRuns
}

func dashes(hue int) []vg.Length {
	return [reports.MaxRuns][]vg.Length{0: {6, 3}, 1: {2, 2}, 2: nil, 3: {8, 2, 2, 2}, 4: {1, 3}, 5: {10, 4}}[hue]
}
