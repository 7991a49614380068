package reports

import (
	"hongbao/reports/text"
)

// Study compares several designs of one component under the same load, in addition to the runs: for example three ways to
// keep a running total.
type Study struct {
	Name    string        `json:"name"` // such as "running-total"
	Title   string        `json:"title"`
	TitleZH string        `json:"title_zh"`
	Spec    []string      `json:"spec"` // SPEC ids
	Columns []StudyColumn `json:"columns"`
	Designs []StudyDesign `json:"designs"`
	Checks  []Check       `json:"checks"`  // conditions on our design, and that a known flaw of the source's design shows
	Verdict Verdict       `json:"verdict"` // over Checks
	Notes   []string      `json:"notes"`   // assumptions, for the reader
}

// StudyColumn describes one figure. Every design has a value for it.
type StudyColumn struct {
	Name    string `json:"name"` // ends in its unit, such as "error_max_ppm"
	Title   string `json:"title"`
	TitleZH string `json:"title_zh"`
}

// StudyDesign is one design with its figures, one per column.
type StudyDesign struct {
	Name    string    `json:"name"` // such as "plan-two"
	Title   string    `json:"title"`
	TitleZH string    `json:"title_zh"`
	Values  []float64 `json:"values"`
}

// The bounds of studies in a record: the most that fits on a page.
const (
	MaxStudies = 8
	MaxDesigns = 8
	MaxFigures = 64 // of one design
)

// validate returns an error if the study exceeds the bounds, or if its verdict is better than those of its checks.
func (s *Study) validate() error {
	what := "study " + text.Quote(s.Name)
	if len(s.Designs) == 0 || len(s.Designs) > MaxDesigns || len(s.Columns) == 0 || len(s.Columns) > MaxFigures || len(s.Checks) > MaxChecks || len(s.Notes) > MaxRows {
		return bad("%s: %d designs, %d figures, %d checks or %d notes", what, len(s.Designs), len(s.Columns), len(s.Checks), len(s.Notes))
	}
	for _, d := range s.Designs {
		if len(d.Values) != len(s.Columns) {
			return bad("%s: design %s has %d figures, not %d", what, text.Quote(d.Name), len(d.Values), len(s.Columns))
		}
		for _, v := range d.Values {
			if !Finite(v) {
				return bad("%s: a figure of design %s is not a finite number", what, text.Quote(d.Name))
			}
		}
	}
	return validatePart(what, s.Verdict, false, s.Checks, Offered{}, nil)
}
