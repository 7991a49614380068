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

// stores are the service's stores, as its auditor sees them.
type stores struct {
	ledger wallet.LedgerBook
	orders interface {
		wallet.OrderBook
		wallet.OpenOrders
	}
	tokens      wallet.TokenBook
	withdrawals interface {
		wallet.WithdrawalBook
		wallet.Withdrawals
	}
	bank    wallet.BankBook
	backlog wallet.Backlog
	quotas  wallet.Quotas
}

// rest is what is left to do.
type rest struct {
	held       int64 // postings in the backlog
	open       int64 // orders
	unfinished int   // withdrawals; one stands for more
}

// rest counts it.
func (s *stores) rest(ctx context.Context) (rest, error) {
	held, err1 := s.backlog.Depth(ctx)
	open, err2 := s.orders.OpenCount(ctx)
	unfinished, _, err3 := s.withdrawals.Unfinished(ctx, wallet.Never, 0, 1)
	return rest{held, open, len(unfinished)}, errors.Join(err1, err2, err3)
}

// pollEvery is how often a wait for the stores looks at them.
const pollEvery = 100 * time.Millisecond

// lookWithin bounds one look at the stores.
const lookWithin = 5 * time.Second

// drain waits until nothing is left to do, at most until ctx ends, and returns what was left at the last look.
func (s *stores) drain(ctx context.Context) (rest, error) {
	for {
		look, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookWithin)
		r, err := s.rest(look)
		cancel()
		if err == nil && r == (rest{}) || ctx.Err() != nil {
			return r, err
		}
		pause(ctx, pollEvery)
	}
}

// audited is how a stage's budget stood before and after its audit.
type audited struct {
	before, after wallet.Quota
	back          wallet.Money // what the audit gave back
}

// audit ends what holders that are gone hold of the budget and has the book count what they granted. No instance may
// run.
func (s *stores) audit(ctx context.Context, stage wallet.Stage) (audited, error) {
	var a audited
	holders, err := s.quotas.Holders(ctx)
	if err != nil {
		return a, err
	}
	for _, h := range holders {
		if err := s.quotas.Strand(ctx, h); err != nil {
			return a, err
		}
	}
	if a.before, err = s.quotas.Quota(ctx, stage); err != nil {
		return a, err
	}
	if a.back, err = s.quotas.Audit(ctx, stage); err != nil {
		return a, err
	}
	a.after, err = s.quotas.Quota(ctx, stage)
	return a, err
}

// verdict is what the judge found.
type verdict struct {
	checks     []oracle.Check
	violations int64
	audits     []audited
	budget     wallet.Money
	stranded   wallet.Money // when the load ended: leased to instances that were killed
	rest       rest
	left       int // people whose clients still have something open
}

// judge reads the books of a service that has stopped and was audited.
func judge(ctx context.Context, w *witness, s *stores, budget wallet.Money, audits ...audited) (verdict, error) {
	v := verdict{audits: audits, budget: budget}
	spent := func(ctx context.Context, st wallet.Stage) (wallet.Money, error) {
		q, err := s.quotas.Quota(ctx, st)
		return q.Reserved, err
	}
	report, err := reconcile.Run(ctx, reconcile.Books{Orders: s.orders, Tokens: s.tokens, Ledger: s.ledger, Spent: spent}, wallet.Never)
	if err != nil {
		return v, err
	}
	if v.rest, err = s.rest(ctx); err != nil {
		return v, err
	}
	err = w.oracle.Final(ctx, oracle.Books{
		Ledger: s.ledger, Orders: s.orders, Tokens: s.tokens, Withdrawals: s.withdrawals, Bank: s.bank,
		Spent:    func(st wallet.Stage) (wallet.Money, error) { return spent(ctx, st) },
		Reported: report.Differences, ReconcileRan: true, OpenOrders: v.rest.open, BacklogDepth: v.rest.held,
	})
	v.checks, v.violations = w.oracle.Checks(), w.oracle.Violations()
	return v, err
}

// faults returns all that is not as it should be. A check that was never evaluated is one.
func (v verdict) faults() error {
	var all []error
	fault := func(format string, args ...any) { all = append(all, fmt.Errorf(format, args...)) }
	for _, c := range v.checks {
		if c.Result != oracle.Pass {
			fault("%s: %s, %d violations; first: %s; worst: %s", c.Name, c.Result, c.Violations, c.First, c.Worst)
		}
	}
	for _, a := range v.audits {
		if a.after.Leased != a.after.Reserved || a.after.Stranded != 0 {
			fault("after the audit %d fen are leased, %d fen recorded for orders, %d fen stranded", a.after.Leased, a.after.Reserved, a.after.Stranded)
		}
		if a.back != a.before.Leased-a.after.Leased || a.before.Reserved != a.after.Reserved {
			fault("the audit says that %d fen came back: leased %d to %d fen, recorded %d to %d fen", a.back, a.before.Leased, a.after.Leased, a.before.Reserved, a.after.Reserved)
		}
		if a.before.Leased > v.budget {
			fault("%d fen of a budget of %d fen were leased", a.before.Leased, v.budget)
		}
	}
	if v.rest != (rest{}) {
		fault("left to do: %+v", v.rest)
	}
	if v.left > 0 {
		fault("%d people never learnt what became of a request, or do not see what they hold a token for", v.left)
	}
	return errors.Join(all...)
}

// last returns the last audit.
func (v verdict) last() audited { return v.audits[len(v.audits)-1] }

// violationsOf returns how many violations a check has.
func (v verdict) violationsOf(name string) int64 {
	for _, c := range v.checks {
		if strings.EqualFold(c.Name, name) {
			return c.Violations
		}
	}
	return -1
}
