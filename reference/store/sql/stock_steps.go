package sqlstore

import (
	"context"
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
		if err := s.leaseWrites.write(ctx, t, b, template); err != nil {
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
		var latest wallet.BlockID
		if found, err := readOne(ctx, t.query, s.lock, nil, &latest); err != nil || found {
			return latest, err
		}
		// The row does not exist: this is the first step.
		if _, err := t.insertRow(ctx, s.lease, "", 0, 0); err != nil {
			return 0, err
		}
	}
	return 0, errAgain
}

// readLeases reads a template's leases, its open blocks, and the closed blocks that the steps name.
func (s *StockLeases) readLeases(ctx context.Context, t *txn, template string, steps []any) (*leaseState, error) {
	b := &leaseState{}
	n, err := b.readStages(ctx, t, s.leases, template)
	if err == nil && n < wallet.Stages {
		err = t.insert(ctx, s.lease, wallet.Stages, func(i int, args []any) []any { return append(args, template, i+1, 0) }, nil)
	}
	if err != nil {
		return nil, err
	}
	b.before = b.leased
	if b.blocks, err = list(ctx, t.query, scanHeld, s.open, template); err != nil {
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
	closed, err := list(ctx, t.query, scanHeld, s.named+placeholders(len(args)-1, 1)+" AND state = 2 ORDER BY block", args...)
	b.blocks = append(b.blocks, closed...)
	return b, err
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
	block, amount := wallet.BlockID(0), int64(0)
	found, err := readOne(ctx, t.query, s.reserved, keyed(nil, no), &block, &amount)
	if err != nil || found && block == 0 {
		return err
	}
	if !found { // a take that arrives later finds a refusal
		refusal := s.orders.writes.args(nil, wallet.Reservation{Order: no, Amount: 1})
		affected, err := t.insertRow(ctx, s.orders.writes.insert, append(refusal, rand.Int64())...)
		if err == nil && affected == 0 {
			err = fmt.Errorf("%w: order %s was recorded meanwhile", errAgain, no)
		}
		return err
	}
	if err := t.change(ctx, s.clear, keyed(nil, no)...); err != nil {
		return err
	}
	_, err = t.insertRow(ctx, s.orders.addFence, int64(block), 0, int64(no.Stage), 0, -amount)
	return err
}
