package quota

import (
	"context"
	"errors"
	"fmt"

	"hongbao/reference/wallet"
)

// Admission admits grants from the same open blocks as Budgets; the order's record is also the record of its
// reservation. The amount is debited from the block before it is known whether the order is already on record; if it
// is, the debit is credited back, as for any repeat. So near a budget's end a late repeat can briefly cause another
// order to be refused. The most recently granted orders are remembered, and their repeats debit nothing.
type Admission struct {
	b     *Budgets
	store wallet.AdmissionStore
}

var _ wallet.Admission = (*Admission)(nil)

// NewAdmission returns the admission to the budgets of an instance. Call it before their first use. store must contain
// the same reservations as the store of b.
func NewAdmission(b *Budgets, store wallet.AdmissionStore) *Admission {
	b.admissions = store
	return &Admission{b, store}
}

// Admit implements wallet.Admission. ErrInvalid also for a malformed number. ErrOverloaded and ErrUnavailable: this
// call did nothing.
func (a *Admission) Admit(ctx context.Context, o wallet.Order, budget wallet.Money) (wallet.Order, error) {
	if err := check(o.No, o.Amount); err != nil {
		return wallet.Order{}, err
	}
	for range staleTries {
		t, err := a.b.debitFor(ctx, o, false, budget)
		var on wallet.Admitted
		switch {
		case errors.Is(err, wallet.ErrOverBudget):
			on, err = a.store.Admit(ctx, o, 0)
		case err != nil:
			return wallet.Order{}, err
		case t == nil:
			return a.grantedOrder(ctx, o.No)
		default:
			on, err = a.b.admit(ctx, o, t)
		}
		if errors.Is(err, wallet.ErrStale) {
			continue
		}
		if err == nil && on.SeparateReservation && on.Order.State == wallet.OrderOpen {
			err = a.b.Reserve(ctx, on.Order.No, on.Order.Amount, budget)
		}
		return on.Order, err
	}
	return wallet.Order{}, a.b.ended()
}

// grantedOrder returns an order that is known to be on record.
func (a *Admission) grantedOrder(ctx context.Context, no wallet.OrderNo) (wallet.Order, error) {
	found, err := a.store.Get(ctx, []wallet.OrderNo{no})
	if err != nil {
		return wallet.Order{}, err
	}
	if found[0].No != no {
		return wallet.Order{}, fmt.Errorf("%w: quota: order %s was granted but is not on record", wallet.ErrUnavailable, no)
	}
	return found[0], nil
}

// admit records the order with its debit. A request with another amount than the one that is being recorded under the
// number is refused with ErrUnavailable: it is a conflict, but the amount on record is not known yet.
func (b *Budgets) admit(ctx context.Context, o wallet.Order, t *debit) (on wallet.Admitted, err error) {
	if t.amount == o.Amount {
		on, err = b.admissions.Admit(ctx, o, t.block)
	} else {
		err = fmt.Errorf("%w: quota: order %s is being recorded with another amount", wallet.ErrUnavailable, o.No)
	}
	b.handleReply(o.No, t, wallet.Reservation{Order: o.No, Amount: on.Order.Amount, Block: on.Block}, on.New, err)
	return on, err
}
