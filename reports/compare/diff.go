// Package compare compares two runs of one scenario, of which one may be a baseline file, and decides whether the candidate is
// worse. A change is a ratio to the base, or a difference for shares. The package reads only records and baselines.
package compare

import (
	"errors"
	"fmt"
	"math"

	"hongbao/reports"
	"hongbao/reports/text"
)

// diffSchema is the version of a comparison's JSON.
const diffSchema = "hongbao/compare/v1"

// ErrDifferent is wrapped by the error about two sides that are not comparable.
var ErrDifferent = errors.New("reports: not comparable")

// Diff is the comparison of a candidate with its base.
type Diff struct {
	Schema     string          `json:"schema"`
	Result     reports.Verdict `json:"result"` // fail: a regression; unknown: the figures are unreliable
	Why        []string        `json:"why"`    // reasons of a result that is not pass
	Notes      []string        `json:"notes"`
	Scenario   string          `json:"scenario"`
	Base       Side            `json:"base"`
	Candidate  Side            `json:"candidate"`
	MinChange  float64         `json:"min_change"` // as a share; smaller changes are ignored
	Confidence float64         `json:"confidence"` // joint confidence of all intervals
	Pairs      int             `json:"pairs"`      // rounds compared in pairs; 0: the sides were not compared in pairs
	Blind      bool            `json:"blind"`      // noise of the pairs could hide a slowdown that they must detect
	Rows       []DiffRow       `json:"rows"`
	Checks     []CheckChange   `json:"checks"` // checks whose result changed

	tooFewRounds bool // too many rounds were excluded
}

// Side describes the base or the candidate.
type Side struct {
	Commit string `json:"commit"`
	Runs   int    `json:"runs"`
}

// Change is the direction of a change of a figure.
type Change string

// The changes. Noisy: the repeats differ too much or are too few for a decision.
const (
	Worse  Change = "worse"
	Better Change = "better"
	Same   Change = "same"
	Noisy  Change = "noisy"
)

// DiffRow compares one figure. By, Low and High are differences for a share, else ratios to the base.
type DiffRow struct {
	Name      string  `json:"name"`
	Better    string  `json:"better"`
	Share     bool    `json:"share"`
	Base      float64 `json:"base"` // typical value: the mean of a share, the geometric mean of others
	Candidate float64 `json:"candidate"`
	By        float64 `json:"by"`
	Low       float64 `json:"low"`  // of the interval; Low and High equal By
	High      float64 `json:"high"` // if the noise is unknown or zero
	Known     bool    `json:"known"`
	Change    Change  `json:"change"`
}

// CheckChange is a check whose result changed.
type CheckChange struct {
	Name      string          `json:"name"`
	Base      reports.Verdict `json:"base"`
	Candidate reports.Verdict `json:"candidate"`
}

// With one run on a side the noise is unknown. Then a figure counts as changed only if it doubled or halved, and a share if it
// changed by 0.01. Single runs of one build on a busy machine differ by less.
const (
	singleRunRatio = 2.0
	singleRunShare = 0.01
)

