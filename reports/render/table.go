package render

import (
	_ "embed"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"text/template"
	"unicode/utf8"

	"hongbao/reports"
	"hongbao/reports/terminal"
	"hongbao/reports/text"
)

// tableText is the template of the tables for a terminal. Only the compiler sets it.
//
//go:embed table.tmpl
var tableText string

// Table writes r for a terminal, in English and at most 100 columns wide. With colour it only adds escape sequences.
func Table(w io.Writer, r *reports.Record, colour bool) error {
	t := terminal.New(colour)
	var b strings.Builder
	if err := executeText(&b, tableText, tableFuncs(&t), newView(r)); err != nil {
		return err
	}
	for line := range strings.Lines(b.String()) {
		t.Line(strings.TrimSuffix(line, "\n"))
	}
	_, err := io.WriteString(w, t.Text())
	return err
}

// executeText executes a text template with the functions of the views and its own.
func executeText(b *strings.Builder, source string, own map[string]any, v view) error {
	t, err := template.New("text").Funcs(viewFuncs()).Funcs(own).Parse(source)
	if err != nil {
		return err
	}
	return t.Execute(b, v)
}

// Paths writes the paths of the files of a run in the folder dir.
func Paths(w io.Writer, dir string) error {
	_, err := fmt.Fprintf(w, "report %s\n       %s, %s and %s are in the same folder\n", filepath.Join(dir, htmlFile), reports.RecordFile, summaryFile, junitFile)
	return err
}

// tableFuncs are the functions of the tables.
func tableFuncs(t *terminal.Writer) map[string]any {
	tick := func(v reports.Verdict) string { return t.Verdict(v, terminal.Mark(v)) }
	return map[string]any{
		"bold":           func(s string) string { return t.Paint(terminal.Bold, s) },
		"dim":            func(s string) string { return t.Paint(terminal.Dim, s) },
		"result":         t.Verdict,
		"tick":           tick,
		"wrap":           terminal.Wrap,
		"pad":            terminal.Pad,
		"left":           terminal.PadLeft,
		"row":            terminal.Row,
		"clip":           text.Clip,
		"orDash":         text.OrDash,
		"rest":           func(head string) string { return strings.Repeat(" ", max(0, utf8.RuneCountInString(head)-1)) }, // of a column under its head
		"studyNameWidth": func(designs int) int { return max(24, terminal.Width-2-12*designs) },
		"countNames": func() []string {
			return []string{"scheduled", "sent", "unsent", "ok", "refused", "failed", "in flight"}
		},
		"counts": func(name string, width int, o reports.Offered) string {
			addsUp := reports.Fail
			if o.Planned() && o.Answered() {
				addsUp = reports.Pass
			}
			return countsText(name, width, o) + tick(addsUp)
		},
		"figures": func(c cell, width int) string {
			if c.Bad {
				return t.Paint(terminal.Bold+terminal.Red, c.figures(width))
			}
			return c.figures(width)
		},
	}
}

// Strategies returns the names of the strategies.
func (v view) Strategies() (names []string) {
	for _, run := range v.Runs {
		names = append(names, text.Quote(run.Strategy))
	}
	return names
}

// CellWidth returns the width of a column of the comparison of the strategies.
func (v view) CellWidth() int { return (terminal.Width - 38) / max(3, len(v.Runs)) }

// figures returns the value of a cell and, if there is room for it, the value at full scale.
func (c cell) figures(width int) string {
	figure := c.Value.EN
	if full := " (" + c.Full.EN + ")"; c.Full.EN != "" && len(figure)+len(full) < width {
		figure += full
	}
	return terminal.PadLeft(figure, width)
}

// countsText returns the counts of one kind of operation or one run.
func countsText(name string, nameWidth int, o reports.Offered) string {
	var cells []string
	for _, n := range []int64{o.Scheduled, o.Sent, o.Unsent, o.OK, o.Refused, o.Failed, o.InFlight} {
		cells = append(cells, text.Count(n))
	}
	return terminal.Row("  "+text.Quote(name), nameWidth, cells, 12) + "  "
}

// MeasuredText returns the measured values of all runs and, if there is room for it, the limit that was missed.
func (row thresholdRow) MeasuredText() string {
	var all []string
	for _, c := range row.By {
		switch {
		case !c.Known:
		case c.Samples == 0:
			all = append(all, "no samples")
		case c.Result == reports.Fail && len(row.By) == 1:
			all = append(all, amountText(&c.Threshold, c.Measured).EN+" > "+amountText(&c.Threshold, c.Limit).EN)
		default:
			all = append(all, amountText(&c.Threshold, c.Measured).EN)
		}
	}
	return strings.Join(all, " · ")
}

// Latencies returns the latencies from the due time and, if there is room for it, in brackets from the send.
func (o operationRow) Latencies(width int) (cells []string) {
	for _, c := range o.Cells {
		both := c.Value.EN + " (" + strings.TrimSuffix(c.Full.EN, " ms") + ")"
		if utf8.RuneCountInString(both) >= width {
			both = c.Value.EN
		}
		cells = append(cells, both)
	}
	return cells
}

// coresOf returns the number of cores in use by the target, or a dash if it is unknown.
func coresOf(s reports.Step) string {
	if s.TargetCores == 0 {
		return "–"
	}
	return text.Significant(s.TargetCores)
}
