package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"hongbao/reference/wallet"
)

// leaseStep is the job of one Lease call.
type leaseStep struct {
	holder             string
	stage              wallet.Stage
	need, want, budget wallet.Money
	out                wallet.Block
	overBudget         bool
}

// do checks a step, submits it, and returns its result. unit is that of the amounts.
func (l *leaseStep) do(ctx context.Context, unit string, submit func(ctx context.Context, what any) error) (wallet.Block, error) {
	if err := l.stage.Validate(); err != nil {
		return wallet.Block{}, err
	}
	if l.need < 1 || l.need > l.want || l.holder == "" || len(l.holder) > maxHolder {
		return wallet.Block{}, fmt.Errorf("%w: lease of %d to %d %s by a holder of %d bytes", wallet.ErrInvalid, int64(l.need), int64(l.want), unit, len(l.holder))
	}
	if err := submit(ctx, l); err != nil {
		return wallet.Block{}, err
	}
	if l.overBudget {
		return l.out, wallet.ErrOverBudget
	}
	return l.out, nil
}

// orphanStep is the first part of one Orphan call: it marks the holder's blocks, and returns those that are not closed
// yet.
type orphanStep struct {
	holder string
	out    []wallet.Block
}

// closeStep is the last step of one Reclaim call: it closes blocks whose granted amounts are final.
type closeStep struct {
	blocks   []wallet.Block
	granted  map[wallet.BlockID]wallet.Money
	returned wallet.Money
}

// leaseState is the state of budgets and open blocks on shard 0, in memory for one transaction. The rows of the stages
// are locked, and blocks are written only under that lock.
type leaseState struct {
	leased [wallet.Stages + 1]wallet.Money
	blocks []leasedBlock
	latest wallet.BlockID                  // the highest number in use
	before [wallet.Stages + 1]wallet.Money // leased, as read
}

// A block's number ends in its stage, so that a shard without a row of the block still knows the stage.
const stageDigit = wallet.Stages + 1

func stageOf(id wallet.BlockID) wallet.Stage { return wallet.Stage(id % stageDigit) }

// next issues a number above all others.
func (b *leaseState) next(s wallet.Stage) wallet.BlockID {
	b.latest = (b.latest/stageDigit+1)*stageDigit + wallet.BlockID(s)
	return b.latest
}

type leasedBlock struct {
	wallet.Block
	holder         string
	state          int
	fresh, changed bool
}

// applySteps reads the lease state, applies all steps in memory, and writes the changes. So a transaction is a few
// statements, however many instances lease at the same time.
func (q *Quotas) applySteps(ctx context.Context, t *txn, jobs []*job) error {
	b, err := q.readLeases(ctx, t)
	if err != nil {
		return err
	}
	for _, j := range jobs {
		switch step := j.in.(type) {
		case *leaseStep:
			b.lease(step)
		case *orphanStep:
			b.orphan(step)
		case *closeStep:
			b.close(step)
		}
	}
	return q.leaseWrites.write(ctx, t, b)
}

func (b *leaseState) lease(l *leaseStep) {
	l.overBudget, l.out = false, wallet.Block{}
	i := slices.IndexFunc(b.blocks, func(h leasedBlock) bool {
		return h.holder == l.holder && h.Stage == l.stage && h.state == blockOpen
	})
	leased := &b.leased[l.stage]
	if l.budget < *leased || l.budget-*leased < l.need {
		l.overBudget = true
		if i >= 0 {
			l.out = b.blocks[i].Block
		}
		return
	}
	if i < 0 {
		i = len(b.blocks)
		b.blocks = append(b.blocks, leasedBlock{Block: wallet.Block{ID: b.next(l.stage), Stage: l.stage}, holder: l.holder, fresh: true})
	}
	more := min(l.want, max(l.need, (l.budget-*leased)/leaseShare))
	*leased += more
	b.blocks[i].Amount += more
	b.blocks[i].changed = true
	l.out = b.blocks[i].Block
}

func (b *leaseState) orphan(s *orphanStep) {
	s.out = nil
	for i := range b.blocks {
		h := &b.blocks[i]
		if h.holder != s.holder || h.state == blockClosed {
			continue
		}
		if h.state == blockOpen {
			h.state, h.changed = blockOrphaned, true
		}
		s.out = append(s.out, h.Block)
	}
}

func (b *leaseState) close(c *closeStep) {
	c.returned = 0
	for i := range b.blocks {
		h := &b.blocks[i]
		if h.state != blockOrphaned || !slices.ContainsFunc(c.blocks, func(k wallet.Block) bool { return k.ID == h.ID }) {
			continue
		}
		rest := h.Amount - c.granted[h.ID]
		b.leased[h.Stage] -= rest
		c.returned += rest
		h.Amount -= rest
		h.state, h.changed = blockClosed, true
	}
}

// readStages reads the leased amount of each stage, and returns how many there are.
func (b *leaseState) readStages(ctx context.Context, t *txn, query string, args ...any) (n int, err error) {
	err = t.query(ctx, query, args, func(r *sql.Rows) error {
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
	return n, err
}

// lockStages reads and locks the leased amount of each stage. It creates missing rows at the first step.
func (q *Quotas) lockStages(ctx context.Context, t *txn, b *leaseState) error {
	for range 2 {
		n, err := b.readStages(ctx, t, q.stages)
		if err != nil || n == wallet.Stages {
			return err
		}
		err = t.insert(ctx, q.stage, wallet.Stages, func(i int, args []any) []any { return append(args, i+1, 0) }, nil)
		if err != nil {
			return err
		}
	}
	return errAgain
}

func (q *Quotas) readLeases(ctx context.Context, t *txn) (*leaseState, error) {
	b := &leaseState{}
	err := q.lockStages(ctx, t, b)
	if err != nil {
		return nil, err
	}
	b.before = b.leased
	if _, err := readOne(ctx, t.query, q.latest, nil, &b.latest); err != nil {
		return nil, err
	}
	b.blocks, err = list(ctx, t.query, scanHeld, q.blocks)
	return b, err
}

// leaseWrites are the statements that write the leases of one kind of budget.
type leaseWrites struct{ setLeased, setBlock, add string }

// write writes the changes. of are the columns that precede the stage in the keys: the template, if there is one.
func (w leaseWrites) write(ctx context.Context, t *txn, b *leaseState, of ...any) error {
	for stage := range b.leased {
		if b.leased[stage] == b.before[stage] {
			continue
		}
		key := slices.Concat(of, []any{stage})
		if err := t.change(ctx, w.setLeased, append([]any{int64(b.leased[stage])}, key...)...); err != nil {
			return err
		}
	}
	for _, h := range b.blocks {
		var err error
		switch {
		case h.fresh:
			columns := slices.Concat([]any{int64(h.ID)}, of, []any{int64(h.Stage), h.state, int64(h.Amount), []byte(h.holder)})
			err = t.change(ctx, w.add, columns...)
		case h.changed:
			err = t.change(ctx, w.setBlock, h.state, int64(h.Amount), int64(h.ID))
		}
		if err != nil {
			return err
		}
	}
	return nil
}
