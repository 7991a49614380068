// Package compare compares two load tests of one scenario, or one with a baseline, and decides whether the candidate is
// worse. Changes are ratios; an interval that holds 1 is no change. It must not read anything but records.
package compare

import (
	"errors"
	"fmt"
	"math"

	"hongbao/reports"
	"hongbao/reports/text"
)

// DiffSchema is the version of a comparison's JSON.
const DiffSchema = "hongbao/compare/v1"

// ErrDifferent is wrapped by the error about two sides that are not to be compared.
var ErrDifferent = errors.New("reports: not comparable")

// Diff is a candidate compared with its base.
type Diff struct {
	Schema     string          `json:"schema"`
	Result     reports.Verdict `json:"result"` // fail: a regression; unknown: the figures prove nothing
	Why        []string        `json:"why"`    // of a result that is no pass
	Notes      []string        `json:"notes"`
	Scenario   string          `json:"scenario"`
	Base       Side            `json:"base"`
	Candidate  Side            `json:"candidate"`
	MinChange  float64         `json:"min_change"` // as a share; smaller changes are of no account
	Confidence float64         `json:"confidence"` // of all intervals together
	Pairs      int             `json:"pairs"`      // rounds that were compared one by one; 0: the sides were compared as a whole
	Blind      bool            `json:"blind"`      // noise of the pairs could hide what they promise to show
	Rows       []DiffRow       `json:"rows"`
	Checks     []CheckChange   `json:"checks"` // those that came to something else

	scarce bool // too many rounds were left out
}

// Side is one of the two.
type Side struct {
	Commit string `json:"commit"`
	Runs   int    `json:"runs"`
}

// Change says how a figure moved.
type Change string

// The changes. Noisy: the repeats differ too much, or are too few, to tell.
const (
	Worse  Change = "worse"
	Better Change = "better"
	Same   Change = "same"
	Noisy  Change = "noisy"
)

// DiffRow is one figure on both sides. Of a share, By, Low and High are differences, else ratios to the base.
type DiffRow struct {
	Name      string  `json:"name"`
	Better    string  `json:"better"`
	Share     bool    `json:"share"`
	Base      float64 `json:"base"` // the typical value: the geometric mean, of a share the mean
	Candidate float64 `json:"candidate"`
	By        float64 `json:"by"`
	Low       float64 `json:"low"`  // of the interval; equal to By where the noise is not known,
	High      float64 `json:"high"` // or where there is none
	Known     bool    `json:"known"`
	Change    Change  `json:"change"`
}

// CheckChange is a check that came to something else.
type CheckChange struct {
	Name      string          `json:"name"`
	Base      reports.Verdict `json:"base"`
	Candidate reports.Verdict `json:"candidate"`
}

// DefaultMinChange is the least change that counts unless somebody says otherwise: 5%.
const DefaultMinChange = 0.05

// With one run on a side its noise is not known. Then a figure counts as moved only when it doubled or halved, or a
// share when it moved by one in a hundred: single runs of one build on a busy machine differ by less.
const (
	loneRatio = 2.0
	loneShare = 0.01
)

// Compare says what moved from base to candidate by minChange, a share, or more. ErrDifferent: the two are not of the
// same scenario, setting or environment, and different does not allow that; or they are of different kinds.
func Compare(base, candidate *Baseline, minChange float64, different bool) (*Diff, error) {
	d := &Diff{Schema: DiffSchema, Scenario: candidate.Scenario, MinChange: minChange, Confidence: FamilyConfidence, Why: []string{}, Notes: []string{}, Rows: []DiffRow{}, Checks: []CheckChange{},
		Base: Side{base.Commit, base.Runs}, Candidate: Side{candidate.Commit, candidate.Runs}}
	differ := differences(base, candidate)
	if base.Kind != candidate.Kind || len(differ) > 0 && !different {
		return nil, fmt.Errorf("%w: %s", ErrDifferent, joined(differ))
	}
	for _, what := range differ {
		d.Notes = append(d.Notes, "different, but allowed: "+what)
	}
	if b, c, ok := d.pair(base, candidate); ok {
		base, candidate = b, c
	}
	d.compareFigures(base, candidate)
	d.compareChecks(base, candidate)
	d.compareDigests(base, candidate, len(differ) == 0)
	d.conclude(base, candidate)
	return d, nil
}

