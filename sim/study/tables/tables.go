// Package tables builds the tables of studies: designs with their figures, and the checks on them. The unit of a figure stands
// last in the name of its column. The package must not know any design.
package tables

import "hongbao/reports"

// Column is one figure of a design, computed from the design's result.
type Column[R any] struct {
	reports.StudyColumn
	of func(R) float64
}

// NewColumn returns a column; name ends in the unit of the figure.
func NewColumn[R any](name, title, titleZH string, of func(R) float64) Column[R] {
	return Column[R]{reports.StudyColumn{Name: name, Title: title, TitleZH: titleZH}, of}
}

// Table builds a study. Create with New.
type Table[R any] struct {
	study   reports.Study
	columns []Column[R]
}

// New returns a table without designs. head has the study's names, SPEC ids and notes.
func New[R any](head reports.Study, columns []Column[R]) *Table[R] {
	for _, c := range columns {
		head.Columns = append(head.Columns, c.StudyColumn)
	}
	return &Table[R]{head, columns}
}

// Add appends a design with its figures.
func (t *Table[R]) Add(name, title, titleZH string, result R) {
	row := reports.StudyDesign{Name: name, Title: title, TitleZH: titleZH}
	for _, c := range t.columns {
		row.Values = append(row.Values, c.of(result))
	}
	t.study.Designs = append(t.study.Designs, row)
}

// Study returns the study with its checks and their common verdict.
func (t *Table[R]) Study(checks []reports.Check) reports.Study {
	out := t.study
	out.Checks = checks
	verdicts := make([]reports.Verdict, len(checks))
	for i, c := range checks {
		verdicts[i] = c.Result
	}
	out.Verdict = reports.Combine(verdicts...)
	return out
}
