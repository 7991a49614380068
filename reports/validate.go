package reports

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"hongbao/reports/text"
)

// ErrRecord is wrapped by every error about the content of a record. Errors of the file system do not wrap it.
var ErrRecord = errors.New("reports: bad record")

// The bounds of a record. They keep a hostile or broken file from filling memory and keep the page small. Each is several
// times what the largest rehearsal writes.
const (
	MaxRuns    = 6       // strategies on one page: more lines in one plot cannot be distinguished
	MaxChecks  = 256     // checks of one run
	MaxWindows = 128     // windows of one calendar
	MaxRows    = 256     // refusals, memory parts or metrics of one run
	MaxColumns = 8       // plotted quantities
	MaxSamples = 1 << 17 // samples of one series: one and a half days in seconds
	MaxValues  = 8 << 20 // numbers in all series of a record, so that it stays below MaxRecordBytes
)

// MaxUnixS is the latest time in a record, in the year 5138. Later times would overflow in a plot.
const MaxUnixS = 100_000_000_000

// Validate returns an error that wraps ErrRecord if r has a wrong schema, exceeds a bound, has lists of unequal lengths, a
// negative count or a number that is not finite, or if a verdict is better than the results that it is based on.
func (r *Record) Validate() error {
	switch {
	case r.Schema != Schema:
		return bad("schema %q, want %q", r.Schema, Schema)
	case r.Kind != "sim" && r.Kind != "load":
		return bad("kind %q, want sim or load", r.Kind)
	case r.Scenario.ScaleNum < 1 || r.Scenario.ScaleDen < 1:
		return bad("scale %d/%d: both must be above zero", r.Scenario.ScaleNum, r.Scenario.ScaleDen)
	case r.Kind == "sim" && len(r.Runs) > MaxRuns:
		return bad("%d runs, at most %d", len(r.Runs), MaxRuns)
	case len(r.Runs) > MaxRepeats:
		return bad("%d runs, at most %d", len(r.Runs), MaxRepeats)
	}
	if err := validatePart("the record", r.Verdict, r.Interrupted, r.Checks, r.Offered, r.Metrics); err != nil {
		return err
	}
	seen := make(map[string]bool, len(r.Runs))
	for i := range r.Runs {
		run := &r.Runs[i]
		if seen[run.Label()] {
			return bad("strategy %q has two runs", run.Label())
		}
		seen[run.Label()] = true
		if run.Repeat < 0 || (run.Load != nil) != (r.Kind == "load") {
			return bad("strategy %q: repeat %d of kind %q, with load: %t", run.Strategy, run.Repeat, r.Kind, run.Load != nil)
		}
		if err := run.validate(); err != nil {
			return err
		}
		if r.Verdict == Pass && run.Verdict != Pass {
			return bad("the verdict is pass, but that of strategy %q is %s", run.Label(), run.Verdict)
		}
	}
	if len(r.Studies) > MaxStudies {
		return bad("%d studies, at most %d", len(r.Studies), MaxStudies)
	}
	for i := range r.Studies {
		if err := r.Studies[i].validate(); err != nil {
			return err
		}
		if r.Verdict == Pass && r.Studies[i].Verdict != Pass {
			return bad("the verdict is pass, but that of study %s is %s", text.Quote(r.Studies[i].Name), r.Studies[i].Verdict)
		}
	}
	if n := r.values(); n > MaxValues {
		return bad("%d values in all series, at most %d", n, MaxValues)
	}
	if r.FindMax != nil {
		return r.FindMax.validate()
	}
	return nil
}

// values returns the number of values in all series.
func (r *Record) values() (n int) {
	for i := range r.Runs {
		s := &r.Runs[i].Series
		n += len(s.Times) * (len(s.Columns) + 2)
		if l := r.Runs[i].Load; l != nil {
			n += len(l.Seconds.Offered) * len(l.Seconds.Lists())
		}
	}
	return n
}

