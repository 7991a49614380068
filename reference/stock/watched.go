package stock

import (
	"context"
	"sync"

	"hongbao/reference/wallet"
)

// watched is a template's book as one instance uses it. It remembers what the instance leased and issued, for the mirror
// and for Tidy.
type watched struct {
	wallet.Quotas

	mu     sync.Mutex
	stages [wallet.Stages + 1]watchedStage
	doubts map[wallet.OrderNo]bool // records without answer: the next answer counts
}

// watchedStage is what happened in one stage.
type watchedStage struct {
	block    wallet.BlockID
	leased   int64 // to the open block
	paid     int64 // by it
	issued   int64 // by this instance in all
	reported int64
	seen     int64 // issued when Tidy last looked
}

// maxDoubts bounds the orders whose record had no answer: a second of the fastest instance's. What is beyond it is
// issued and not shown.
const maxDoubts = 1 << 14

func watch(q wallet.Quotas) *watched { return &watched{Quotas: q, doubts: map[wallet.OrderNo]bool{}} }

// Lease implements wallet.Quotas.
func (w *watched) Lease(ctx context.Context, holder string, s wallet.Stage, need, want, budget wallet.Money) (wallet.Block, error) {
	b, err := w.Quotas.Lease(ctx, holder, s, need, want, budget)
	w.mu.Lock()
	defer w.mu.Unlock()
	at := &w.stages[s]
	if b.ID > at.block {
		at.block, at.leased, at.paid = b.ID, 0, 0
	}
	if b.ID == at.block {
		at.leased = max(at.leased, int64(b.Amount))
	}
	return b, err
}

// Record implements wallet.Quotas.
func (w *watched) Record(ctx context.Context, r wallet.Reservation) (wallet.Reservation, bool, error) {
	got, isNew, err := w.Quotas.Record(ctx, r)
	w.mu.Lock()
	defer w.mu.Unlock()
	at := &w.stages[r.Order.Stage]
	switch {
	case err == nil && got.Block != 0 && got.Block == r.Block && (isNew || w.doubts[r.Order]):
		at.issued++
		if got.Block == at.block {
			at.paid++
		}
		delete(w.doubts, r.Order)
	case err == nil:
		delete(w.doubts, r.Order)
	case wallet.CodeOf(err) == wallet.CodeUnknown && r.Block != 0 && len(w.doubts) < maxDoubts:
		w.doubts[r.Order] = true
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

// news returns what was issued in a stage, and whether that has not been reported yet.
func (w *watched) news(s wallet.Stage) (issued int64, news bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.stages[s].issued, w.stages[s].issued > w.stages[s].reported
}

func (w *watched) told(s wallet.Stage, issued int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stages[s].reported = max(w.stages[s].reported, issued)
}

// idle says whether there is a rest in some stage and none has been used in any since it was last asked.
func (w *watched) idle() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	rest, used := false, false
	for i := range w.stages {
		at := &w.stages[i]
		used = used || at.issued > at.seen
		rest = rest || at.leased > at.paid
		at.seen = at.issued
	}
	return rest && !used
}
