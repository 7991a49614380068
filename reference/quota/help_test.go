package quota_test

import (
	"context"

	"hongbao/reference/wallet"
)

// fate is what happens to one call of the store.
type fate int

const (
	served   fate = iota
	refused       // not done; the caller gets an error that says so
	lost          // not done; the caller gets no reply
	unheard       // done; the caller gets no reply
	numFates      // the number of fates
)

// faultyQuotas injects faults between a store and its callers. It runs other calls before and after each call, as on a
// real network.
type faultyQuotas struct {
	wallet.Quotas
	fate      func() fate
	meanwhile func()

	leases, records int
	inOrders        bool // the current call is of the orders' store
}

func (b *faultyQuotas) call(do func() error) error {
	f := b.fate()
	if f == refused {
		return wallet.ErrUnavailable
	}
	if f == lost {
		return wallet.ErrUnknown
	}
	b.meanwhile()
	err := do()
	b.meanwhile()
	if f == unheard {
		return wallet.ErrUnknown
	}
	return err
}

func (b *faultyQuotas) Lease(ctx context.Context, holder string, s wallet.Stage, need, want, budget wallet.Money) (out wallet.Block, err error) {
	b.leases++
	err = b.call(func() (err error) { out, err = b.Quotas.Lease(ctx, holder, s, need, want, budget); return err })
	if wallet.CodeOf(err) == wallet.CodeUnknown {
		out = wallet.Block{}
	}
	return out, err
}

func (b *faultyQuotas) Record(ctx context.Context, r wallet.Reservation) (out wallet.Reservation, isNew bool, err error) {
	b.records++
	err = b.call(func() (err error) { out, isNew, err = b.Quotas.Record(ctx, r); return err })
	if wallet.CodeOf(err) == wallet.CodeUnknown {
		return wallet.Reservation{}, false, err
	}
	return out, isNew, err
}

// faultyAdmissions is the orders' store with the faults of of.
type faultyAdmissions struct {
	wallet.AdmissionStore
	of *faultyQuotas
}

func (b faultyAdmissions) Admit(ctx context.Context, o wallet.Order, block wallet.BlockID) (out wallet.Admitted, err error) {
	b.of.inOrders = true
	defer func() { b.of.inOrders = false }()
	err = b.of.call(func() (err error) { out, err = b.AdmissionStore.Admit(ctx, o, block); return err })
	if wallet.CodeOf(err) == wallet.CodeUnknown {
		return wallet.Admitted{}, err
	}
	return out, err
}

func (b faultyAdmissions) Get(ctx context.Context, nos []wallet.OrderNo) (out []wallet.Order, err error) {
	b.of.inOrders = true
	defer func() { b.of.inOrders = false }()
	err = b.of.call(func() (err error) { out, err = b.AdmissionStore.Get(ctx, nos); return err })
	if wallet.CodeOf(err) == wallet.CodeUnknown {
		err = wallet.ErrUnavailable // a read
	}
	return out, err
}

// win returns an order as it is requested.
func win(id int, amount wallet.Money) wallet.Order {
	return wallet.Order{No: number(id), Amount: amount, Created: 1}
}

func (b *faultyQuotas) Orphan(ctx context.Context, holder string) error {
	return b.call(func() error { return b.Quotas.Orphan(ctx, holder) })
}

func (b *faultyQuotas) Reclaim(ctx context.Context, s wallet.Stage) (back wallet.Money, err error) {
	err = b.call(func() (err error) { back, err = b.Quotas.Reclaim(ctx, s); return err })
	return back, err
}

// calm returns a wrapper of q without faults, until the test changes it.
func calm(q wallet.Quotas) *faultyQuotas {
	return &faultyQuotas{Quotas: q, fate: func() fate { return served }, meanwhile: func() {}}
}

func number(id int) wallet.OrderNo {
	return wallet.OrderNo{ActID: wallet.ActID(id), Scene: "rain-cash", Rain: 1, Award: wallet.Cash, Stage: wallet.Official}
}

// once returns a function that calls f at its first call only, even if f calls it again.
func once(f func()) func() {
	done := false
	return func() {
		if !done {
			done = true
			f()
		}
	}
}
