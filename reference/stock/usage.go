package stock

import (
	"context"
	"sync"

	"hongbao/reference/wallet"
)

// usageTracker wraps a template's leases for one instance. It tracks what the instance leased and issued, for
// ReturnUnused.
type usageTracker struct {
	wallet.Quotas

	mu     sync.Mutex
	stages [wallet.Stages + 1]stageUsage
}

// stageUsage is the usage in one stage.
type stageUsage struct {
	block      wallet.BlockID
	leased     wallet.Money // coupons leased to the open block
	paid       wallet.Money // coupons issued from it
	paidBefore wallet.Money // value of paid at the last call of idle
}

func trackUsage(q wallet.Quotas) *usageTracker { return &usageTracker{Quotas: q} }

// Lease implements wallet.Quotas.
func (w *usageTracker) Lease(ctx context.Context, holder string, s wallet.Stage, need, want, budget wallet.Money) (wallet.Block, error) {
	b, err := w.Quotas.Lease(ctx, holder, s, need, want, budget)
	w.mu.Lock()
	defer w.mu.Unlock()
	at := &w.stages[s]
	if b.ID > at.block {
		*at = stageUsage{block: b.ID}
	}
	if b.ID == at.block {
		at.leased = max(at.leased, b.Amount)
	}
	return b, err
}

// Record implements wallet.Quotas.
func (w *usageTracker) Record(ctx context.Context, r wallet.Reservation) (wallet.Reservation, bool, error) {
	got, isNew, err := w.Quotas.Record(ctx, r)
	w.mu.Lock()
	defer w.mu.Unlock()
	if at := &w.stages[r.Order.Stage]; err == nil && isNew && got.Block == at.block && got.Block != 0 {
		at.paid += got.Amount
	}
	return got, isNew, err
}

// Orphan implements wallet.Quotas. An ended block has no rest for this instance.
func (w *usageTracker) Orphan(ctx context.Context, holder string) error {
	err := w.Quotas.Orphan(ctx, holder)
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := range w.stages {
		if err == nil {
			w.stages[i].leased = w.stages[i].paid
		}
	}
	return err
}

// idle reports whether some stage has a rest and no stage was used since the last call.
func (w *usageTracker) idle() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	rest, used := false, false
	for i := range w.stages {
		at := &w.stages[i]
		used = used || at.paid != at.paidBefore
		rest = rest || at.leased > at.paid
		at.paidBefore = at.paid
	}
	return rest && !used
}
