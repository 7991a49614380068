// Package terminal lays out text for a terminal, at most Width columns wide, with or without colours. It writes to memory
// only.
package terminal

import (
	"cmp"
	"strings"
	"unicode/utf8"

	"hongbao/reports"
	"hongbao/reports/text"
)

// Mark returns the verdict as one character, for output without colours.
func Mark(v reports.Verdict) string {
	return cmp.Or(map[reports.Verdict]string{reports.Pass: "✓", reports.Fail: "✗", reports.Unknown: "?"}[v], "·")
}

// Width is the number of columns of a line, so that lines are not wrapped in a README or on half a screen.
const Width = 100

// The styles of Writer.Paint, as escape sequences.
const (
	Bold   = "\x1b[1m"
	Dim    = "\x1b[2m"
	Red    = "\x1b[31m"
	Green  = "\x1b[32m"
	Yellow = "\x1b[33m"
	reset  = "\x1b[0m"
)

// Writer collects lines of text.
type Writer struct {
	b      strings.Builder
	colour bool
}

// New returns an empty Writer. Without colour it writes no escape sequences.
func New(colour bool) Writer { return Writer{colour: colour} }

// Text returns all lines.
func (t *Writer) Text() string { return t.b.String() }

// Line adds one line, without trailing spaces.
func (t *Writer) Line(s string) { t.b.WriteString(strings.TrimRight(s, " ") + "\n") }

// Paint returns s in a style, or s alone if there are no colours.
func (t *Writer) Paint(style, s string) string {
	if !t.colour || s == "" {
		return s
	}
	return style + s + reset
}

// Verdict returns s in bold and in the colour of a verdict.
func (t *Writer) Verdict(v reports.Verdict, s string) string {
	style := map[reports.Verdict]string{reports.Pass: Green, reports.Fail: Red, reports.Unknown: Yellow}[v]
	return t.Paint(Bold+style, s)
}

// Wrap adds text in lines of at most Width columns, as returned by the function Wrap.
func (t *Writer) Wrap(lead, text string) {
	for line := range strings.SplitSeq(Wrap(lead, text), "\n") {
		t.Line(line)
	}
}

// Wrap returns text in lines of at most Width columns. The first line begins with lead, and the others are indented by its
// width.
func Wrap(lead, text string) string {
	out := ""
	at, indent := utf8.RuneCountInString(lead), strings.Repeat(" ", utf8.RuneCountInString(lead))
	line := lead
	for _, word := range strings.Fields(text) {
		n := utf8.RuneCountInString(word)
		if at+n > Width && at > len(indent) {
			out += line + "\n"
			line, at = indent, len(indent)
		}
		line += word + " "
		at += n + 1
	}
	return out + line
}

// Row returns a row of a table: a name in nameWidth columns, then each cell in width columns, right-aligned.
func Row(name string, nameWidth int, cells []string, width int) string {
	line := Pad(name, nameWidth)
	for _, c := range cells {
		line += PadLeft(c, width)
	}
	return line
}

// Pad returns s in n columns, left-aligned. A text longer than n-1 columns is cut.
func Pad(s string, n int) string {
	s = text.Clip(s, n-1)
	return s + strings.Repeat(" ", n-utf8.RuneCountInString(s))
}

// PadLeft returns s in n columns, right-aligned. A text longer than n-1 columns is cut.
func PadLeft(s string, n int) string {
	s = text.Clip(s, n-1)
	return strings.Repeat(" ", n-utf8.RuneCountInString(s)) + s
}
