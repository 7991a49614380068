package reports

import (
	"cmp"
	"slices"
)

// Normalise converts r to its canonical form, so that two runs with one seed give the same bytes except for wall_seconds:
// lists without a meaningful order are sorted, empty lists are [] and not null, times are UTC. Runs keep their order.
// It is idempotent.
func Normalise(r *Record) {
	normaliseChecks(&r.Checks)
	normaliseMetrics(&r.Metrics)
	r.Runs = orEmpty(r.Runs)
	for i := range r.Runs {
		run := &r.Runs[i]
		normaliseChecks(&run.Checks)
		normaliseMetrics(&run.Metrics)
		normaliseSeries(&run.Series)
		run.Windows = orEmpty(run.Windows)
		for j := range run.Windows {
			w := &run.Windows[j]
			w.Start, w.End = w.Start.UTC().Round(0), w.End.UTC().Round(0)
		}
		slices.SortStableFunc(run.Windows, func(a, b WindowStat) int {
			return cmp.Or(a.Start.Compare(b.Start), a.End.Compare(b.End), cmp.Compare(a.Name, b.Name))
		})
		run.Refusals = orEmpty(run.Refusals)
		slices.SortStableFunc(run.Refusals, func(a, b Refusal) int {
			return cmp.Or(cmp.Compare(a.Operation, b.Operation), cmp.Compare(a.Reason, b.Reason))
		})
		run.Memory = orEmpty(run.Memory)
		slices.SortStableFunc(run.Memory, func(a, b Memory) int { return cmp.Compare(a.Part, b.Part) })
		normaliseLoad(run.Load)
	}
	if r.FindMax != nil {
		r.FindMax.Steps = orEmpty(r.FindMax.Steps)
	}
}

// normaliseLoad keeps operations and thresholds in the order of the plan and of the scenario.
func normaliseLoad(l *Load) {
	if l == nil {
		return
	}
	l.StartedAt = l.StartedAt.UTC().Round(0)
	l.Operations, l.Thresholds = orEmpty(l.Operations), orEmpty(l.Thresholds)
	for _, values := range l.Seconds.Lists() {
		*values = orEmpty(*values)
	}
}

func normaliseChecks(cs *[]Check) {
	*cs = orEmpty(*cs)
	for i := range *cs {
		c := &(*cs)[i]
		c.Spec = orEmpty(c.Spec)
		slices.Sort(c.Spec)
	}
	slices.SortStableFunc(*cs, func(a, b Check) int { return cmp.Compare(a.Name, b.Name) })
}

func normaliseMetrics(m *Metrics) {
	if *m == nil {
		*m = Metrics{}
	}
}

func normaliseSeries(s *Series) {
	s.Columns, s.Times, s.StepS, s.Values = orEmpty(s.Columns), orEmpty(s.Times), orEmpty(s.StepS), orEmpty(s.Values)
	for i := range s.Values {
		s.Values[i] = orEmpty(s.Values[i])
	}
}

func orEmpty[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}