// Compare compares candidate with base. Changes below minChange, a share, are ignored. ErrDifferent: the two differ in
// scenario, setting or environment and allowDifferent is false, or they differ in kind.
func Compare(base, candidate *Baseline, minChange float64, allowDifferent bool) (*Diff, error) {
	d := &Diff{Schema: diffSchema, Scenario: candidate.Scenario, MinChange: minChange, Confidence: familyConfidence, Why: []string{}, Notes: []string{}, Rows: []DiffRow{}, Checks: []CheckChange{},
		Base: Side{base.Commit, base.Runs}, Candidate: Side{candidate.Commit, candidate.Runs}}
	differ := differences(base, candidate)
	if base.Kind != candidate.Kind || len(differ) > 0 && !allowDifferent {
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

// criteria are the parameters of the comparison of one figure.
type criteria struct {
	tail      float64 // probability that the true change is above the interval, and the same for below
	minChange float64
	paired    bool                    // the i-th values of both sides belong to one round
	quantiles map[studentArgs]float64 // known results of studentQuantile; nil: they are not stored
}

func (d *Diff) compareFigures(base, candidate *Baseline) {
	noisy, hasDeciding := 0, false // figures that have an interval; whether one of them is Deciding
	for _, f := range candidate.Figures {
		if b := base.figure(f.Name); b != nil && !f.Exact && len(f.Values) > 1 && len(b.Values) > 1 {
			noisy++
			hasDeciding = hasDeciding || f.Name == Deciding
		}
	}
	quantiles := map[studentArgs]float64{} // of this comparison only, so at most one per figure
	for i := range candidate.Figures {
		f := &candidate.Figures[i]
		b := base.figure(f.Name)
		if b == nil {
			d.Notes = append(d.Notes, "the base has no figure "+text.Quote(f.Name))
			continue
		}
		by := criteria{tail: tailOf(f.Name, noisy, hasDeciding), minChange: d.MinChange, paired: d.Pairs > 0, quantiles: quantiles}
		d.Rows = append(d.Rows, compareFigure(f, b.Values, f.Values, by))
	}
	for _, f := range base.Figures {
		if candidate.figure(f.Name) == nil {
			d.Notes = append(d.Notes, "the candidate has no figure "+text.Quote(f.Name))
		}
	}
	if candidate.Kind == "load" && noisy == 0 && d.Pairs == 0 && !d.tooFewRounds {
		d.Notes = append(d.Notes, "one run per side: the noise is unknown, so only a figure that doubled or halved counts; repeat the load to detect smaller changes")
	}
}

// compareFigure compares the values of f on the two sides.
func compareFigure(f *Figure, base, candidate []float64, with criteria) DiffRow {
	row := DiffRow{Name: f.Name, Better: f.Better, Share: f.Share, Base: mean(base), Candidate: mean(candidate),
		Known: f.Exact || len(base) > 1 && len(candidate) > 1}
	repeated := row.Known && !f.Exact
	var by interval
	least, belowFloor := 0.0, false // the smallest change that counts; the change is within the floor
	if f.Share {
		by.guess, least = row.Candidate-row.Base, f.Floor
		if repeated {
			by = with.difference(base, candidate, 0)
		} else if !row.Known {
			least = singleRunShare
		}
	} else {
		a, b := atLeast(base, f.Floor), atLeast(candidate, f.Floor)
		x, y := geometric(a), geometric(b)
		by.guess, least, belowFloor = y/x, with.minChange, math.Abs(y-x) <= f.Floor
		if repeated {
			by = with.ratio(a, b)
		} else if !row.Known {
			least = singleRunRatio - 1
		}
		if repeated && min(x, y) > f.Floor { // otherwise x or y is a mean of floors
			row.Base, row.Candidate = x, y
		}
	}
	if !repeated {
		by.low, by.high = by.guess, by.guess
	}
	row.By, row.Low, row.High = by.guess, by.low, by.high
	row.Change = change(by, f, least, belowFloor, row.Known)
	return row
}

// change classifies an interval. A change counts if it is at least least and not belowFloor.
func change(by interval, f *Figure, least float64, belowFloor, known bool) Change {
	zero, up, down := 1.0, 1+least, 1/(1+least)
	if f.Share {
		zero, up, down = 0, least, -least
	}
	rises, falls := Worse, Better
	if f.Better == higher {
		rises, falls = Better, Worse
	}
	switch {
	case belowFloor && known:
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

// minPositive replaces zero before a logarithm is taken.
const minPositive = 1e-9

func atLeast(xs []float64, floor float64) []float64 {
	out := make([]float64, len(xs))
	for i, x := range xs {
		out[i] = max(x, floor, minPositive)
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

func geometric(xs []float64) float64 { return math.Exp(mean(logs(xs))) }

func logs(xs []float64) []float64 {
	out := make([]float64, len(xs))
	for i, x := range xs {
		out[i] = math.Log(x)
	}
	return out
}
