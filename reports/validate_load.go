package reports

import (
	"cmp"
	"slices"

	"hongbao/reports/text"
)

// The bounds of the results of a load, in addition to those of Validate.
const (
	MaxRepeats    = 20  // repeats of one load: more of them hardly narrow the intervals of a comparison
	MaxOperations = 16  // kinds of operations
	MaxThresholds = 256 // thresholds of one run
	MaxSteps      = 64  // rates of one search
)

// validate returns an error if l exceeds the bounds, has an invalid value, or if the verdict v or a threshold is better than
// its data allows.
func (l *Load) validate(what string, v Verdict) error {
	switch {
	case len(l.Operations) > MaxOperations || len(l.Thresholds) > MaxThresholds:
		return bad("%s: %d operations and %d thresholds, at most %d and %d", what, len(l.Operations), len(l.Thresholds), MaxOperations, MaxThresholds)
	case !Finite(l.PeakPerS) || !Finite(l.DurationS) || min(l.PeakPerS, l.DurationS) < 0:
		return bad("%s: peak_per_s %v, duration_s %v", what, l.PeakPerS, l.DurationS)
	case l.StartedAt.Unix() > MaxUnixS:
		return bad("%s: started_at %s", what, l.StartedAt)
	}
	names := map[string]bool{}
	for _, o := range l.Operations {
		if names[o.Name] {
			return bad("%s: operation %q appears twice", what, o.Name)
		}
		names[o.Name] = true
		if err := o.validate(what); err != nil {
			return err
		}
	}
	clear(names)
	for _, t := range l.Thresholds {
		if names[t.Name] {
			return bad("%s: threshold %q appears twice", what, t.Name)
		}
		names[t.Name] = true
		if err := t.validate(what, v); err != nil {
			return err
		}
	}
	if err := cmp.Or(l.Visible.validate(what+": visible_wait"), l.Generator.validate(what), l.Audit.validate(what), l.Seconds.validate(what)); err != nil {
		return err
	}
	doubts := l.Doubts()
	if len(doubts) == 0 {
		return nil
	}
	if v == Pass {
		return bad("%s: the verdict is pass, but: %s", what, doubts[0].EN)
	}
	for _, t := range l.Thresholds {
		if t.Result != Unknown {
			return bad("%s: threshold %q is %s, but: %s", what, t.Name, t.Result, doubts[0].EN)
		}
	}
	return nil
}

func (o *Operation) validate(what string) error {
	what += ": operation " + text.Quote(o.Name)
	if o.negative() {
		return bad("%s: a count is negative", what)
	}
	if o.Busiest != nil {
		if o.Busiest.Second < 0 || o.Busiest.Second > MaxUnixS || o.Busiest.Offered < 0 {
			return bad("%s: the busiest second is %d, with %d", what, o.Busiest.Second, o.Busiest.Offered)
		}
		if err := o.Busiest.Corrected.validate(what + ": busiest second"); err != nil {
			return err
		}
	}
	if err := o.Corrected.validate(what + ": corrected"); err != nil {
		return err
	}
	return o.Uncorrected.validate(what + ": uncorrected")
}

func (l *Latency) validate(what string) error {
	rising := []int64{0, l.P50US, l.P90US, l.P99US, l.P999US, l.MaxUS}
	if l.Samples < 0 || l.MeanUS < 0 || !slices.IsSorted(rising) {
		return bad("%s: quantiles do not rise from zero", what)
	}
	return nil
}

func (t *Threshold) validate(what string, v Verdict) error {
	switch {
	case !t.Result.Valid():
		return bad("%s: threshold %q: result %q, want pass, fail or unknown", what, t.Name, t.Result)
	case !Finite(t.Limit) || !Finite(t.Measured) || t.Samples < 0:
		return bad("%s: threshold %q: limit %v, measured %v of %d samples", what, t.Name, t.Limit, t.Measured, t.Samples)
	case t.Result != Unknown && t.Samples == 0:
		return bad("%s: threshold %q is %s without a sample", what, t.Name, t.Result)
	case t.Result != Unknown && (t.Measured <= t.Limit) != (t.Result == Pass):
		return bad("%s: threshold %q is %s with %v of at most %v", what, t.Name, t.Result, t.Measured, t.Limit)
	case t.Operator != "≤":
		return bad("%s: threshold %q: operator %q, want ≤", what, t.Name, t.Operator)
	case v == Pass && t.Result != Pass:
		return bad("%s: the verdict is pass, but threshold %q is %s", what, t.Name, t.Result)
	}
	return nil
}

func (g *Generator) validate(what string) error {
	if !Finite(g.CPUS) || !Finite(g.CPUCores) || !Finite(g.GCPauseMS) || !Finite(g.ClockJumpMS) {
		return bad("%s: a figure of the generator is not a finite number", what)
	}
	if min(int64(g.Attackers), int64(g.Workers), g.LatenessP50US, g.LatenessP99US, g.LatenessMaxUS) < 0 || min(g.CPUS, g.CPUCores, g.GCPauseMS) < 0 {
		return bad("%s: a figure of the generator is negative", what)
	}
	return nil
}

func (a *Audit) validate(what string) error {
	if !Finite(a.DrainedS) || a.DrainedS < 0 || a.PeopleRead < 0 || a.People < 0 {
		return bad("%s: the audit: drained_s %v, %d of %d people read", what, a.DrainedS, a.PeopleRead, a.People)
	}
	for _, h := range []*Holdings{a.LiveBefore, a.LiveAfter, a.ShadowBefore, a.ShadowAfter} {
		if h != nil && min(h.Orders, h.Entries, h.ReservedFen) < 0 {
			return bad("%s: the audit: a count is negative", what)
		}
	}
	return nil
}

// Lists returns pointers to all lists of the series. The lists have the same length.
func (s *SecondsSeries) Lists() []*[]int64 {
	return []*[]int64{&s.Offered, &s.Sent, &s.Done, &s.Failed, &s.P50US, &s.P99US, &s.MaxUS}
}

func (s *SecondsSeries) validate(what string) error {
	for _, values := range s.Lists() {
		if len(*values) != len(s.Offered) || len(*values) > MaxSamples {
			return bad("%s: seconds: lists of %d and %d values, at most %d", what, len(*values), len(s.Offered), MaxSamples)
		}
		if len(*values) > 0 && slices.Min(*values) < 0 {
			return bad("%s: seconds: a value is negative", what)
		}
	}
	return nil
}

func (f *FindMax) validate() error {
	if len(f.Steps) > MaxSteps {
		return bad("find_max: %d steps, at most %d", len(f.Steps), MaxSteps)
	}
	if !Finite(f.KneePerS) || !Finite(f.PerCorePerS) || min(f.KneePerS, f.PerCorePerS) < 0 {
		return bad("find_max: knee_per_s %v, per_core_per_s %v", f.KneePerS, f.PerCorePerS)
	}
	for _, s := range f.Steps {
		if !s.Result.Valid() || !Finite(s.RatePerS) || !Finite(s.OKPerS) || !Finite(s.TargetCores) || min(s.RatePerS, s.OKPerS, s.TargetCores, float64(s.P99US)) < 0 {
			return bad("find_max: the step at %v a second cannot be shown", s.RatePerS)
		}
	}
	return nil
}
