package cmd

import (
	"context"
	"errors"
	"fmt"

	"hongbao/loadtest"
	"hongbao/reports"
)

// search steps the rate up until something gives way (K3). The record keeps every step, and the whole run at the knee:
// of the highest rate that held, or where none did, of the lowest that was tried.
func (p *loadPlan) search(ctx context.Context) error {
	first := int64(firstRate)
	if p.flags.peak != "" {
		s, err := p.focus("")
		if err != nil {
			return err
		}
		first = max(1, peakOf(s))
	}
	if p.flags.duration == 0 {
		p.flags.duration = stepDuration
	}
	var kept reports.Run
	var keptRate int64
	steps, knee, err := loadtest.FindMax(ctx, first, func(ctx context.Context, rate int64) (reports.Step, error) {
		p.progress.step(fmt.Sprintf("%d/s: ", rate))
		s, err := p.focus(fmt.Sprintf("%d/s", rate))
		if errors.Is(err, errNoGrant) {
			err = loadtest.ErrNothingLower
		}
		if err != nil {
			return reports.Step{}, err
		}
		run, err := p.playOnce(ctx, s)
		if run.Load == nil {
			return reports.Step{}, err
		}
		passed, was := run.Verdict == reports.Pass, kept.Verdict == reports.Pass
		if kept.Load == nil || passed && (!was || rate >= keptRate) || !passed && !was && rate < keptRate {
			kept, keptRate = run, rate
		}
		return p.stepOf(rate, run), err
	})
	if kept.Load != nil {
		p.record.Runs = []reports.Run{kept}
	}
	p.record.FindMax = &reports.FindMax{Steps: steps, KneePerS: float64(knee)}
	p.record.FindMax.LimitedBy, p.record.FindMax.ByGenerator = limitOf(steps, knee)
	for _, s := range steps {
		if s.RatePerS == float64(knee) && s.Result == reports.Pass && s.TargetCores > 0 {
			p.record.FindMax.PerCorePerS = s.OKPerS / s.TargetCores
		}
	}
	return err
}

// stepOf sums one step up.
func (p *loadPlan) stepOf(rate int64, run reports.Run) reports.Step {
	l := run.Load
	s := reports.Step{RatePerS: float64(rate), Result: run.Verdict, Why: whyOf(run)}
	if seconds := float64(len(l.Seconds.Offered)); seconds > 0 {
		s.OKPerS = float64(l.Total().OK) / seconds
	}
	for _, o := range l.Operations {
		if o.Name == "grant" {
			s.P99US = o.Corrected.P99US
		}
	}
	if p.flags.targets[0] == embeddedTarget { // the generator's own share is in it: a service alone does with less
		s.TargetCores = l.Generator.CPUCores
	}
	return s
}

// whyOf says what kept a run from passing, the gravest first; "" for one that passed.
func whyOf(run reports.Run) string {
	if run.Verdict == reports.Pass {
		return ""
	}
	for _, c := range run.Checks {
		if c.Result == reports.Fail {
			return "check " + c.Name + " failed"
		}
	}
	for _, d := range run.Load.Doubts() {
		return d.EN
	}
	for _, t := range run.Load.Thresholds {
		if t.Result != reports.Pass {
			return fmt.Sprintf("threshold %s: %.4g %s, not %s %.4g", t.Name, t.Measured, t.Unit, t.Operator, t.Limit)
		}
	}
	for _, c := range run.Checks {
		if c.Result != reports.Pass {
			return "check " + c.Name + " was never evaluated"
		}
	}
	return "interrupted"
}

// limitOf says what gave way at the lowest rate above the knee that did not hold.
func limitOf(steps []reports.Step, knee int64) (why string, byGenerator bool) {
	lowest := 0.0
	for _, s := range steps {
		if s.Result == reports.Pass || s.RatePerS <= float64(knee) || lowest > 0 && s.RatePerS >= lowest {
			continue
		}
		lowest, why, byGenerator = s.RatePerS, fmt.Sprintf("at %.0f/s: %s", s.RatePerS, s.Why), s.Result == reports.Unknown
	}
	if why == "" {
		return "nothing: the highest rate that was tried held", false
	}
	return why, byGenerator
}
