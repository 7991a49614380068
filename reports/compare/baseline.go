package compare

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"hongbao/reports"
)

// baselineSchema is the version of baseline files.
const baselineSchema = "hongbao/baseline/v1"

// maxBaselineBytes bounds a baseline file. A usual file has a few kilobytes.
const maxBaselineBytes = 1 << 20

// errBaseline is wrapped by every error about the content of a baseline, and about records that cannot form one.
var errBaseline = errors.New("reports: bad baseline")

// Baseline is the data of one side of a comparison. It is small enough to be kept in the repository.
type Baseline struct {
	Schema      string              `json:"schema"`
	Kind        string              `json:"kind"`
	Scenario    string              `json:"scenario"`
	SHA256      string              `json:"sha256"` // of the scenario file
	Setting     []Setting           `json:"setting"`
	Environment reports.Environment `json:"environment"`
	Commit      string              `json:"commit"`
	Runs        int                 `json:"runs"`
	Figures     []Figure            `json:"figures"`
	Checks      []Outcome           `json:"checks"`
	Digest      string              `json:"digest,omitempty"` // of a simulation
	Doubt       string              `json:"doubt,omitempty"`  // why the figures are unreliable
	Rounds      []Round             `json:"rounds,omitempty"` // one per run, in the order of Figure.Values; empty for a single record
}

// Setting is a property that must be equal on both sides of a comparison.
type Setting struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Figure is a measured quantity with one value per run.
type Figure struct {
	Name   string    `json:"name"` // ends in the unit
	Better string    `json:"better"`
	Floor  float64   `json:"floor"` // a change of at most this size is ignored
	Share  bool      `json:"share"` // from 0 to 1; compared by difference and not by ratio
	Exact  bool      `json:"exact"` // without noise
	Values []float64 `json:"values"`
}

// The directions of Figure.Better.
const (
	lower  = "lower"
	higher = "higher"
)

// Outcome is the result of a check.
type Outcome struct {
	Name   string          `json:"name"`
	Result reports.Verdict `json:"result"`
}

// ReadBaseline reads one side of a comparison. path is a record.json, the folder of a run, a folder with folders of repeated
// runs, or a file written by WriteBaseline. An error is about the content or from the file system.
func ReadBaseline(path string) (*Baseline, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("reports: read baseline: %w", err)
	}
	if info.IsDir() {
		if _, err := os.Stat(filepath.Join(path, reports.RecordFile)); errors.Is(err, fs.ErrNotExist) {
			return readRepeats(path)
		}
		path = filepath.Join(path, reports.RecordFile)
	}
	if b, err := readBaselineFile(path); b != nil || err != nil {
		return b, err
	}
	r, err := reports.Read(path)
	if err != nil {
		return nil, err
	}
	return BaselineOf(r)
}

