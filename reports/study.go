package reports

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
