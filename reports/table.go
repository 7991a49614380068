package reports

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

// tableWidth is the most columns that Table uses, so that it stands unwrapped in a README and half a screen.
const tableWidth = 100

// The escape sequences of Table's colours.
const (
	bold   = "\x1b[1m"
	dim    = "\x1b[2m"
	red    = "\x1b[31m"
	green  = "\x1b[32m"
	yellow = "\x1b[33m"
	reset  = "\x1b[0m"
)

// Table writes r for a terminal, in English and at most 100 columns wide. With colour it adds escape sequences and
// nothing else, so that both forms line up alike.
func Table(w io.Writer, r *Record, colour bool) error {
	t := table{newTerminal(colour)}
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
	t.line("")
	t.line(t.paint(dim, "digest ") + quote(r.Digest))
	t.line(t.paint(dim, "replay ") + quote(r.Replay))
	_, err := io.WriteString(w, t.text())
	return err
}

// Paths writes where the renderings of a run lie.
func Paths(w io.Writer, dir string) error {
	_, err := fmt.Fprintf(w, "report %s\n       %s, %s and %s beside it\n", filepath.Join(dir, HTMLFile), RecordFile, SummaryFile, JUnitFile)
	return err
}

// table is a record that is being written for a terminal.
type table struct{ terminal }

// terminal is text for a terminal, at most tableWidth columns wide, with or without colours.
type terminal struct {
	b      strings.Builder
	colour bool
}

// newTerminal returns an empty text. Without colour it has no escape sequences.
func newTerminal(colour bool) terminal { return terminal{colour: colour} }

// text returns what was written.
func (t *terminal) text() string { return t.b.String() }

// line adds one line.
func (t *terminal) line(s string) { t.b.WriteString(strings.TrimRight(s, " ") + "\n") }

// paint returns s in a style, when there are colours.
func (t *terminal) paint(style, s string) string {
	if !t.colour || s == "" {
		return s
	}
	return style + s + reset
}

// verdict returns s in the colour of a verdict.
func (t *terminal) verdict(v Verdict, s string) string {
	style := map[Verdict]string{Pass: green, Fail: red, Unknown: yellow}[v]
	return t.paint(bold+style, s)
}

// wrap writes text in lines that fit, the first after lead and the others below it.
func (t *terminal) wrap(lead, text string) {
	at, indent := utf8.RuneCountInString(lead), strings.Repeat(" ", utf8.RuneCountInString(lead))
	line := lead
	for _, word := range strings.Fields(text) {
		n := utf8.RuneCountInString(word)
		if at+n > tableWidth && at > len(indent) {
			t.line(line)
			line, at = indent, len(indent)
		}
		line += word + " "
		at += n + 1
	}
	t.line(line)
}

func (t *table) head(v view) {
	t.line(t.verdict(v.Verdict, mark(v.Verdict)+" "+strings.ToUpper(string(v.Verdict))) + "  " + t.paint(bold, clip(quote(v.Scenario.Title), tableWidth-12)))
	t.wrap("  ", v.Headline.EN)
	for _, d := range v.Doubts {
		t.wrap("  ! ", d.EN)
	}
	t.line("")
	t.wrap("  ", fmt.Sprintf("%s %s · %s · seed %d · commit %s", kindName(v.Kind).EN, quote(v.Scenario.Name), v.sizeWords(), v.Seed, orDash(shortCommit(v.Commit))))
}

