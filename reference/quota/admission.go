package quota

import (
	"context"
	"errors"
	"fmt"

	"hongbao/reference/wallet"
)

// Admission takes grants in: out of the same pockets as Budgets, and with the order's record as the reservation's. The
// amount leaves the pocket before it is known whether the order is on record already; if it is, the take is given back
// as that of any repeat. So near a budget's end a late repeat can make another order be refused, for a moment; the
// orders granted last are known, and their repeats take nothing.
type Admission struct {
	b    *Budgets
	book wallet.AdmissionBook
}

var _ wallet.Admission = (*Admission)(nil)

// NewAdmission returns the admission to the budgets of an instance, before their first use. book keeps the same
// reservations as theirs.
func NewAdmission(b *Budgets, book wallet.AdmissionBook) *Admission {
	b.admissions = book
	return &Admission{b, book}
}

// Admit implements wallet.Admission. ErrInvalid also for a malformed number. ErrOverloaded and ErrUnavailable: nothing
// was done by this call.
func (a *Admission) Admit(ctx context.Context, o wallet.Order, budget wallet.Money) (wallet.Order, error) {
	if err := check(o.No, o.Amount); err != nil {
		return wallet.Order{}, err
	}
	for range staleTries {
		t, err := a.b.take(ctx, o, false, budget)
		var on wallet.Admitted
		switch {
		case errors.Is(err, wallet.ErrOverBudget):
			on, err = a.book.Admit(ctx, o, 0)
		case err != nil:
			return wallet.Order{}, err
		case t == nil:
			return a.granted(ctx, o.No)
		default:
			on, err = a.b.admit(ctx, o, t)
		}
		if errors.Is(err, wallet.ErrStale) {
			continue
		}
		if err == nil && on.Apart && on.Order.State == wallet.OrderOpen {
			err = a.b.Reserve(ctx, on.Order.No, on.Order.Amount, budget)
		}
		return on.Order, err
	}
	return wallet.Order{}, a.b.ended()
}

// granted returns an order that is known to be on record.
func (a *Admission) granted(ctx context.Context, no wallet.OrderNo) (wallet.Order, error) {
	found, err := a.book.Get(ctx, []wallet.OrderNo{no})
	if err != nil {
		return wallet.Order{}, err
	}
	if found[0].No != no {
		return wallet.Order{}, fmt.Errorf("%w: quota: order %s was granted and is not on record", wallet.ErrUnavailable, no)
	}
	return found[0], nil
}

// admit writes the order with its take. Who asks for another amount than the one that is being tried under the number
// is sent away: he is in conflict, but with what is not known yet.
func (b *Budgets) admit(ctx context.Context, o wallet.Order, t *take) (on wallet.Admitted, err error) {
	if t.amount == o.Amount {
		on, err = b.admissions.Admit(ctx, o, t.block)
	} else {
		err = fmt.Errorf("%w: quota: order %s is being tried with another amount", wallet.ErrUnavailable, o.No)
	}
	b.recorded(o.No, t, wallet.Reservation{Order: o.No, Amount: on.Order.Amount, Block: on.Block}, on.New, err)
	return on, err
}