// yardstick is what a figure is measured with.
type yardstick struct {
	tail      float64 // the chance of a change beyond either end of its interval
	minChange float64
	paired    bool // the i-th values of both sides belong together
}

func (d *Diff) compareFigures(base, candidate *Baseline) {
	noisy, decides := 0, false // figures that have an interval
	for _, f := range candidate.Figures {
		if b := base.figure(f.Name); b != nil && !f.Exact && len(f.Values) > 1 && len(b.Values) > 1 {
			noisy++
			decides = decides || f.Name == Deciding
		}
	}
	for i := range candidate.Figures {
		f := &candidate.Figures[i]
		b := base.figure(f.Name)
		if b == nil {
			d.Notes = append(d.Notes, "the base has no "+text.Quote(f.Name))
			continue
		}
		y := yardstick{tail: tailOf(f.Name, noisy, decides), minChange: d.MinChange, paired: d.Pairs > 0}
		d.Rows = append(d.Rows, compareFigure(f, b.Values, f.Values, y))
	}
	for _, f := range base.Figures {
		if candidate.figure(f.Name) == nil {
			d.Notes = append(d.Notes, "the candidate has no "+text.Quote(f.Name))
		}
	}
	if candidate.Kind == "load" && noisy == 0 && d.Pairs == 0 && !d.scarce {
		d.Notes = append(d.Notes, "one run a side: the noise is not known, so only what doubled or halved counts; repeat the load to see less")
	}
}

// compareFigure compares the values of two sides.
func compareFigure(f *Figure, base, candidate []float64, of yardstick) DiffRow {
	row := DiffRow{Name: f.Name, Better: f.Better, Share: f.Share, Base: mean(base), Candidate: mean(candidate),
		Known: f.Exact || len(base) > 1 && len(candidate) > 1}
	repeated := row.Known && !f.Exact
	var by interval
	least, noAccount := 0.0, false // what counts
	if f.Share {
		by.guess, least = row.Candidate-row.Base, f.Floor
		if repeated {
			by = of.difference(base, candidate, 0)
		} else if !row.Known {
			least = loneShare
		}
	} else {
		a, b := atLeast(base, f.Floor), atLeast(candidate, f.Floor)
		x, y := geometric(a), geometric(b)
		by.guess, least, noAccount = y/x, of.minChange, math.Abs(y-x) <= f.Floor
		if repeated {
			by = of.ratio(a, b)
		} else if !row.Known {
			least = loneRatio - 1
		}
		if repeated && min(x, y) > f.Floor { // below it the logarithms are of the floor
			row.Base, row.Candidate = x, y
		}
	}
	if !repeated {
		by.low, by.high = by.guess, by.guess
	}
	row.By, row.Low, row.High = by.guess, by.low, by.high
	row.Change = change(by, f, least, noAccount, row.Known)
	return row
}

// change says what an interval means. Changes of least and more count; none does when it is of no account.
func change(by interval, f *Figure, least float64, noAccount, known bool) Change {
	zero, up, down := 1.0, 1+least, 1/(1+least)
	if f.Share {
		zero, up, down = 0, least, -least
	}
	rises, falls := Worse, Better
	if f.Better == Higher {
		rises, falls = Better, Worse
	}
	switch {
	case noAccount && known:
		return Same
	case by.low > zero && by.guess >= up && by.guess > zero:
		return rises
	case by.high < zero && by.guess <= down && by.guess < zero:
		return falls
	case !known:
		return Noisy
	case by.low >= down && by.high <= up, by.low > zero && by.guess < up, by.high < zero && by.guess > down:
		return Same
	}
	return Noisy
}

// tiny stands for nothing where a logarithm is taken.
const tiny = 1e-9

func atLeast(xs []float64, floor float64) []float64 {
	out := make([]float64, len(xs))
	for i, x := range xs {
		out[i] = max(x, floor, tiny)
	}
	return out
}

func mean(xs []float64) float64 {
	sum := 0.0
	for _, x := range xs {
		sum += x
	}
	return sum / float64(len(xs))
}

func geometric(xs []float64) float64 {
	sum := 0.0
	for _, x := range xs {
		sum += math.Log(x)
	}
	return math.Exp(sum / float64(len(xs)))
}