func (t *table) checks(v view) {
	const nameWidth, specWidth = 38, 14
	marks := v.Runs
	if len(marks) > 3 { // more do not fit beside the figures; the page has them all
		marks = nil
	}
	t.line("")
	head := fmt.Sprintf("%-*s%-*s%13s%12s ", nameWidth+4, "CHECKS", specWidth, "spec", "evaluations", "violations")
	for _, run := range marks {
		head += " " + clip(quote(run.Short()), 5)
	}
	t.line(t.paint(bold, clip(head, tableWidth)))
	for _, c := range v.Checks {
		line := "  " + t.verdict(c.Result, mark(c.Result)) + " " + pad(quote(c.Name), nameWidth) + pad(quote(strings.Join(c.Spec, " ")), specWidth) +
			fmt.Sprintf("%13s%12s ", count(c.Evaluations), count(c.Violations))
		for j, by := range c.By[:len(marks)] {
			line += " " + t.verdict(by, mark(by)) + strings.Repeat(" ", max(0, utf8.RuneCountInString(clip(quote(marks[j].Short()), 5))-1))
		}
		t.line(line)
		if c.First != "" {
			t.wrap("      first: ", c.First)
		}
		if c.Worst != "" && c.Worst != c.First {
			t.wrap("      worst: ", c.Worst)
		}
	}
}

func (t *table) comparison(v view) {
	if len(v.Rows) == 0 {
		return
	}
	const nameWidth = 38
	width := (tableWidth - nameWidth) / max(3, len(v.Runs))
	t.line("")
	head := pad("STRATEGIES", nameWidth)
	for _, run := range v.Runs {
		head += padLeft(quote(run.Strategy), width)
	}
	t.line(t.paint(bold, head))
	for _, row := range v.Rows {
		if row.Group.EN != "" {
			t.line(t.paint(dim, "  "+row.Group.EN))
		}
		line := pad("    "+row.Name.EN, nameWidth)
		for _, c := range row.Cells {
			text := c.Value.EN
			if full := " (" + c.Full.EN + ")"; c.Full.EN != "" && len(text)+len(full) < width {
				text += full
			}
			text = padLeft(text, width)
			if c.Bad {
				text = t.paint(bold+red, text)
			}
			line += text
		}
		t.line(line)
	}
	if !v.Size.Whole() {
		t.line(t.paint(dim, fmt.Sprintf("  In brackets: at full scale, × %s. Ledger instances are at full scale.", v.Size.Times())))
	}
	t.line("")
	for _, s := range v.Readings {
		t.wrap("  - ", s.EN)
	}
}

func (t *table) loads(v view) {
	t.line("")
	t.line(t.paint(bold, "OFFERED LOAD") + t.paint(dim, "  scheduled = sent + unsent; sent = ok + refused + failed + in flight"))
	t.accountsHead(10)
	for _, l := range v.Loads {
		t.account(l.Strategy, 10, l.Offered)
	}
}

func (t *table) accountsHead(nameWidth int) {
	head := pad("", nameWidth)
	for _, h := range []string{"scheduled", "sent", "unsent", "ok", "refused", "failed", "in flight"} {
		head += padLeft(h, 12)
	}
	t.line(t.paint(dim, head))
}

// account writes one account, with whether it adds up.
func (t *table) account(name string, nameWidth int, o Offered) {
	line := pad("  "+quote(name), nameWidth)
	for _, n := range []int64{o.Scheduled, o.Sent, o.Unsent, o.OK, o.Refused, o.Failed, o.InFlight} {
		line += padLeft(count(n), 12)
	}
	if o.Planned() && o.Answered() {
		line += "  " + t.verdict(Pass, mark(Pass))
	} else {
		line += "  " + t.verdict(Fail, mark(Fail))
	}
	t.line(line)
}

// orDash returns s, or a dash if it is empty.
func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// clip cuts s to n columns, with a mark where it was longer.
func clip(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n-1]) + "…"
}

// pad returns s in n columns, left-aligned, cut where it is longer.
func pad(s string, n int) string {
	s = clip(s, n-1)
	return s + strings.Repeat(" ", n-utf8.RuneCountInString(s))
}

// padLeft returns s in n columns, right-aligned, cut where it is longer.
func padLeft(s string, n int) string {
	s = clip(s, n-1)
	return strings.Repeat(" ", n-utf8.RuneCountInString(s)) + s
}