func (r *Run) validate() error {
	what := fmt.Sprintf("strategy %q", r.Label())
	if err := validatePart(what, r.Verdict, r.Interrupted, r.Checks, r.Offered, r.Metrics); err != nil {
		return err
	}
	switch {
	case len(r.Windows) > MaxWindows:
		return bad("%s: %d windows, at most %d", what, len(r.Windows), MaxWindows)
	case len(r.Refusals) > MaxRows || len(r.Memory) > MaxRows:
		return bad("%s: more than %d refusals or memory parts", what, MaxRows)
	case !Finite(r.WallSeconds):
		return bad("%s: wall_seconds is not a finite number", what)
	}
	for _, w := range r.Windows {
		if !Finite(w.WaitMaxS) || w.WaitMaxS < 0 {
			return bad("%s: window %q: visible_wait_max_s %v", what, w.Name, w.WaitMaxS)
		}
		if w.End.Before(w.Start) || w.Start.Unix() < 0 || w.End.Unix() > MaxUnixS {
			return bad("%s: window %q: from %s to %s", what, w.Name, w.Start, w.End)
		}
	}
	for _, m := range r.Memory {
		if !Finite(m.BytesPerGrant) {
			return bad("%s: memory part %q: bytes_per_grant is not a finite number", what, m.Part)
		}
	}
	if err := cmp.Or(r.Comparison.validate(), r.Series.validate()); err != nil {
		return fmt.Errorf("%w (%s)", err, what)
	}
	if r.Load != nil {
		return r.Load.validate(what, r.Verdict)
	}
	return nil
}

// validatePart checks the fields that a record, a run and a study have in common.
func validatePart(what string, v Verdict, interrupted bool, cs []Check, o Offered, m Metrics) error {
	switch {
	case !v.Valid():
		return bad("%s: verdict %q, want pass, fail or unknown", what, v)
	case len(cs) > MaxChecks:
		return bad("%s: %d checks, at most %d", what, len(cs), MaxChecks)
	case len(m) > MaxRows:
		return bad("%s: %d metrics, at most %d", what, len(m), MaxRows)
	case v == Pass && interrupted:
		return bad("%s: the verdict is pass, but the run was interrupted", what)
	case v == Pass && len(cs) == 0:
		return bad("%s: the verdict is pass, but there is no check", what)
	case o.negative():
		return bad("%s: a count of the offered load is negative", what)
	}
	for _, c := range cs {
		switch {
		case !c.Result.Valid():
			return bad("%s: check %q: result %q, want pass, fail or unknown", what, c.Name, c.Result)
		case c.Evaluations < 0 || c.Violations < 0:
			return bad("%s: check %q: a negative count", what, c.Name)
		case c.Result == Pass && (c.Evaluations == 0 || c.Violations > 0):
			return bad("%s: check %q is pass with %d evaluations and %d violations", what, c.Name, c.Evaluations, c.Violations)
		case v == Pass && c.Result != Pass:
			return bad("%s: the verdict is pass, but check %q is %s", what, c.Name, c.Result)
		}
	}
	for name, x := range m {
		if !Finite(x) {
			return bad("%s: metric %q is not a finite number", what, name)
		}
	}
	return nil
}

func (c *Comparison) validate() error {
	if min(c.VisibleWaitP50MS, c.VisibleWaitP99MS, c.VisibleWaitMaxMS, c.PostingDelayMaxMS, c.OfferedPeakTPS, c.PostedPeakTPS,
		c.LedgerInstancesUsed, c.LedgerInstancesNeeded, c.BacklogPeak, c.Refused, c.MoneyDifferenceFen) < 0 {
		return bad("a figure of the comparison is negative")
	}
	return nil
}

func (s *Series) validate() error {
	switch {
	case len(s.Columns) > MaxColumns || len(s.Times) > MaxSamples:
		return bad("series: %d columns of %d samples, at most %d of %d", len(s.Columns), len(s.Times), MaxColumns, MaxSamples)
	case len(s.Values) != len(s.Columns) || len(s.StepS) != len(s.Times):
		return bad("series: %d columns, %d lists of values, %d times, %d steps", len(s.Columns), len(s.Values), len(s.Times), len(s.StepS))
	}
	end := int64(0)
	for i, t := range s.Times {
		if t < end || t > MaxUnixS || s.StepS[i] < 1 || s.StepS[i] > MaxUnixS {
			return bad("series: sample %d at %d s, %d s long, after one that ended at %d s", i, t, s.StepS[i], end)
		}
		end = t + s.StepS[i]
	}
	for i, vs := range s.Values {
		if len(vs) != len(s.Times) {
			return bad("series: column %q has %d values for %d times", s.Columns[i], len(vs), len(s.Times))
		}
		if len(vs) > 0 && slices.Min(vs) < 0 {
			return bad("series: column %q has a negative value", s.Columns[i])
		}
	}
	return nil
}

func (o *Offered) negative() bool {
	return min(o.Scheduled, o.Sent, o.Unsent, o.OK, o.Refused, o.Failed, o.InFlight) < 0
}

// Valid reports whether v is one of the three verdicts.
func (v Verdict) Valid() bool { return v == Pass || v == Fail || v == Unknown }

// Finite reports whether x is a number and not infinite.
func Finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

func bad(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrRecord, fmt.Sprintf(format, args...))
}
