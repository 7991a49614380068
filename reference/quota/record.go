package quota

import (
	"context"
	"errors"
	"maps"
	"slices"

	"hongbao/reference/wallet"
)

// record writes the take to the book. The answer is the order's, whoever pays for it.
func (b *Budgets) record(ctx context.Context, no wallet.OrderNo, t *take) error {
	r, isNew, err := b.book.Record(ctx, wallet.Reservation{Order: no, Amount: t.amount, Block: t.block})
	b.recorded(no, t, r, isNew, err)
	return answer(r, err)
}

// recorded notes one caller's answer, and with the last caller decides what becomes of the take.
func (b *Budgets) recorded(no wallet.OrderNo, t *take, r wallet.Reservation, isNew bool, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case errors.Is(err, wallet.ErrStale):
		b.pockets[no.Stage].end(t.block)
		t.other = true
	case err == nil && isNew:
		t.paid = true
	case err == nil && r.Block == t.block:
		t.met = true
	case err == nil:
		t.other = true
	case !nothingWritten(err):
		t.doubt = true
	}
	if err == nil && r.Block != 0 {
		b.remember(no)
	}
	if t.other && b.takes[no] == t {
		delete(b.takes, no) // whoever comes now must not join it
	}
	if t.callers--; t.callers == 0 {
		b.settled(no, t)
	}
}

// remember keeps a granted order in mind, in place of the oldest one when there are too many.
func (b *Budgets) remember(no wallet.OrderNo) {
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

// settled decides what becomes of a take that nobody records any more.
func (b *Budgets) settled(no wallet.OrderNo, t *take) {
	p := &b.pockets[no.Stage]
	switch {
	case t.paid:
	case t.other:
		p.giveBack(t)
	case t.met && t.doubt: // either this take is on record or an earlier one: counted as spent, for it is safe
	case t.met: // an earlier take of the order pays
		p.giveBack(t)
	case t.doubt && b.unsettled < maxUnsettled:
		b.unsettled++
		return
	case !t.doubt:
		p.giveBack(t)
	}
	if b.takes[no] == t {
		delete(b.takes, no)
	}
}

// nothingWritten says whether after the error the book surely holds nothing new. Whatever is not known to be so, is not.
func nothingWritten(err error) bool {
	switch wallet.CodeOf(err) {
	case wallet.CodeOverloaded, wallet.CodeUnavailable, wallet.CodeInvalid:
		return true
	}
	return false
}

// Settle records at most limit takes again that had no answer and that nobody has repeated, so that their money does
// not wait for a repeat which another instance may have had. It returns how many have an answer now.
func (b *Budgets) Settle(ctx context.Context, limit int) (int, error) {
	done := 0
	for _, no := range b.waiting(limit) {
		t := b.join(no)
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

// waiting returns the first limit orders whose takes nobody records.
func (b *Budgets) waiting(limit int) []wallet.OrderNo {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.unsettled == 0 {
		return nil
	}
	nos := slices.SortedFunc(maps.Keys(b.takes), wallet.OrderNo.Compare)
	nos = slices.DeleteFunc(nos, func(no wallet.OrderNo) bool { return b.takes[no].callers > 0 })
	return nos[:min(len(nos), max(limit, 0))]
}

// join returns the order's take if it waits, and nil if it does not any more.
func (b *Budgets) join(no wallet.OrderNo) *take {
	b.mu.Lock()
	defer b.mu.Unlock()
	t := b.takes[no]
	if t == nil || t.callers > 0 {
		return nil
	}
	b.unsettled--
	t.callers++
	return t
}

// Retire ends all blocks of a holder that grants no more, be it this instance when it stops or one that died, and
// gives what they have not granted back to the budgets. It returns how much that was. After an error, repeat it: it is
// safe to repeat, and a holder that is alive after all merely leases again.
func Retire(ctx context.Context, book wallet.QuotaHolders, holder string) (wallet.Money, error) {
	if err := wallet.Repeat(func() error { return book.Strand(ctx, holder) }); err != nil {
		return 0, err
	}
	total := wallet.Money(0)
	for s := wallet.InternalTest; s <= wallet.Official; s++ {
		var back wallet.Money
		if err := wallet.Repeat(func() (err error) { back, err = book.Audit(ctx, s); return err }); err != nil {
			return total, err
		}
		total += back
	}
	return total, nil
}
