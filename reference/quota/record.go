package quota

import (
	"context"
	"errors"
	"maps"
	"slices"

	"hongbao/reference/wallet"
)

// record records the debit in the store. The result is the order's, whichever block pays for it.
func (b *Budgets) record(ctx context.Context, no wallet.OrderNo, t *debit) error {
	r, isNew, err := b.store.Record(ctx, wallet.Reservation{Order: no, Amount: t.amount, Block: t.block})
	b.handleReply(no, t, r, isNew, err)
	return answer(r, err)
}

// handleReply processes one caller's reply. The last caller also finishes the debit.
func (b *Budgets) handleReply(no wallet.OrderNo, t *debit, r wallet.Reservation, isNew bool, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case errors.Is(err, wallet.ErrStale):
		b.blocks[no.Stage].end(t.block)
		t.void = true
	case err == nil && isNew:
		t.written = true
	case err == nil && r.Block == t.block:
		t.sameBlock = true
	case err == nil:
		t.void = true
	case !nothingWritten(err):
		t.unknown = true
	}
	if err == nil && r.Block != 0 {
		b.rememberGranted(no)
	}
	if t.void && b.debits[no] == t {
		delete(b.debits, no) // new callers must not join it
	}
	if t.callers--; t.callers == 0 {
		b.finish(no, t)
	}
}

// rememberGranted remembers a granted order, in place of the oldest one if there are too many.
func (b *Budgets) rememberGranted(no wallet.OrderNo) {
	switch {
	case b.granted[no]:
		return
	case len(b.latest) < maxGranted:
		b.latest = append(b.latest, no)
	default:
		delete(b.granted, b.latest[b.oldest])
		b.latest[b.oldest] = no
		b.oldest = (b.oldest + 1) % maxGranted
	}
	b.granted[no] = true
}

// finish decides what happens to a debit that no caller is recording any more.
func (b *Budgets) finish(no wallet.OrderNo, t *debit) {
	p := &b.blocks[no.Stage]
	switch {
	case t.written:
	case t.void:
		p.credit(t)
	case t.sameBlock && t.unknown: // either this debit or an earlier one is on record: counted as spent, to be safe
	case t.sameBlock: // an earlier debit of the order pays
		p.credit(t)
	case t.unknown && b.unsettled < maxUnsettled:
		b.unsettled++
		return
	case !t.unknown:
		p.credit(t)
	}
	if b.debits[no] == t {
		delete(b.debits, no)
	}
}

// nothingWritten reports whether the error proves that the store has recorded nothing new.
func nothingWritten(err error) bool {
	switch wallet.CodeOf(err) {
	case wallet.CodeOverloaded, wallet.CodeUnavailable, wallet.CodeInvalid:
		return true
	}
	return false
}

// Settle records again at most limit debits that had no reply and no repeat, so that their money does not wait for a
// repeat that another instance may have served. It returns the number of debits that have a result now. Errors are
// those of the store.
func (b *Budgets) Settle(ctx context.Context, limit int) (int, error) {
	done := 0
	for _, no := range b.unsettledOrders(limit) {
		t := b.joinUnsettled(no)
		if t == nil {
			continue
		}
		var err error
		if t.order.No == no {
			_, err = b.admit(ctx, t.order, t)
		} else {
			err = b.record(ctx, no, t)
		}
		if err != nil && !errors.Is(err, wallet.ErrStale) && !errors.Is(err, wallet.ErrOverBudget) {
			return done, err
		}
		done++
	}
	return done, nil
}

// unsettledOrders returns the first limit orders whose debits no caller is recording.
func (b *Budgets) unsettledOrders(limit int) []wallet.OrderNo {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.unsettled == 0 {
		return nil
	}
	nos := slices.SortedFunc(maps.Keys(b.debits), wallet.OrderNo.Compare)
	nos = slices.DeleteFunc(nos, func(no wallet.OrderNo) bool { return b.debits[no].callers > 0 })
	return nos[:min(len(nos), max(limit, 0))]
}

// joinUnsettled returns the order's debit if no caller is recording it, otherwise nil.
func (b *Budgets) joinUnsettled(no wallet.OrderNo) *debit {
	b.mu.Lock()
	defer b.mu.Unlock()
	t := b.debits[no]
	if t == nil || t.callers > 0 {
		return nil
	}
	b.unsettled--
	t.callers++
	return t
}

// Retire ends all blocks of a holder that grants no more (this instance when it stops, or one that died) and returns
// the rest that they have not granted to the budgets, in fen. Idempotent: after an error, repeat it. A holder that is
// still alive simply leases again.
func Retire(ctx context.Context, store wallet.QuotaHolders, holder string) (wallet.Money, error) {
	if err := wallet.Repeat(func() error { return store.Orphan(ctx, holder) }); err != nil {
		return 0, err
	}
	return Reclaim(ctx, store)
}

// Reclaim returns the rest of the orphaned blocks of all stages to the budgets, in fen. Idempotent: after an error,
// repeat it.
func Reclaim(ctx context.Context, store wallet.QuotaHolders) (wallet.Money, error) {
	total := wallet.Money(0)
	for s := wallet.InternalTest; s <= wallet.Official; s++ {
		var back wallet.Money
		if err := wallet.Repeat(func() (err error) { back, err = store.Reclaim(ctx, s); return err }); err != nil {
			return total, err
		}
		total += back
	}
	return total, nil
}