// readBaselineFile returns nil if the file at path is not a baseline.
func readBaselineFile(path string) (*Baseline, error) {
	data, err := reports.ReadFile(path, maxBaselineBytes)
	if err != nil {
		return nil, fmt.Errorf("reports: read baseline: %w", err)
	}
	head := data[:min(len(data), 200)]
	if !bytes.Contains(head, []byte(`"hongbao/baseline/`)) {
		return nil, nil
	}
	b := new(Baseline)
	if err := reports.DecodeStrict(data, b); err != nil {
		return nil, fmt.Errorf("%s: %w: %w", path, errBaseline, err)
	}
	if err := b.validate(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return b, nil
}

// readRepeats reads a folder with the folders of repeated runs, in the order of their names.
func readRepeats(dir string) (*Baseline, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*", reports.RecordFile))
	if err != nil || len(paths) == 0 {
		return nil, fmt.Errorf("%w: %s contains neither %s nor folders with one", errBaseline, dir, reports.RecordFile)
	}
	if len(paths) > reports.MaxRepeats {
		return nil, fmt.Errorf("%w: %s contains %d runs, at most %d", errBaseline, dir, len(paths), reports.MaxRepeats)
	}
	var all *Baseline
	var rounds []Round
	for _, path := range paths {
		r, err := reports.Read(path)
		if err != nil {
			return nil, err
		}
		b, err := BaselineOf(r)
		if err != nil {
			return nil, err
		}
		if len(r.Runs) == 1 && r.Runs[0].Load != nil {
			round := RoundOf(filepath.Base(filepath.Dir(path)), r.Runs[0].Load)
			rounds = append(rounds, round)
			if round.Doubt != "" { // missing evaluations are expected in an excluded round
				b.Checks = slices.DeleteFunc(b.Checks, func(o Outcome) bool { return o.Result == reports.Unknown })
			}
		}
		if all == nil {
			all = b
		} else if err := all.join(b); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	if len(rounds) == all.Runs { // a record with several repeats is not a round
		all.Rounds = rounds
	}
	return all, nil
}

// join adds the repeats of more to b. errBaseline: more is not a repeat of the same load.
func (b *Baseline) join(more *Baseline) error {
	if why := differences(b, more); len(why) > 0 {
		return fmt.Errorf("%w: not a repeat of the other runs: %s", errBaseline, why[0])
	}
	if b.Kind == "sim" || b.Commit != more.Commit {
		return fmt.Errorf("%w: not a repeat of the other runs: a simulation, or another commit", errBaseline)
	}
	b.Runs += more.Runs
	b.Figures = slices.DeleteFunc(b.Figures, func(f Figure) bool { return more.figure(f.Name) == nil })
	for i := range b.Figures {
		b.Figures[i].Values = append(b.Figures[i].Values, more.figure(b.Figures[i].Name).Values...)
	}
	for _, c := range more.Checks {
		if i := slices.IndexFunc(b.Checks, func(o Outcome) bool { return o.Name == c.Name }); i >= 0 {
			b.Checks[i].Result = reports.Combine(b.Checks[i].Result, c.Result)
		} else {
			b.Checks = append(b.Checks, c)
		}
	}
	b.Doubt = cmp.Or(b.Doubt, more.Doubt)
	return nil
}

// Typical returns the typical value of a figure: the mean of a share, the geometric mean of others, or 0 if b does not have
// the figure.
func (b *Baseline) Typical(name string) float64 {
	f := b.figure(name)
	switch {
	case f == nil:
		return 0
	case f.Share:
		return mean(f.Values)
	}
	return geometric(atLeast(f.Values, 0))
}

func (b *Baseline) figure(name string) *Figure {
	for i := range b.Figures {
		if b.Figures[i].Name == name {
			return &b.Figures[i]
		}
	}
	return nil
}

// WriteBaseline writes b to the file at path, for ReadBaseline. It replaces the file as a whole.
func WriteBaseline(path string, b *Baseline) error {
	data, err := json.MarshalIndent(b, "", " ")
	if err != nil {
		return fmt.Errorf("reports: write baseline: %w", err)
	}
	temp, err := reports.WriteTemp(filepath.Dir(path), filepath.Base(path), append(data, '\n'))
	if err == nil {
		err = os.Rename(temp, path)
	}
	if err != nil {
		if temp != "" {
			_ = os.Remove(temp) // the first error is reported
		}
		return fmt.Errorf("reports: write baseline: %w", err)
	}
	return nil
}

// validate returns an error that wraps errBaseline if b cannot be compared.
func (b *Baseline) validate() error {
	wrong := func(format string, args ...any) error {
		return fmt.Errorf("%w: %s", errBaseline, fmt.Sprintf(format, args...))
	}
	switch {
	case b.Schema != baselineSchema:
		return wrong("schema %q, want %q", b.Schema, baselineSchema)
	case b.Kind != "sim" && b.Kind != "load":
		return wrong("kind %q, want sim or load", b.Kind)
	case len(b.Figures) > reports.MaxRows || len(b.Checks) > reports.MaxChecks || len(b.Setting) > reports.MaxRows:
		return wrong("%d figures, %d checks, %d settings", len(b.Figures), len(b.Checks), len(b.Setting))
	case b.Runs < 1 || b.Runs > reports.MaxRepeats:
		return wrong("%d runs", b.Runs)
	case len(b.Rounds) > 0 && len(b.Rounds) != b.Runs:
		return wrong("%d rounds of %d runs", len(b.Rounds), b.Runs)
	}
	for _, f := range b.Figures {
		if f.Better != lower && f.Better != higher || len(f.Values) == 0 || len(f.Values) > reports.MaxRepeats || !reports.Finite(f.Floor) || f.Floor < 0 {
			return wrong("figure %q: %d values, better %q, floor %v", f.Name, len(f.Values), f.Better, f.Floor)
		}
		for _, x := range f.Values {
			if !reports.Finite(x) || x < 0 {
				return wrong("figure %q: value %v", f.Name, x)
			}
		}
	}
	for _, c := range b.Checks {
		if !c.Result.Valid() {
			return wrong("check %q: result %q", c.Name, c.Result)
		}
	}
	return nil
}
