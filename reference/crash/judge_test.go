package crash

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"hongbao/reference/reconcile"
	"hongbao/reference/wallet"
	"hongbao/sim/oracle"
)

// stores are the service's stores, read by the audit.
type stores struct {
	ledger wallet.LedgerReader
	orders interface {
		wallet.OrderReader
		wallet.OpenOrders
	}
	tokens      wallet.TokenReader
	withdrawals interface {
		wallet.WithdrawalReader
		wallet.Withdrawals
	}
	bank    wallet.BankReader
	backlog wallet.Backlog
	quotas  wallet.Quotas
}

// remainingWork is the unfinished work.
type remainingWork struct {
	held       int64 // postings in the backlog
	open       int64 // orders
	unfinished int   // withdrawals; 1 means one or more
}

// remaining counts the unfinished work.
func (s *stores) remaining(ctx context.Context) (remainingWork, error) {
	held, err1 := s.backlog.Depth(ctx)
	open, err2 := s.orders.OpenCount(ctx)
	unfinished, _, err3 := s.withdrawals.Unfinished(ctx, wallet.Never, 0, 1)
	return remainingWork{held, open, len(unfinished)}, errors.Join(err1, err2, err3)
}

// pollEvery is the interval of polling the stores.
const pollEvery = 100 * time.Millisecond

// readWithin bounds one read of the stores.
const readWithin = 5 * time.Second

// drain waits until no work remains or ctx ends, and returns the last count.
func (s *stores) drain(ctx context.Context) (remainingWork, error) {
	for {
		readCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readWithin)
		r, err := s.remaining(readCtx)
		cancel()
		if err == nil && r == (remainingWork{}) || ctx.Err() != nil {
			return r, err
		}
		pause(ctx, pollEvery)
	}
}

// auditResult is a stage's budget before and after its audit.
type auditResult struct {
	before, after wallet.Quota
	back          wallet.Money // the amount that the audit returned to the budget
}

// audit orphans the blocks of all holders and counts what they granted. No instance may be running.
func (s *stores) audit(ctx context.Context, stage wallet.Stage) (auditResult, error) {
	var a auditResult
	holders, err := s.quotas.Holders(ctx)
	if err != nil {
		return a, err
	}
	for _, h := range holders {
		if err := s.quotas.Orphan(ctx, h); err != nil {
			return a, err
		}
	}
	if a.before, err = s.quotas.Quota(ctx, stage); err != nil {
		return a, err
	}
	if a.back, err = s.quotas.Reclaim(ctx, stage); err != nil {
		return a, err
	}
	a.after, err = s.quotas.Quota(ctx, stage)
	return a, err
}

// verdict is the result of the checks.
type verdict struct {
	checks     []oracle.Check
	violations int64
	audits     []auditResult
	budget     wallet.Money
	orphaned   wallet.Money // at the end of the load: leased to killed instances
	remaining  remainingWork
	left       int // people whose clients have open outcomes
}

// judge checks the stores of a service that has stopped and was audited.
func judge(ctx context.Context, w *eventLog, s *stores, budget wallet.Money, audits ...auditResult) (verdict, error) {
	v := verdict{audits: audits, budget: budget}
	spent := func(ctx context.Context, st wallet.Stage) (wallet.Money, error) {
		q, err := s.quotas.Quota(ctx, st)
		return q.Reserved, err
	}
	report, err := reconcile.Run(ctx, reconcile.Sources{Orders: s.orders, Tokens: s.tokens, Ledger: s.ledger, Spent: spent}, wallet.Never)
	if err != nil {
		return v, err
	}
	if v.remaining, err = s.remaining(ctx); err != nil {
		return v, err
	}
	err = w.oracle.Final(ctx, oracle.Sources{
		Ledger: s.ledger, Orders: s.orders, Tokens: s.tokens, Withdrawals: s.withdrawals, Bank: s.bank,
		Spent:    func(st wallet.Stage) (wallet.Money, error) { return spent(ctx, st) },
		Reported: report.Differences, ReconcileRan: true, OpenOrders: v.remaining.open, BacklogDepth: v.remaining.held,
	})
	v.checks, v.violations = w.oracle.Checks(), w.oracle.Violations()
	return v, err
}

// faults returns all failures. A check that was never evaluated is one.
func (v verdict) faults() error {
	var all []error
	fault := func(format string, args ...any) { all = append(all, fmt.Errorf(format, args...)) }
	for _, c := range v.checks {
		if c.Result != oracle.Pass {
			fault("%s: %s, %d violations; first: %s; worst: %s", c.Name, c.Result, c.Violations, c.First, c.Worst)
		}
	}
	for _, a := range v.audits {
		if a.after.Leased != a.after.Reserved || a.after.Orphaned != 0 {
			fault("after the audit %d fen are leased, %d fen recorded for orders, %d fen orphaned", a.after.Leased, a.after.Reserved, a.after.Orphaned)
		}
		if a.back != a.before.Leased-a.after.Leased || a.before.Reserved != a.after.Reserved {
			fault("the audit returned %d fen: leased %d to %d fen, recorded %d to %d fen", a.back, a.before.Leased, a.after.Leased, a.before.Reserved, a.after.Reserved)
		}
		if a.before.Leased > v.budget {
			fault("%d fen of a budget of %d fen were leased", a.before.Leased, v.budget)
		}
	}
	if v.remaining != (remainingWork{}) {
		fault("unfinished: %+v", v.remaining)
	}
	if v.left > 0 {
		fault("%d people have an open outcome, or a token whose grant the page does not show", v.left)
	}
	return errors.Join(all...)
}

// last returns the last audit.
func (v verdict) last() auditResult { return v.audits[len(v.audits)-1] }

// violationsOf returns the number of a check's violations.
func (v verdict) violationsOf(name string) int64 {
	for _, c := range v.checks {
		if strings.EqualFold(c.Name, name) {
			return c.Violations
		}
	}
	return -1
}
