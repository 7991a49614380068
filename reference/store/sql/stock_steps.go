package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"

	"hongbao/reference/wallet"
)

// stockStep is the job of one step on one template's lease state: a leaseStep, orphanStep or closeStep.
type stockStep struct {
	template string
	what     any
}

// applySteps applies the steps of each template in memory, as Quotas.applySteps does for budgets.
func (s *StockLeases) applySteps(ctx context.Context, t *txn, jobs []*job) error {
	latest, err := s.lockLatest(ctx, t)
	if err != nil {
		return err
	}
	was := latest
	steps := map[string][]any{}
	var order []string // of first mention: any order is valid, because one lock covers all templates
	for _, j := range jobs {
		step := j.in.(*stockStep)
		if steps[step.template] == nil {
			order = append(order, step.template)
		}
		steps[step.template] = append(steps[step.template], step.what)
	}
	for _, template := range order {
		b, err := s.readLeases(ctx, t, template, steps[template])
		if err != nil {
			return err
		}
		b.latest = latest
		for _, what := range steps[template] {
			b.stockStep(what)
		}
		latest = b.latest
		if err := s.writeLeases(ctx, t, template, b); err != nil {
			return err
		}
	}
	if latest == was {
		return nil
	}
	return t.change(ctx, s.setLeased, int64(latest), "", 0)
}

// lockLatest locks the lease states of all templates and returns the highest number of a block.
func (s *StockLeases) lockLatest(ctx context.Context, t *txn) (wallet.BlockID, error) {
	for range 2 {
		latest := wallet.BlockID(-1)
		if err := t.query(ctx, s.lock, nil, func(r *sql.Rows) error { return r.Scan(&latest) }); err != nil || latest >= 0 {
			return latest, err
		}
		// The row does not exist: this is the first step.
		if err := t.insert(ctx, s.lease, 1, func(_ int, args []any) []any { return append(args, "", 0, 0) }, nil); err != nil {
			return 0, err
		}
	}
	return 0, errAgain
}

// readLeases reads a template's leases, its open blocks, and the closed blocks that the steps name.
func (s *StockLeases) readLeases(ctx context.Context, t *txn, template string, steps []any) (*leaseState, error) {
	b := &leaseState{}
	n := 0
	read := func() error {
		n = 0
		return t.query(ctx, s.leases, []any{template}, func(r *sql.Rows) error {
			var stage wallet.Stage
			var leased wallet.Money
			err := r.Scan(&stage, &leased)
			if err == nil {
				err = stage.Validate()
			}
			if err == nil {
				b.leased[stage] = leased
				n++
			}
			return err
		})
	}
	err := read()
	if err == nil && n < wallet.Stages {
		err = t.insert(ctx, s.lease, wallet.Stages, func(i int, args []any) []any { return append(args, template, i+1, 0) }, nil)
	}
	if err != nil {
		return nil, err
	}
	b.before = b.leased
	hold := func(r *sql.Rows) error {
		h, err := scanHeld(r)
		b.blocks = append(b.blocks, h)
		return err
	}
	if err := t.query(ctx, s.open, []any{template}, hold); err != nil {
		return nil, err
	}
	args := []any{template}
	for _, what := range steps {
		if c, ok := what.(*closeStep); ok {
			for _, k := range c.blocks {
				args = append(args, int64(k.ID))
			}
		}
	}
	if len(args) == 1 {
		return b, nil
	}
	return b, t.query(ctx, s.named+placeholders(len(args)-1, 1)+" AND state = 2 ORDER BY block", args, hold)
}

// stockStep applies one step.
func (b *leaseState) stockStep(what any) {
	switch step := what.(type) {
	case *leaseStep:
		less := *step // a copy, because the job may be applied again
		left := step.budget - b.leased[step.stage]
		if step.budget > b.leased[step.stage] {
			less.want = min(step.want, max(step.need, left/stockShare))
		}
		b.lease(&less)
		step.out, step.overBudget = less.out, less.overBudget
	case *orphanStep:
		b.orphan(step)
	case *closeStep:
		b.recount(step)
	}
}

// recount closes orphaned blocks, and takes the unissued stock from all blocks that the step names.
func (b *leaseState) recount(c *closeStep) {
	c.returned = 0
	for i := range b.blocks {
		h := &b.blocks[i]
		granted, named := c.granted[h.ID]
		if !named || h.state == blockOpen {
			continue
		}
		rest := max(0, h.Amount-granted)
		b.leased[h.Stage] -= rest
		c.returned += rest
		h.Amount -= rest
		h.state, h.changed = blockClosed, true
	}
}

func (s *StockLeases) writeLeases(ctx context.Context, t *txn, template string, b *leaseState) error {
	for stage := range b.leased {
		if b.leased[stage] == b.before[stage] {
			continue
		}
		if err := t.change(ctx, s.setLeased, int64(b.leased[stage]), template, stage); err != nil {
			return err
		}
	}
	for _, h := range b.blocks {
		var err error
		switch {
		case h.fresh:
			err = t.change(ctx, s.add, int64(h.ID), template, int64(h.Stage), h.state, int64(h.Amount), []byte(h.holder))
		case h.changed:
			err = t.change(ctx, s.setBlock, h.state, int64(h.Amount), int64(h.ID))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// returnJob is the job of one GiveBack call.
type returnJob struct{ no wallet.OrderNo }

// applyReturns turns reservations into refusals and subtracts them from their blocks' fences, one after another:
// coupons are rarely given back.
func (s *StockLeases) applyReturns(ctx context.Context, t *txn, jobs []*job) error {
	for _, j := range jobs {
		if err := s.giveBack(ctx, t, j.in.(*returnJob).no); err != nil {
			return err
		}
	}
	return nil
}

func (s *StockLeases) giveBack(ctx context.Context, t *txn, no wallet.OrderNo) error {
	found, block, amount := false, wallet.BlockID(0), int64(0)
	err := t.query(ctx, s.reserved, keyed(nil, no), func(r *sql.Rows) error {
		found = true
		return r.Scan(&block, &amount)
	})
	if err != nil || found && block == 0 {
		return err
	}
	if !found { // a take that arrives later finds a refusal
		return t.insert(ctx, s.orders.writes.insert, 1, func(_ int, args []any) []any {
			return append(s.orders.writes.args(args, wallet.Reservation{Order: no, Amount: 1}), rand.Int64())
		}, func(_, _ int, affected int64) error {
			if affected == 0 {
				return fmt.Errorf("%w: order %s was recorded meanwhile", errAgain, no)
			}
			return nil
		})
	}
	if err := t.change(ctx, s.clear, keyed(nil, no)...); err != nil {
		return err
	}
	return t.insert(ctx, s.orders.addFence, 1, func(_ int, args []any) []any {
		return append(args, int64(block), 0, int64(no.Stage), 0, -amount)
	}, nil)
}
