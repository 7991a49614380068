package mem

import (
	"context"
	"sync"

	"hongbao/internal/slab"
	"hongbao/reference/wallet"
)

// stockShare: one lease of stock may take at most 1/stockShare of the remaining stock beyond its need. It is finer
// than that of budgets: coupons are few, and hundreds of instances share the last ones.
const stockShare = 64

// StockLeases stores leased stock: leased budgets (Quotas) for each template.
type StockLeases struct {
	mu sync.Mutex
	of map[wallet.RewardID]stockQuotas
}

var _ wallet.StockLeases = (*StockLeases)(nil)

// NewStockLeases returns a store in which nothing is leased.
func NewStockLeases() *StockLeases { return &StockLeases{of: map[wallet.RewardID]stockQuotas{}} }

// Of implements wallet.StockLeases.
func (s *StockLeases) Of(t wallet.RewardID) (wallet.Quotas, error) { return s.quotasOf(t) }

func (s *StockLeases) quotasOf(t wallet.RewardID) (stockQuotas, error) {
	if err := (wallet.Template{Reward: t, Stage: wallet.Official}).Validate(); err != nil {
		return stockQuotas{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.of[t]; !ok {
		s.of[t] = stockQuotas{NewQuotas()}
	}
	return s.of[t], nil
}

// GiveBack implements wallet.StockLeases. ErrInvalid: a malformed number or id.
func (s *StockLeases) GiveBack(_ context.Context, no wallet.OrderNo, t wallet.RewardID) error {
	b, err := s.quotasOf(t)
	if err != nil {
		return err
	}
	return b.giveBack(no)
}

// stockQuotas is the leased stock of one template.
type stockQuotas struct{ *Quotas }

// Lease implements wallet.Quotas. It adds at most a 64th of the remaining stock, or need if that is more.
func (b stockQuotas) Lease(ctx context.Context, holder string, stage wallet.Stage, need, want, budget wallet.Money) (wallet.Block, error) {
	now, err := b.Quota(ctx, stage)
	if err != nil {
		return wallet.Block{}, err
	}
	if want > need && need > 0 && budget > now.Leased {
		want = min(want, max(need, (budget-now.Leased)/stockShare))
	}
	return b.Quotas.Lease(ctx, holder, stage, need, want, budget)
}

// giveBack turns the order's reservation into a refusal. Stock of an ended block waits for an audit.
func (s *Quotas) giveBack(no wallet.OrderNo) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	kind, err := s.kinds.intern(no)
	if err != nil {
		return err
	}
	for int(kind) >= len(s.records) {
		s.records = append(s.records, slab.Sparse[quotaRecord]{})
	}
	r := s.records[kind].Touch(int64(no.ActID))
	if r.amount == 0 {
		r.amount = 1 // recorded, but no block pays for it
	}
	if r.block == 0 {
		return nil
	}
	b := &s.blocks[r.block-1]
	b.reserved -= r.amount
	s.stages[b.stage].Reserved -= r.amount
	if b.state != quotaOpen {
		s.stages[b.stage].Orphaned += r.amount
	}
	r.block = 0
	return nil
}
