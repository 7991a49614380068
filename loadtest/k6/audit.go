package k6

import (
	"context"
	"fmt"
	"sync"
	"time"

	"hongbao/reference/sdk/client"
	"hongbao/reference/wallet"
	"hongbao/sim/oracle"
)

// Bounds of the audit.
const (
	readers   = 16                     // people whose pages are read at the same time: more than a service under audit alone needs
	askEvery  = 200 * time.Millisecond // how often the service is asked whether anything is still held
	askAgain  = 2 * time.Second        // before books that may have moved are compared again
	maxWalk   = 200                    // pages of one person, who wins once
	maxQuoted = 10                     // differences that a check quotes
	maxUnread = 100                    // people whose pages fail before no more are asked for: the service is gone, and each takes its tries
)

// maxDrained stands for "not drained": no scenario allows so many seconds.
const maxDrained = 1e9

// Check is one thing that must be true, as scripts see it.
type Check struct {
	Name        string `js:"name"`
	Result      string `js:"result"` // pass, fail or unknown
	Evaluations int64  `js:"evaluations"`
	Violations  int64  `js:"violations"`
	First       string `js:"first"`  // the first violation, in words; of an unknown one, why
	Needed      bool   `js:"needed"` // a run in which it is unknown is no pass
}

// Verdict is what the audit found.
type Verdict struct {
	Passed     bool    `js:"passed"`
	Checks     []Check `js:"checks"`
	Violations int64   `js:"violations"`
	Unknown    int64   `js:"unknown"` // needed checks that were not evaluated
	Scheduled  int64   `js:"scheduled"`
	Sent       int64   `js:"sent"`
	Drained    float64 `js:"drainedSeconds"` // from the audit's begin until nothing was held back
}

// audit waits until nothing is held back, reads every person's page, compares the books by the service's own means, and
// judges. What cannot be asked makes its check unknown. It may be made again.
func (f *festival) audit(ctx context.Context) *Verdict {
	f.audited.Lock()
	defer f.audited.Unlock()
	a := &auditor{festival: f, found: map[string]*Check{}}
	for _, c := range f.witness.checks() {
		a.check(c.Name).Needed = true
	}
	_, _, _, withdrawals := f.witness.sums()
	a.check("withdraw-whole").Needed = withdrawals > 0
	if err := f.begin(ctx); err != nil { // nothing was sent, and nobody can be asked
		a.unknown("nothing-lost", err.Error())
		return a.verdict(&Verdict{Drained: maxDrained, Scheduled: f.part().scheduled})
	}
	began := time.Now()
	after, ok := a.drain(ctx)
	f.drained.Store(ok)
	v := &Verdict{Drained: maxDrained, Scheduled: f.part().scheduled}
	if ok {
		v.Drained = time.Since(began).Seconds()
	}
	v.Sent = a.pages(ctx)
	a.budget(after, ok)
	a.books(ctx, ok)
	a.take(f.witness.checks())
	return a.verdict(v)
}

// auditor collects findings by check.
type auditor struct {
	festival *festival
	mu       sync.Mutex
	names    []string
	found    map[string]*Check
}

// check returns the check of that name. The caller holds mu, or is alone.
func (a *auditor) check(name string) *Check {
	c := a.found[name]
	if c == nil {
		c = &Check{Name: name}
		a.found[name] = c
		a.names = append(a.names, name)
	}
	return c
}

// saw counts an evaluation, and a violation unless it was right.
func (a *auditor) saw(name string, right bool, format string, args ...any) {
	a.mu.Lock()
	defer a.mu.Unlock()
	c := a.check(name)
	c.Evaluations++
	if right {
		return
	}
	if c.Violations == 0 {
		c.First = fmt.Sprintf(format, args...)
	}
	c.Violations++
}

// unknown says that a check could not be made, or not in full.
func (a *auditor) unknown(name, why string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if c := a.check(name); c.Result == "" {
		c.Result = oracle.Unknown
		if c.First == "" {
			c.First = why
		}
	}
}

