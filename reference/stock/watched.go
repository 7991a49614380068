package stock

import (
	"context"
	"sync"

	"hongbao/reference/wallet"
)

// watched is a template's book as one instance uses it. It remembers what the instance leased and issued, for Tidy.
type watched struct {
	wallet.Quotas

	mu     sync.Mutex
	stages [wallet.Stages + 1]watchedStage
}

// watchedStage is what happened in one stage.
type watchedStage struct {
	block  wallet.BlockID
	leased wallet.Money // to the open block, in coupons
	paid   wallet.Money // by it
	seen   wallet.Money // paid when Tidy last looked
}

func watch(q wallet.Quotas) *watched { return &watched{Quotas: q} }

// Lease implements wallet.Quotas.
func (w *watched) Lease(ctx context.Context, holder string, s wallet.Stage, need, want, budget wallet.Money) (wallet.Block, error) {
	b, err := w.Quotas.Lease(ctx, holder, s, need, want, budget)
	w.mu.Lock()
	defer w.mu.Unlock()
	at := &w.stages[s]
	if b.ID > at.block {
		*at = watchedStage{block: b.ID}
	}
	if b.ID == at.block {
		at.leased = max(at.leased, b.Amount)
	}
	return b, err
}

// Record implements wallet.Quotas.
func (w *watched) Record(ctx context.Context, r wallet.Reservation) (wallet.Reservation, bool, error) {
	got, isNew, err := w.Quotas.Record(ctx, r)
	w.mu.Lock()
	defer w.mu.Unlock()
	if at := &w.stages[r.Order.Stage]; err == nil && isNew && got.Block == at.block && got.Block != 0 {
		at.paid += got.Amount
	}
	return got, isNew, err
}

// Strand implements wallet.Quotas: what is ended has no rest of ours.
func (w *watched) Strand(ctx context.Context, holder string) error {
	err := w.Quotas.Strand(ctx, holder)
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := range w.stages {
		if err == nil {
			w.stages[i].leased = w.stages[i].paid
		}
	}
	return err
}

// idle reports whether there is a rest in some stage and none was used in any since it was last asked.
func (w *watched) idle() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	rest, used := false, false
	for i := range w.stages {
		at := &w.stages[i]
		used = used || at.paid != at.seen
		rest = rest || at.leased > at.paid
		at.seen = at.paid
	}
	return rest && !used
}
