package operator

import (
	"cmp"
	"context"
	"fmt"
	"math/bits"
	"slices"

	"hongbao/reference/activity"
	"hongbao/reference/wallet"
)

// planBuilder is a plan being built.
type planBuilder struct {
	wallet.BulkPlan
	index *activity.Index
	needs map[wallet.SceneID]*wallet.BulkNeed
}

// plan returns what the rows need at the time of their wins, and the faults of rows that could not be granted.
func (b *Bulk) plan(ctx context.Context, rows []wallet.BulkRow, at wallet.Instant) (wallet.BulkPlan, error) {
	p := &planBuilder{BulkPlan: wallet.BulkPlan{Rows: len(rows), Fits: true}, index: b.ports.Index, needs: map[wallet.SceneID]*wallet.BulkNeed{}}
	child, err := p.index.Child(at)
	if err != nil {
		p.Faults = append(p.Faults, wallet.BulkLineError{Text: "no activity is running now"})
		return p.BulkPlan, nil
	}
	p.Stage = child.Stage
	for _, row := range rows {
		if err := p.add(child, row); err != nil && len(p.Faults) < maxFaults {
			p.Faults = append(p.Faults, wallet.BulkLineError{Line: row.Line, Text: err.Error()})
		}
	}
	for _, need := range p.needs {
		p.Needs = append(p.Needs, *need)
	}
	slices.SortFunc(p.Needs, func(a, b wallet.BulkNeed) int { return cmp.Compare(a.Scene, b.Scene) })
	return p.BulkPlan, b.measure(ctx, &p.BulkPlan, child)
}

// add adds a row to the needs.
func (p *planBuilder) add(child *wallet.Child, row wallet.BulkRow) error {
	scene, err := p.index.SceneOf(child.Stage, row.Scene)
	switch {
	case err != nil:
		return fmt.Errorf("unknown scene %s in stage %s", row.Scene, child.Stage)
	case scene.Award != row.Award:
		return fmt.Errorf("scene %s grants %s, not %s", row.Scene, scene.Award, row.Award)
	case row.Award == wallet.Cash && row.Amount > child.SingleCap:
		return fmt.Errorf("%d fen are above the cap of %d", row.Amount, child.SingleCap)
	}
	need := p.needs[row.Scene]
	if need == nil {
		need = &wallet.BulkNeed{Scene: row.Scene, Award: row.Award, Reward: scene.Reward, Left: -1, Fits: true}
		p.needs[row.Scene] = need
	}
	sum, err := need.Amount.Add(row.Amount)
	if err != nil {
		return err
	}
	need.Rows, need.Amount = need.Rows+1, sum
	return nil
}

// measure compares the needs with what is left. Scenes that share a budget or a stock are added up.
func (b *Bulk) measure(ctx context.Context, p *wallet.BulkPlan, child *wallet.Child) error {
	var cash wallet.Money
	coupons := map[wallet.RewardID]int64{}
	for _, n := range p.Needs {
		var err error
		if cash, err = cash.Add(n.Amount); err != nil {
			return err
		}
		coupons[n.Reward] += int64(n.Rows)
	}
	for i := range p.Needs {
		n := &p.Needs[i]
		var err error
		if n.Award == wallet.Cash {
			n.Left, err = b.budgetLeft(ctx, child)
			n.Fits = int64(cash) <= n.Left
		} else if reward, counted := stocked(child, n.Reward, n.Scene); counted {
			n.Left, err = b.stockLeft(ctx, reward, child.Stage)
			n.Fits = coupons[n.Reward] <= n.Left
		}
		if err != nil {
			return err
		}
		p.Fits = p.Fits && n.Fits
	}
	return nil
}

// budgetLeft returns the rest of a stage's budget in fen: neither granted nor orphaned. Blocks that instances hold
// count as left, because the instances grant from them.
func (b *Bulk) budgetLeft(ctx context.Context, child *wallet.Child) (int64, error) {
	q, err := b.ports.Quotas.Quota(ctx, child.Stage)
	if err != nil {
		return 0, err
	}
	return max(0, int64(child.Budget-q.Reserved-q.Orphaned)), nil
}

// stockLeft returns the number of coupons of a reward that can be granted before the fallback is used (C2).
func (b *Bulk) stockLeft(ctx context.Context, r wallet.Reward, s wallet.Stage) (int64, error) {
	if b.ports.Stocks == nil {
		return 0, fmt.Errorf("%w: operator: no coupon stock on this instance", wallet.ErrUnavailable)
	}
	issued, err := b.ports.Stocks.Issued(ctx, wallet.Template{Reward: r.ID, Stage: s})
	if err != nil {
		return 0, err
	}
	floor := int64(0)
	if r.ThresholdNum > 0 && r.ThresholdDen >= r.ThresholdNum {
		hi, lo := bits.Mul64(uint64(r.Stock), uint64(r.ThresholdNum))
		share, rest := bits.Div64(hi, lo, uint64(r.ThresholdDen)) // at most the stock
		floor = int64(share)
		if rest > 0 {
			floor++
		}
	}
	return max(0, r.Stock-issued-floor), nil
}

// stocked returns the reward, and whether the scene is counted against its stock.
func stocked(child *wallet.Child, id wallet.RewardID, scene wallet.SceneID) (wallet.Reward, bool) {
	for _, t := range child.Rewards {
		for _, r := range t.Rewards {
			if r.ID != id {
				continue
			}
			for _, s := range r.Scenes {
				if s.ID == scene {
					return r, s.StockControl
				}
			}
		}
	}
	return wallet.Reward{}, false
}
