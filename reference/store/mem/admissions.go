package mem

import (
	"context"

	"hongbao/reference/wallet"
)

// Admissions records an order and its reservation in one step.
type Admissions struct {
	*Orders
	quotas *Quotas
}

var _ wallet.AdmissionStore = Admissions{}

// NewAdmissions returns the admissions in o and q.
func NewAdmissions(o *Orders, q *Quotas) Admissions { return Admissions{o, q} }

// Admit implements wallet.AdmissionReader. ErrInvalid: a malformed number, an amount not above zero, or a block that
// was never leased or is of another stage; ErrOverloaded: more than 65,535 kinds.
func (s Admissions) Admit(ctx context.Context, o wallet.Order, block wallet.BlockID) (wallet.Admitted, error) {
	if err := checkAmount(o.Amount); err != nil {
		return wallet.Admitted{}, err
	}
	r := wallet.Reservation{Order: o.No, Amount: o.Amount, Block: block}
	o.State = wallet.OrderOpen
	if block == 0 {
		o.State = wallet.OrderVoid
	}
	s.quotas.mu.Lock()
	defer s.quotas.mu.Unlock()
	earlier, err := s.Get(ctx, []wallet.OrderNo{o.No})
	if err == nil && earlier[0].No == (wallet.OrderNo{}) {
		err = s.quotas.pays(r)
	}
	if err != nil {
		return wallet.Admitted{}, err
	}
	on, isNew, err := s.Create(ctx, o)
	if err != nil {
		return wallet.Admitted{}, err
	}
	if isNew {
		r, _, err = s.quotas.record(r)
		return wallet.Admitted{Order: on, Block: r.Block, New: true}, err
	}
	r, reserved := s.quotas.find(o.No)
	return wallet.Admitted{Order: on, Block: r.Block, SeparateReservation: !reserved}, nil
}
