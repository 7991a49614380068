package cmd

import (
	"context"
	"errors"
	"fmt"

	"hongbao/loadtest"
	"hongbao/reports"
)

// search searches the highest rate that passes (K3). The record contains all steps, and one complete run: that of the
// highest rate that passed, or if none passed, that of the lowest rate.
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
	var best reports.Run
	var bestRate int64
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
		passed, was := run.Verdict == reports.Pass, best.Verdict == reports.Pass
		if best.Load == nil || passed && (!was || rate >= bestRate) || !passed && !was && rate < bestRate {
			best, bestRate = run, rate
		}
		return p.stepOf(rate, run), err
	})
	if best.Load != nil {
		p.record.Runs = []reports.Run{best}
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

// stepOf returns the summary of one step.
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
	if p.flags.embedded() { // includes the share of the generator, so the service alone needs less
		s.TargetCores = l.Generator.CPUCores
	}
	return s
}

// whyOf returns the most serious reason why a run did not pass, or "" if it passed.
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
			return "check " + c.Name + " was not evaluated"
		}
	}
	return "interrupted"
}

// limitOf returns why the lowest rate above the knee did not pass.
func limitOf(steps []reports.Step, knee int64) (why string, byGenerator bool) {
	lowest := 0.0
	for _, s := range steps {
		if s.Result == reports.Pass || s.RatePerS <= float64(knee) || lowest > 0 && s.RatePerS >= lowest {
			continue
		}
		lowest, why, byGenerator = s.RatePerS, fmt.Sprintf("at %.0f/s: %s", s.RatePerS, s.Why), s.Result == reports.Unknown
	}
	if why == "" {
		return "nothing: the highest rate that was tried passed", false
	}
	return why, byGenerator
}
