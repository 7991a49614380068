package render

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"hongbao/reports"
	"hongbao/reports/terminal"
	"hongbao/reports/text"
)

// Table writes r for a terminal, in English and at most 100 columns wide. With colour it only adds escape sequences.
func Table(w io.Writer, r *reports.Record, colour bool) error {
	t := table{terminal.New(colour)}
	v := newView(r)
	t.head(v)
	t.checks(v)
	t.comparison(v)
	if r.Kind == "load" {
		t.load(v)
	} else {
		t.loads(v)
		t.studies(v)
	}
	t.Line("")
	t.Line(t.Paint(terminal.Dim, "digest ") + text.Quote(r.Digest))
	t.Line(t.Paint(terminal.Dim, "replay ") + text.Quote(r.Replay))
	_, err := io.WriteString(w, t.Text())
	return err
}

// Paths writes the paths of the files of a run in the folder dir.
func Paths(w io.Writer, dir string) error {
	_, err := fmt.Fprintf(w, "report %s\n       %s, %s and %s are in the same folder\n", filepath.Join(dir, HTMLFile), reports.RecordFile, SummaryFile, JUnitFile)
	return err
}

// table writes the sections of a record for a terminal.
type table struct{ terminal.Writer }

func (t *table) head(v view) {
	t.Line(t.Verdict(v.Verdict, terminal.Mark(v.Verdict)+" "+strings.ToUpper(string(v.Verdict))) + "  " + t.Paint(terminal.Bold, text.Clip(text.Quote(v.Scenario.Title), terminal.Width-12)))
	t.Wrap("  ", v.Headline.EN)
	for _, d := range v.Doubts {
		t.Wrap("  ! ", d.EN)
	}
	t.Line("")
	t.Wrap("  ", fmt.Sprintf("%s %s · %s · seed %d · commit %s", kindName(v.Kind).EN, text.Quote(v.Scenario.Name), v.SizeText(), v.Seed, text.OrDash(text.ShortCommit(v.Commit))))
}

func (t *table) checks(v view) {
	const nameWidth, specWidth = 38, 14
	marks := v.Runs
	if len(marks) > 3 { // more do not fit; the page shows all of them
		marks = nil
	}
	t.Line("")
	head := fmt.Sprintf("%-*s%-*s%13s%12s ", nameWidth+4, "CHECKS", specWidth, "spec", "evaluations", "violations")
	for _, run := range marks {
		head += " " + text.Clip(text.Quote(run.Short()), 5)
	}
	t.Line(t.Paint(terminal.Bold, text.Clip(head, terminal.Width)))
	for _, c := range v.Checks {
		line := "  " + t.Verdict(c.Result, terminal.Mark(c.Result)) + " " + terminal.Pad(text.Quote(c.Name), nameWidth) + terminal.Pad(text.Quote(strings.Join(c.Spec, " ")), specWidth) +
			fmt.Sprintf("%13s%12s ", text.Count(c.Evaluations), text.Count(c.Violations))
		for j, by := range c.By[:len(marks)] {
			line += " " + t.Verdict(by, terminal.Mark(by)) + strings.Repeat(" ", max(0, utf8.RuneCountInString(text.Clip(text.Quote(marks[j].Short()), 5))-1))
		}
		t.Line(line)
		if c.First != "" {
			t.Wrap("      first: ", c.First)
		}
		if c.Worst != "" && c.Worst != c.First {
			t.Wrap("      worst: ", c.Worst)
		}
	}
}

func (t *table) comparison(v view) {
	if len(v.Rows) == 0 {
		return
	}
	const nameWidth = 38
	width := (terminal.Width - nameWidth) / max(3, len(v.Runs))
	t.Line("")
	var heads []string
	for _, run := range v.Runs {
		heads = append(heads, text.Quote(run.Strategy))
	}
	t.Line(t.Paint(terminal.Bold, terminal.Row("STRATEGIES", nameWidth, heads, width)))
	for _, row := range v.Rows {
		if row.Group.EN != "" {
			t.Line(t.Paint(terminal.Dim, "  "+row.Group.EN))
		}
		line := terminal.Pad("    "+row.Name.EN, nameWidth)
		for _, c := range row.Cells {
			figure := c.Value.EN
			if full := " (" + c.Full.EN + ")"; c.Full.EN != "" && len(figure)+len(full) < width {
				figure += full
			}
			figure = terminal.PadLeft(figure, width)
			if c.Bad {
				figure = t.Paint(terminal.Bold+terminal.Red, figure)
			}
			line += figure
		}
		t.Line(line)
	}
	if !v.Size.Whole() {
		t.Line(t.Paint(terminal.Dim, fmt.Sprintf("  In brackets: at full scale, × %s. Ledger instances are at full scale.", v.Size.Times())))
	}
	t.Line("")
	for _, s := range v.Readings {
		t.Wrap("  - ", s.EN)
	}
}

func (t *table) loads(v view) {
	t.Section("OFFERED LOAD", "  scheduled = sent + unsent; sent = ok + refused + failed + in flight")
	t.countsHead(10)
	for _, l := range v.Loads {
		t.counts(l.Strategy, 10, l.Offered)
	}
}

func (t *table) countsHead(nameWidth int) {
	heads := []string{"scheduled", "sent", "unsent", "ok", "refused", "failed", "in flight"}
	t.Line(t.Paint(terminal.Dim, terminal.Row("", nameWidth, heads, 12)))
}

// counts writes the counts of one kind of operation or one run, and whether they add up.
func (t *table) counts(name string, nameWidth int, o reports.Offered) {
	var cells []string
	for _, n := range []int64{o.Scheduled, o.Sent, o.Unsent, o.OK, o.Refused, o.Failed, o.InFlight} {
		cells = append(cells, text.Count(n))
	}
	addsUp := reports.Fail
	if o.Planned() && o.Answered() {
		addsUp = reports.Pass
	}
	t.Line(terminal.Row("  "+text.Quote(name), nameWidth, cells, 12) + "  " + t.Verdict(addsUp, terminal.Mark(addsUp)))
}
