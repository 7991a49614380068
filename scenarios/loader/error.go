package loader

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// MaxFaults bounds the faults that one error lists. More do not fit a screen, and the first ones often cause the others.
const MaxFaults = 20

// maxSnippet bounds the part of a faulty line that is shown, in characters.
const maxSnippet = 120

// Error is one fault of a scenario file. Load and Parse return all of them, joined.
type Error struct {
	File    string
	Line    int    // from 1; 0 if the fault concerns the whole file
	Column  int    // in characters, from 1
	Snippet string // the offending line
	Problem string // description of the fault
	Hint    string // how to correct it
	cause   error
}

// Unwrap returns the error of the operating system, or nil.
func (e *Error) Unwrap() error { return e.cause }

// Error prints the place, the line with a caret under the fault, and the hint.
func (e *Error) Error() string {
	var b strings.Builder
	if e.Line == 0 {
		fmt.Fprintf(&b, "%s: %s", e.File, e.Problem)
		if e.cause != nil {
			fmt.Fprintf(&b, ": %v", e.cause)
		}
	} else {
		text, before := excerpt(e.Snippet, e.Column-1)
		number := fmt.Sprint(e.Line)
		fmt.Fprintf(&b, "%s:%d:%d: %s\n  %s | %s\n  %*s | %s^", e.File, e.Line, e.Column, e.Problem,
			number, text, len(number), "", blank(before))
	}
	if e.Hint != "" {
		fmt.Fprintf(&b, "\n  hint: %s", e.Hint)
	}
	return b.String()
}

// excerpt returns at most maxSnippet characters of the line around the column, and the part of them before the column.
func excerpt(line string, column int) (text, before string) {
	r := []rune(line)
	column = min(max(column, 0), len(r))
	from := max(0, column-maxSnippet/2)
	to := min(len(r), from+maxSnippet)
	return string(r[from:to]), string(r[from:column])
}

// blank returns white space with the width of s on a terminal. Chinese characters take two columns.
func blank(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return '\t'
		case r >= 0x1100:
			return '\u3000'
		default:
			return ' '
		}
	}, s)
}

// printable replaces the characters of s that would disturb a terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' || r >= 0x7f && r < 0xa0 {
			return '\ufffd'
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
}

// spot is a place in a file, both from 1. The zero spot is the whole file.
type spot struct{ line, column int }

// faults collects the faults of one file.
type faults struct {
	file   string
	joined joined // the lines taken from another file
	lines  []string
	found  []*Error
}

// add records a fault; problem is a format string for args.
func (f *faults) add(at spot, hint, problem string, args ...any) {
	file, line := f.joined.place(f.file, at.line)
	e := &Error{File: file, Line: line, Column: at.column, Problem: printable(fmt.Sprintf(problem, args...)), Hint: hint}
	if at.line > 0 && at.line <= len(f.lines) {
		e.Snippet = printable(f.lines[at.line-1])
	}
	f.found = append(f.found, e)
}

// refuse records a fault of the value at p if it was read and is wrong. A value that was not read has its fault already.
func (f *faults) refuse(p place, wrong bool, hint, problem string, args ...any) {
	if p.ok && wrong {
		f.add(p.at, hint, problem, args...)
	}
}

// err returns the first MaxFaults faults in order of their places, or nil if there are none.
func (f *faults) err() error {
	slices.SortStableFunc(f.found, func(a, b *Error) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	var all []error
	for i, e := range f.found {
		if i == MaxFaults {
			all = append(all, &Error{File: f.file, Problem: fmt.Sprintf("and %d more faults", len(f.found)-i)})
			break
		}
		all = append(all, e)
	}
	return errors.Join(all...)
}
