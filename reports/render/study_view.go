package render

import (
	"cmp"
	"fmt"
	"math"

	"hongbao/reports"
	"hongbao/reports/text"
)

// studyView is a study with its formatted table.
type studyView struct {
	*reports.Study
	Title text.Text
	Heads []text.Text // the titles of the designs
	Rows  []studyRow
}

// studyRow is one figure over all designs.
type studyRow struct {
	Name   text.Text
	Values []string
}

func studyViews(r *reports.Record) []studyView {
	out := make([]studyView, len(r.Studies))
	for i := range r.Studies {
		s := &r.Studies[i]
		v := studyView{Study: s, Title: translated(s.Title, s.TitleZH)}
		for _, d := range s.Designs {
			v.Heads = append(v.Heads, translated(d.Title, d.TitleZH))
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

// translated returns a text of the record in both languages. Without a Chinese text the English one is used.
func translated(en, zh string) text.Text {
	return text.Text{EN: text.Quote(en), ZH: text.Quote(cmp.Or(zh, en))}
}

// exact formats a figure: whole numbers in full, numbers below 1 with four decimals, others with three significant digits.
func exact(x float64) string {
	if x == math.Trunc(x) && math.Abs(x) < 1e15 {
		return text.Count(int64(x))
	}
	if math.Abs(x) < 1 {
		return text.TrimZeros(fmt.Sprintf("%.4f", x))
	}
	if x < 0 {
		return "-" + text.Significant(-x)
	}
	return text.Significant(x)
}

// evaluatedText returns how often a check was evaluated and violated.
func evaluatedText(c reports.Check) string {
	return fmt.Sprintf("evaluated %s times, %s violations", text.Count(c.Evaluations), text.Count(c.Violations))
}
