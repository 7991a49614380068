// Package plot draws the curves of a record as SVG, for a page that opens offline.
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

// Plots are drawn in these colours, and each is then replaced by a variable of the page's style, so that one
// drawing serves light, dark and print. The values only have to differ.
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

// inkNames pairs the drawing's colours and fonts with what the page has for them.
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

// plotSize is the size of a drawing in points; the page scales it to the room there is.
type plotSize struct{ width, height vg.Length }

// headroom keeps the lines below the labels of the windows.
const headroom = 1.15

// drawing is one quantity over a timeline, with a line a run.
type drawing struct {
	line    timeline
	windows []band
	runs    []reports.Run
	column  string
	unit    unit
	size    plotSize
}

// svg draws d. The text is for those who cannot see it.
func (d drawing) svg(text string) (template.HTML, error) {
	p, face := sheet()
	lines, top := d.polylines()
	marks := d.unit.marks(top)
	p.X.Min, p.X.Max = 0, 1
	p.Y.Min, p.Y.Max = 0, marks[len(marks)-1].Value*headroom
	p.X.Tick.Marker = plot.ConstantTicks(d.line.ticks(float64(d.size.width) - 50))
	p.Y.Tick.Marker = plot.ConstantTicks(marks)
	p.Add(backdrop{d.line, d.windows, marks, face}, curves{d.runs, lines})
	return d.size.draw(p, text)
}

// sheet is an empty plot in the page's style.
func sheet() (*plot.Plot, font.Font) {
	p := plot.New()
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
	return p, face
}

// draw renders a plot as an element of the page.
func (s plotSize) draw(p *plot.Plot, text string) (template.HTML, error) {
	c := vgsvg.New(s.width, s.height)
	p.Draw(draw.Crop(draw.New(c), 2, -6, 2, -2))
	var b bytes.Buffer
	if _, err := c.WriteTo(&b); err != nil {
		return "", err
	}
	return inline(b.String(), text), nil
}

// polylines returns every run's lines of the column, and the highest value of all.
func (d drawing) polylines() ([][][]point, int64) {
	out, top := make([][][]point, len(d.runs)), int64(0)
	for i := range d.runs {
		s := &d.runs[i].Series
		for j, name := range s.Columns {
			if name != d.column {
				continue
			}
			out[i] = d.line.lines(s, s.Values[j])
			for _, line := range out[i] {
				for _, p := range line {
					top = max(top, p.v)
				}
			}
		}
	}
	return out, top
}

// inline turns a drawing into an element of the page: no XML prologue, no fixed size, the page's colours and font.
// The library has escaped all text of the record that is in it.
func inline(svg, text string) template.HTML {
	_, body, _ := strings.Cut(svg, "<g transform=")
	_, box, _ := strings.Cut(svg, `viewBox="`)
	box, _, _ = strings.Cut(box, `"`)
	return template.HTML(fmt.Sprintf(`<svg viewBox="%s" role="img" aria-label="%s"><g transform=%s`, box,
		template.HTMLEscapeString(text), inkNames().Replace(body)))
}

// curves draws the lines of all runs.
type curves struct {
	runs  []reports.Run
	lines [][][]point // one list of polylines a run
}

// Plot implements plot.Plotter. Each strategy has its own dashes beside its own colour, and the first run is drawn
// widest, so that lines which coincide can all be seen.
func (cs curves) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	for i, lines := range cs.lines {
		n := Hue(cs.runs, i)
		style := draw.LineStyle{Color: ink(inkLine + n), Width: strokeWidth(i, len(cs.lines)), Dashes: dashes(n)}
		for _, line := range lines {
			at := make([]vg.Point, len(line))
			for j, q := range line {
				at[j] = vg.Point{X: x(q.x), Y: y(float64(q.v))}
			}
			c.StrokeLines(style, at)
		}
	}
}

// Hue is the number of run i's colour and dashes. A strategy has the same in every report; other names follow.
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

func strokeWidth(i, n int) vg.Length { return 1.3 + 0.7*vg.Length(n-1-i) }

func dashes(hue int) []vg.Length {
	return [reports.MaxRuns][]vg.Length{0: {6, 3}, 1: {2, 2}, 2: nil, 3: {8, 2, 2, 2}, 4: {1, 3}, 5: {10, 4}}[hue]
}
