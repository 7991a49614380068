package reports

import (
	"fmt"
	"math"
	"strings"
)

// The bounds of studies in a record: what fits on a page.
const (
	MaxStudies = 8
	MaxDesigns = 8
	MaxFigures = 64 // of one design
)

// validate returns an error for a study that cannot be shown as it stands, or claims more than its checks.
func (s *Study) validate() error {
	what := "study " + quote(s.Name)
	if len(s.Designs) == 0 || len(s.Designs) > MaxDesigns || len(s.Columns) == 0 || len(s.Columns) > MaxFigures || len(s.Checks) > MaxChecks || len(s.Notes) > MaxRows {
		return bad("%s: %d designs, %d figures, %d checks or %d notes", what, len(s.Designs), len(s.Columns), len(s.Checks), len(s.Notes))
	}
	for _, d := range s.Designs {
		if len(d.Values) != len(s.Columns) {
			return bad("%s: design %s has %d figures, not %d", what, quote(d.Name), len(d.Values), len(s.Columns))
		}
		for _, v := range d.Values {
			if !finite(v) {
				return bad("%s: a figure of design %s is no number", what, quote(d.Name))
			}
		}
	}
	return validatePart(what, s.Verdict, false, s.Checks, Offered{}, nil)
}

// studyView is a study made ready to be read.
type studyView struct {
	*Study
	Title Text
	Heads []studyHead
	Rows  []studyRow
}

// studyHead names a design in full and in short.
type studyHead struct {
	Name  string
	Title Text
}

// studyRow is one figure over all designs.
type studyRow struct {
	Name   Text
	Values []string
}

func studyViews(r *Record) []studyView {
	out := make([]studyView, len(r.Studies))
	for i := range r.Studies {
		s := &r.Studies[i]
		v := studyView{Study: s, Title: translated(s.Title, s.TitleZH)}
		for _, d := range s.Designs {
			v.Heads = append(v.Heads, studyHead{quote(d.Name), translated(d.Title, d.TitleZH)})
		}
		for c, column := range s.Columns {
			row := studyRow{Name: translated(column.Title, column.TitleZH)}
			for _, d := range s.Designs {
				row.Values = append(row.Values, exact(d.Values[c]))
			}
			v.Rows = append(v.Rows, row)
		}
		out[i] = v
	}
	return out
}

// translated returns a text of the record in both languages; without a Chinese one the English stands for it.
func translated(en, zh string) Text {
	if zh == "" {
		zh = en
	}
	return Text{quote(en), quote(zh)}
}

// exact formats a figure: whole numbers in full, others with three digits or so.
func exact(x float64) string {
	if x == math.Trunc(x) && math.Abs(x) < 1e15 {
		return count(int64(x))
	}
	if math.Abs(x) < 1 {
		return trimZeros(fmt.Sprintf("%.4f", x))
	}
	if x < 0 {
		return "-" + significant(-x)
	}
	return significant(x)
}

// studies writes the comparisons for a terminal.
func (t *table) studies(v view) {
	for _, s := range v.Compared {
		t.line("")
		t.line(t.paint(bold, strings.ToUpper(s.Title.EN)))
		for i, h := range s.Heads {
			t.wrap(fmt.Sprintf("  [%d] ", i+1), h.Title.EN)
		}
		const value = 12
		name := max(24, tableWidth-2-value*len(s.Heads))
		head := pad("", name+2)
		for i := range s.Heads {
			head += fmt.Sprintf("%*s", value, fmt.Sprintf("[%d]", i+1))
		}
		t.line(t.paint(bold, head))
		for _, row := range s.Rows {
			line := "  " + pad(row.Name.EN, name)
			for _, x := range row.Values {
				line += fmt.Sprintf("%*s", value, x)
			}
			t.line(line)
		}
		for _, c := range s.Checks {
			t.line("  " + t.verdict(c.Result, mark(c.Result)) + " " + pad(quote(c.Name), 34) + fmt.Sprintf("%-14s%s", quote(strings.Join(c.Spec, " ")), evaluated(c)))
			if c.First != "" {
				t.wrap("      ", quote(c.First))
			}
		}
		for _, n := range s.Notes {
			t.wrap("  - ", quote(n))
		}
	}
}

// evaluated says how often a check was looked at.
func evaluated(c Check) string {
	return fmt.Sprintf("evaluated %s times, %s violations", count(c.Evaluations), count(c.Violations))
}

// markdownStudies writes the comparisons for a summary.
func markdownStudies(b *strings.Builder, v view) {
	for _, s := range v.Compared {
		fmt.Fprintf(b, "### %s\n\n| |", md(s.Title.EN))
		for _, h := range s.Heads {
			fmt.Fprintf(b, " %s |", md(h.Title.EN))
		}
		b.WriteString("\n|---|" + strings.Repeat("---:|", len(s.Heads)) + "\n")
		for _, row := range s.Rows {
			fmt.Fprintf(b, "| %s | %s |\n", md(row.Name.EN), strings.Join(row.Values, " | "))
		}
		b.WriteString("\n")
		for _, c := range s.Checks {
			fmt.Fprintf(b, "- %s %s (%s): %s", mark(c.Result), md(c.Name), md(strings.Join(c.Spec, " ")), evaluated(c))
			if c.First != "" {
				b.WriteString(". " + md(c.First))
			}
			b.WriteString("\n")
		}
		for _, n := range s.Notes {
			fmt.Fprintf(b, "- %s\n", md(n))
		}
		b.WriteString("\n")
	}
}
