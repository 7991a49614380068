package k6

import (
	"context"
	"errors"

	"hongbao/loadtest/crowd"
	"hongbao/sim/oracle"
)

// maxDrained stands for "not drained": no scenario allows so many seconds.
const maxDrained = 1e9

// Check is one invariant, as scripts see it.
type Check struct {
	Name        string `js:"name"`
	Result      string `js:"result"` // pass, fail or unknown
	Evaluations int64  `js:"evaluations"`
	Violations  int64  `js:"violations"`
	First       string `js:"first"`  // the message of the first violation
	Needed      bool   `js:"needed"` // if unknown, the run does not pass
}

// Verdict is the result of the audit.
type Verdict struct {
	Passed     bool    `js:"passed"`
	Checks     []Check `js:"checks"`
	Violations int64   `js:"violations"`
	Unknown    int64   `js:"unknown"` // needed checks that were not evaluated, and one for a problem
	Problem    string  `js:"problem"` // what could not be requested or read; "" = nothing
	Scheduled  int64   `js:"scheduled"`
	Sent       int64   `js:"sent"`
	Drained    float64 `js:"drainedSeconds"` // from the begin of the audit until no work was left
}

// audit waits until no work is left, has the crowd judge the run, and deletes the load-test data. Further calls return the
// same verdict.
func (f *festival) audit(ctx context.Context) *Verdict {
	f.judged.Do(func() {
		v := &Verdict{Drained: maxDrained, Scheduled: f.part().scheduled, Sent: f.plan.sent.Load()}
		err := f.begin(ctx)
		if err == nil {
			err = f.judge(ctx, v)
		} else {
			v.take(oracle.New(oracle.Config{}).Checks(), func(string) bool { return true }) // all unknown
		}
		v.conclude(err)
		f.verdict = v
	})
	return f.verdict
}

// judge fills in the checks. The error reports what could not be requested or read.
func (f *festival) judge(ctx context.Context, v *Verdict) error {
	defer f.crowd.Close()
	alone := f.part().alone
	took, drained, err := f.crowd.Drain(ctx, f.plan.drain)
	if drained {
		v.Drained = took.Seconds()
	}
	o := crowd.AuditOptions{Patience: crowd.DefaultPatience}
	if !alone {
		o.Patience = max(o.Patience, f.plan.drain) // other instances may still be sending
	}
	found, unread := f.crowd.Audit(ctx, o)
	err = errors.Join(err, unread)
	v.take(found.Checks, func(name string) bool { return f.needs(name, alone) })
	if f.config.unmarked {
		return err
	}
	v.take([]oracle.Check{found.Untouched(f.config.Shared)}, func(string) bool { return !f.config.Shared })
	var left *crowd.Counts
	clean := alone && f.cleaner != nil
	if clean && err == nil {
		left, err = f.crowd.CleanUp(ctx, f.cleaner)
	}
	v.take([]oracle.Check{crowd.CleanedUp(left)}, func(string) bool { return clean })
	return err
}

// take adds checks, with the information which of them the run needs.
func (v *Verdict) take(checks []oracle.Check, needed func(name string) bool) {
	for _, c := range checks {
		v.Checks = append(v.Checks, Check{c.Name, c.Result, c.Evaluations, c.Violations, c.First, needed(c.Name)})
	}
}

// conclude computes the totals and the verdict.
func (v *Verdict) conclude(problem error) {
	if problem != nil {
		v.Problem = problem.Error()
		v.Unknown++
	}
	for _, c := range v.Checks {
		v.Violations += c.Violations
		if c.Result == oracle.Unknown && c.Needed {
			v.Unknown++
		}
	}
	v.Passed = v.Violations == 0 && v.Unknown == 0 && v.Sent > 0
}

// unsent returns the share of the scheduled wins that were not sent, 0 to 1.
func (v *Verdict) unsent() float64 {
	if v.Scheduled <= 0 {
		return 1
	}
	return max(0, float64(v.Scheduled-v.Sent)/float64(v.Scheduled))
}

// evaluated returns the number of evaluated checks.
func (v *Verdict) evaluated() (n int64) {
	for _, c := range v.Checks {
		if c.Result != oracle.Unknown {
			n++
		}
	}
	return n
}