// drain waits until the service holds no posting and no open order, as long as the scenario allows.
func (a *auditor) drain(ctx context.Context) (client.Status, bool) {
	until := time.Now().Add(a.festival.plan.drain)
	for {
		s, err := a.festival.desk.Status(ctx)
		switch {
		case err == nil && s.Backlog == 0 && s.OpenOrders == 0:
			a.saw("nothing-lost", true, "")
			return s, true
		case time.Now().After(until) && err == nil:
			a.saw("nothing-lost", false, "after %v %d postings are held and %d orders are open", a.festival.plan.drain, s.Backlog, s.OpenOrders)
			return s, false
		case time.Now().After(until) || ctx.Err() != nil:
			a.unknown("nothing-lost", fmt.Sprintf("the service does not say what it holds: %v", err))
			return s, false
		}
		pause(ctx, askEvery)
	}
}

// budget compares what was taken from the budget with what was acknowledged.
func (a *auditor) budget(after client.Status, drained bool) {
	f := a.festival
	acked, open, _, _ := f.witness.sums()
	if !drained {
		a.unknown("budget-accuracy", "the service did not say how its budget stands")
		return
	}
	now, was := budgetOf(after, f.plan.stage), budgetOf(f.before, f.plan.stage)
	a.saw("no-over-issuance", now.Reserved <= now.Budget, "%d fen are taken from a budget of %d fen", now.Reserved, now.Budget)
	taken := now.Reserved - was.Reserved
	// What another instance of this test was granted is not known here, so it may be more then.
	right := taken >= acked && (taken <= acked+open || !f.part().alone)
	a.saw("budget-accuracy", right, "%d fen were taken from the budget; %d fen were acknowledged, and of %d fen it is not known", taken, acked, open)
}

// books lets the service compare orders, tokens, ledger and budget. While others of the same test still send, books that
// move differ, so they are compared again for as long as the drain may take.
func (a *auditor) books(ctx context.Context, drained bool) {
	f := a.festival
	_, _, orders, _ := f.witness.sums()
	until := time.Now().Add(f.plan.drain)
	for {
		r, err := f.desk.Reconcile(ctx)
		if err != nil {
			a.unknown("reconciled", fmt.Sprintf("the service cannot compare its books: %v", err))
			a.unknown("zero-sum", "the service cannot compare its books")
			return
		}
		if (r.Differences != 0 || r.Sum != 0) && !f.part().alone && time.Now().Before(until) && ctx.Err() == nil {
			pause(ctx, askAgain)
			continue
		}
		a.saw("reconciled", r.Differences == 0, "%d differences: %q", r.Differences, r.Lines[:min(len(r.Lines), maxQuoted)])
		a.saw("reconciled", r.Orders >= orders, "%d orders are on record and %d were acknowledged", r.Orders, orders)
		a.saw("zero-sum", r.Sum == 0, "the accounts sum to %d fen", r.Sum)
		return
	}
}

// take adds what the oracle saw.
func (a *auditor) take(checks []oracle.Check) {
	for _, o := range checks {
		c := a.check(o.Name)
		c.Evaluations += o.Evaluations
		if o.Violations > 0 {
			c.First = o.First
		}
		c.Violations += o.Violations
	}
}

// verdict sums up. A check that something is missing from stays unknown, unless what there is already refutes it.
func (a *auditor) verdict(v *Verdict) *Verdict {
	for _, name := range a.names {
		c := *a.found[name]
		switch {
		case c.Violations > 0:
			c.Result = oracle.Fail
		case c.Result == oracle.Unknown || c.Evaluations == 0:
			c.Result = oracle.Unknown
			if c.Needed {
				v.Unknown++
			}
		default:
			c.Result = oracle.Pass
		}
		v.Violations += c.Violations
		v.Checks = append(v.Checks, c)
	}
	v.Passed = v.Violations == 0 && v.Unknown == 0 && v.Sent > 0
	return v
}

// unsent returns the share of the scheduled wins that were not sent, 0 to 1.
func (v *Verdict) unsent() float64 {
	if v.Scheduled <= 0 {
		return 1
	}
	return max(0, float64(v.Scheduled-v.Sent)/float64(v.Scheduled))
}

// evaluated returns how many checks were evaluated.
func (v *Verdict) evaluated() (n int64) {
	for _, c := range v.Checks {
		if c.Result != oracle.Unknown {
			n++
		}
	}
	return n
}

// pause waits, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// line is one line of a page that is not posted although nothing is held back.
func unposted(page wallet.Page) (wallet.Line, bool) {
	for _, l := range page.Grants {
		if l.Status != wallet.TokenSuccess {
			return l, true
		}
	}
	return wallet.Line{}, false
}
