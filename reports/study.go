package reports

import (
	"fmt"

	"hongbao/reports/text"
)

// Study compares several designs of one thing under the same load, beside the festival itself: such as three ways to
// keep a running total.
type Study struct {
	Name    string        `json:"name"` // such as "running-total"
	Title   string        `json:"title"`
	TitleZH string        `json:"title_zh"`
	Spec    []string      `json:"spec"` // SPEC ids
	Columns []StudyColumn `json:"columns"`
	Designs []StudyDesign `json:"designs"`
	Checks  []Check       `json:"checks"`  // what must be true; of our design, and of a source's flaw that must show
	Verdict Verdict       `json:"verdict"` // over Checks
	Notes   []string      `json:"notes"`   // what was assumed, for people
}

// StudyColumn is one figure that every design has.
type StudyColumn struct {
	Name    string `json:"name"` // with its unit last, such as "error_max_ppm"
	Title   string `json:"title"`
	TitleZH string `json:"title_zh"`
}

// StudyDesign is one row: a design and its figures, one a column.
type StudyDesign struct {
	Name    string    `json:"name"` // such as "plan-two"
	Title   string    `json:"title"`
	TitleZH string    `json:"title_zh"`
	Values  []float64 `json:"values"`
}

// The bounds of studies in a record: what fits on a page.
const (
	MaxStudies = 8
	MaxDesigns = 8
	MaxFigures = 64 // of one design
)

// validate returns an error for a study that cannot be shown as it stands, or claims more than its checks.
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
				return bad("%s: a figure of design %s is no number", what, text.Quote(d.Name))
			}
		}
	}
	return validatePart(what, s.Verdict, false, s.Checks, Offered{}, nil)
}

// Evaluated says how often a check was looked at.
func Evaluated(c Check) string {
	return fmt.Sprintf("evaluated %s times, %s violations", text.Count(c.Evaluations), text.Count(c.Violations))
}
