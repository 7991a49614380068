package crowd

import (
	"context"
	"errors"
	"time"

	"hongbao/reference/wallet"
	"hongbao/sim/oracle"
)

// AuditOptions says how thoroughly the audit looks.
type AuditOptions struct {
	// People bounds whose lists are read, the lowest indexes first, which is as good as drawn; 0: everybody's who asked
	// for a grant.
	People int64

	// Workers is how many lists are read at a time; 0: DefaultAuditors.
	Workers int

	// Patience is how long lists that show something under way are read again; 0: DefaultPatience, or RewardPatience where
	// rewards other than cash are won.
	Patience time.Duration

	// Books reads the target's stores, where they can be seen; nil: they cannot.
	Books func(context.Context) (oracle.Books, error)

	// Progress, unless nil, is told how many people's lists have been read, of how many; by several goroutines.
	Progress func(done, total int64)
}

// What AuditOptions stands for where it says nothing.
const (
	// DefaultAuditors keep a service busy that answers a few thousand pages a second, and crowd nobody out.
	DefaultAuditors = 32
	// DefaultPatience is above what a service takes to settle a withdrawal whose bank did not answer.
	DefaultPatience = 30 * time.Second
	// RewardPatience is above what a service takes to take a reward up again whose downstream did not answer, twice.
	RewardPatience = 90 * time.Second
)

// Audit is what was found after the run.
type Audit struct {
	Checks []oracle.Check // all of them, always in the same order

	People    int64 // who asked for a grant
	Read      int64 // of those, whose lists were read to their ends and judged
	Unread    int64 // of those, whose lists ought to have been read and could not be
	Unsettled int64 // of those read, whose lists still showed something under way
	API       bool  // lists were read
	Stores    bool  // the stores were

	Downstreams bool // so were the books of those who hand out rewards other than cash

	Sums            oracle.Sums
	MoneyDifference wallet.Money // acknowledged, and not where it should be: by the stores if they were read, else by the lists

	// What the load's side and the other one hold, before and after; nil where nobody tells.
	MarkedBefore, MarkedAfter, LiveBefore, LiveAfter *Counts
}

// Audit judges the target after the run (H3), by the same ten checks over its API and over its stores. Call Drain before
// it, and nothing after it. The error says what could not be read, and that checks are unknown for that reason; the audit
// holds what there is in any case.
func (c *Crowd) Audit(ctx context.Context, o AuditOptions) (Audit, error) {
	c.beside.running.Wait()
	if o.Workers <= 0 {
		o.Workers = DefaultAuditors
	}
	if o.Patience <= 0 {
		o.Patience = DefaultPatience
		if c.rewarding {
			o.Patience = RewardPatience
		}
	}
	a := Audit{MarkedBefore: c.before, LiveBefore: c.live}
	errs := []error{c.readLists(ctx, o, &a)}
	if o.Books != nil {
		books, err := o.Books(ctx)
		if err == nil {
			c.witness.mu.Lock()
			err = c.witness.oracle.Final(ctx, books)
			c.witness.mu.Unlock()
		}
		a.Stores = err == nil
		a.Downstreams = a.Stores && books.Rewards.Handed != nil
		errs = append(errs, err)
	}
	totals, err := c.totals(ctx, o.Patience, &a)
	errs = append(errs, err)
	if c.options.Live != nil {
		a.LiveAfter, err = count(ctx, c.options.Live)
		errs = append(errs, err)
	}
	c.witness.mu.Lock()
	defer c.witness.mu.Unlock()
	judge := c.witness.oracle
	a.Sums = judge.Outside(totals)
	if a.MoneyDifference = a.Sums.Lost; a.Stores {
		a.MoneyDifference = judge.MoneyDifference()
	}
	a.Checks = judge.Checks()
	return a, errors.Join(errs...)
}

// Oracle returns the judge, for its waits and memory. Only after Audit, or when nothing is sent.
func (c *Crowd) Oracle() *oracle.Oracle { return c.witness.oracle }

// askAgain is how long the audit waits before it compares books again that others still move.
const askAgain = time.Second

// totals asks what the load's side says of itself; where others play on it too, again until they rest or patience ends.
func (c *Crowd) totals(ctx context.Context, patience time.Duration, a *Audit) (oracle.Totals, error) {
	for until := time.Now().Add(patience); ; {
		t, err := c.said(ctx, a)
		moving := t.Backlog != 0 || t.OpenOrders != 0 || t.Differences != 0 || t.LedgerSum != 0
		if err != nil || !c.options.Shared || !moving || time.Now().After(until) || wait(ctx, askAgain) != nil {
			return t, err
		}
	}
}

// said asks once.
func (c *Crowd) said(ctx context.Context, a *Audit) (oracle.Totals, error) {
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
	if a.MarkedAfter, err = count(ctx, o); err != nil {
		return t, err
	}
	after := a.MarkedAfter
	t.Reconciled, t.Orders, t.LedgerSum, t.Differences, t.Lines = true, after.Orders, after.Sum, after.differences, after.lines
	if c.before != nil {
		t.Orders -= c.before.Orders
	}
	return t, nil
}
