package crowd

import (
	"context"
	"errors"
	"time"

	"hongbao/reference/wallet"
	"hongbao/sim/oracle"
)

// AuditOptions configures the audit.
type AuditOptions struct {
	// People bounds the people whose lists are read. The lowest indexes are taken, which is as good as a random choice.
	// 0: everybody who asked for a grant.
	People int64

	// Workers is the number of lists read concurrently; 0: DefaultAuditors.
	Workers int

	// Patience is how long unsettled lists are read again; 0: DefaultPatience, or RewardPatience if rewards other than cash
	// can be won.
	Patience time.Duration

	// Sources reads the target's stores, if they are accessible; nil: they are not.
	Sources func(context.Context) (oracle.Sources, error)

	// Progress, if not nil, is called with the number of people whose lists have been read and the total. It is called by
	// several goroutines.
	Progress func(done, total int64)
}

// The defaults of AuditOptions.
const (
	// defaultAuditors keeps a service busy that answers a few thousand pages per second, without overloading it.
	defaultAuditors = 32
	// DefaultPatience is longer than a service takes to settle a withdrawal whose bank did not answer.
	DefaultPatience = 30 * time.Second
	// rewardPatience is longer than a service takes to retry a reward twice whose downstream did not answer.
	rewardPatience = 90 * time.Second
)

// Audit is the result of the audit after the run.
type Audit struct {
	Checks []oracle.Check // all checks, always in the same order

	People    int64 // people who asked for a grant
	Read      int64 // of those, people whose lists were read completely and judged
	Unread    int64 // of those, people whose lists could not be read
	Unsettled int64 // of those read, people whose lists still showed unsettled records
	API       bool  // lists were read
	Stores    bool  // the stores were read

	Downstreams bool // the downstreams' records of rewards other than cash were read

	Sums            oracle.Sums
	MoneyDifference wallet.Money // acknowledged but missing: by the stores if they were read, else by the lists

	// The contents of the load's wallet and of the other one, before and after; nil if they are not known.
	ShadowBefore, ShadowAfter, LiveBefore, LiveAfter *Counts
}

// Audit judges the target after the run (H3), by the same ten checks over its API and over its stores. Call Drain before
// it, and nothing after it. The error reports what could not be read; the affected checks are unknown. The audit contains
// what is known in any case.
func (c *Crowd) Audit(ctx context.Context, o AuditOptions) (Audit, error) {
	c.unplanned.running.Wait()
	if o.Workers <= 0 {
		o.Workers = defaultAuditors
	}
	if o.Patience <= 0 {
		o.Patience = DefaultPatience
		if c.rewarding {
			o.Patience = rewardPatience
		}
	}
	a := Audit{ShadowBefore: c.before, LiveBefore: c.live}
	errs := []error{c.readLists(ctx, o, &a)}
	if o.Sources != nil {
		sources, err := o.Sources(ctx)
		if err == nil {
			c.events.mu.Lock()
			err = c.events.oracle.Final(ctx, sources)
			c.events.mu.Unlock()
		}
		a.Stores = err == nil
		a.Downstreams = a.Stores && sources.Rewards.Downstreams != nil
		errs = append(errs, err)
	}
	totals, err := c.totals(ctx, o.Patience, &a)
	errs = append(errs, err)
	if c.options.Live != nil {
		a.LiveAfter, err = count(ctx, c.options.Live)
		errs = append(errs, err)
	}
	c.events.mu.Lock()
	defer c.events.mu.Unlock()
	judge := c.events.oracle
	a.Sums = judge.JudgeTotals(totals)
	if a.MoneyDifference = a.Sums.Lost; a.Stores {
		a.MoneyDifference = judge.MoneyDifference()
	}
	a.Checks = judge.Checks()
	return a, errors.Join(errs...)
}

// Oracle returns the oracle, for its waits and memory. Call it only after Audit, or while nothing is sent.
func (c *Crowd) Oracle() *oracle.Oracle { return c.events.oracle }

// compareEvery is the time between two comparisons of stores that other runs still change.
const compareEvery = time.Second

// totals reads the totals of the load's wallet. If other runs share it, it repeats until nothing changes or patience ends.
func (c *Crowd) totals(ctx context.Context, patience time.Duration, a *Audit) (oracle.Totals, error) {
	for until := time.Now().Add(patience); ; {
		t, err := c.operatorTotals(ctx, a)
		moving := t.Backlog != 0 || t.OpenOrders != 0 || t.Differences != 0 || t.LedgerSum != 0
		if err != nil || !c.options.Shared || !moving || time.Now().After(until) || wait(ctx, compareEvery) != nil {
			return t, err
		}
	}
}

// operatorTotals reads them once.
func (c *Crowd) operatorTotals(ctx context.Context, a *Audit) (oracle.Totals, error) {
	var t oracle.Totals
	o := c.options.Operator
	if o == nil {
		return t, nil
	}
	s, err := o.Status(ctx)
	if err != nil {
		return t, err
	}
	t.Drained, t.Backlog, t.OpenOrders = true, s.Backlog, s.OpenOrders
	if !c.options.Shared {
		t.Spent = map[wallet.Stage]wallet.Money{wallet.Official: official(s) - c.spent}
	}
	if a.ShadowAfter, err = count(ctx, o); err != nil {
		return t, err
	}
	after := a.ShadowAfter
	t.Reconciled, t.Orders, t.LedgerSum, t.Differences, t.Lines = true, after.Orders, after.Sum, after.differences, after.lines
	if c.before != nil {
		t.Orders -= c.before.Orders
	}
	return t, nil
}
