// Package terminal writes text for a terminal, at most Width columns wide, with or without colours.
package terminal

import (
	"strings"
	"unicode/utf8"

	"hongbao/reports"
	"hongbao/reports/text"
)

// Mark is the verdict as one sign, for those who see no colour.
func Mark(v reports.Verdict) string {
	switch v {
	case reports.Pass:
		return "✓"
	case reports.Fail:
		return "✗"
	case reports.Unknown:
		return "?"
	}
	return "·"
}

// Width is the most columns that Table uses, so that it stands unwrapped in a README and half a screen.
const Width = 100

// The escape sequences of Table's colours.
const (
	Bold   = "\x1b[1m"
	Dim    = "\x1b[2m"
	Red    = "\x1b[31m"
	Green  = "\x1b[32m"
	Yellow = "\x1b[33m"
	reset  = "\x1b[0m"
)

// Writer is text for a terminal, at most tableWidth columns wide, with or without colours.
type Writer struct {
	b      strings.Builder
	colour bool
}

// New returns an empty text. Without colour it has no escape sequences.
func New(colour bool) Writer { return Writer{colour: colour} }

// Text returns what was written.
func (t *Writer) Text() string { return t.b.String() }

// Line adds one line.
func (t *Writer) Line(s string) { t.b.WriteString(strings.TrimRight(s, " ") + "\n") }

// Paint returns s in a style, when there are colours.
func (t *Writer) Paint(style, s string) string {
	if !t.colour || s == "" {
		return s
	}
	return style + s + reset
}

// Verdict returns s in the colour of a verdict.
func (t *Writer) Verdict(v reports.Verdict, s string) string {
	style := map[reports.Verdict]string{reports.Pass: Green, reports.Fail: Red, reports.Unknown: Yellow}[v]
	return t.Paint(Bold+style, s)
}

// Wrap writes text in lines that fit, the first after lead and the others below it.
func (t *Writer) Wrap(lead, text string) {
	at, indent := utf8.RuneCountInString(lead), strings.Repeat(" ", utf8.RuneCountInString(lead))
	line := lead
	for _, word := range strings.Fields(text) {
		n := utf8.RuneCountInString(word)
		if at+n > Width && at > len(indent) {
			t.Line(line)
			line, at = indent, len(indent)
		}
		line += word + " "
		at += n + 1
	}
	t.Line(line)
}

// Pad returns s in n columns, left-aligned, cut where it is longer.
func Pad(s string, n int) string {
	s = text.Clip(s, n-1)
	return s + strings.Repeat(" ", n-utf8.RuneCountInString(s))
}

// PadLeft returns s in n columns, right-aligned, cut where it is longer.
func PadLeft(s string, n int) string {
	s = text.Clip(s, n-1)
	return strings.Repeat(" ", n-utf8.RuneCountInString(s)) + s
}
