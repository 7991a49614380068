package quota_test

import (
	"context"

	"hongbao/reference/wallet"
)

// fate is what happens to one call of the book.
type fate int

const (
	served   fate = iota
	refused       // not done, and the caller is told so
	lost          // not done, and the caller gets no answer
	unheard       // done, and the caller gets no answer
	numFates      // how many there are
)

// trouble is a book between which and its callers things go wrong. Before and after each call it lets others in, as a
// real network does.
type trouble struct {
	wallet.Quotas
	fate      func() fate
	meanwhile func()

	leases, records int
	atOrders        bool // the call under way is of the orders' book
}

func (b *trouble) call(do func() error) error {
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

func (b *trouble) Lease(ctx context.Context, holder string, s wallet.Stage, need, want, budget wallet.Money) (out wallet.Block, err error) {
	b.leases++
	err = b.call(func() (err error) { out, err = b.Quotas.Lease(ctx, holder, s, need, want, budget); return err })
	if wallet.CodeOf(err) == wallet.CodeUnknown {
		out = wallet.Block{}
	}
	return out, err
}

func (b *trouble) Record(ctx context.Context, r wallet.Reservation) (out wallet.Reservation, isNew bool, err error) {
	b.records++
	err = b.call(func() (err error) { out, isNew, err = b.Quotas.Record(ctx, r); return err })
	if wallet.CodeOf(err) == wallet.CodeUnknown {
		return wallet.Reservation{}, false, err
	}
	return out, isNew, err
}

// books is a trouble's orders, to which the same happens.
type books struct {
	wallet.AdmissionBook
	of *trouble
}

func (b books) Admit(ctx context.Context, o wallet.Order, block wallet.BlockID) (out wallet.Admitted, err error) {
	b.of.atOrders = true
	defer func() { b.of.atOrders = false }()
	err = b.of.call(func() (err error) { out, err = b.AdmissionBook.Admit(ctx, o, block); return err })
	if wallet.CodeOf(err) == wallet.CodeUnknown {
		return wallet.Admitted{}, err
	}
	return out, err
}

func (b books) Get(ctx context.Context, nos []wallet.OrderNo) (out []wallet.Order, err error) {
	b.of.atOrders = true
	defer func() { b.of.atOrders = false }()
	err = b.of.call(func() (err error) { out, err = b.AdmissionBook.Get(ctx, nos); return err })
	if wallet.CodeOf(err) == wallet.CodeUnknown {
		err = wallet.ErrUnavailable // a read
	}
	return out, err
}

// win is an order as it is asked for.
func win(id int, amount wallet.Money) wallet.Order {
	return wallet.Order{No: number(id), Amount: amount, Created: 1}
}

func (b *trouble) Strand(ctx context.Context, holder string) error {
	return b.call(func() error { return b.Quotas.Strand(ctx, holder) })
}

func (b *trouble) Audit(ctx context.Context, s wallet.Stage) (back wallet.Money, err error) {
	err = b.call(func() (err error) { back, err = b.Quotas.Audit(ctx, s); return err })
	return back, err
}

// calm returns a book in front of q where everything goes well until the test says otherwise.
func calm(q wallet.Quotas) *trouble {
	return &trouble{Quotas: q, fate: func() fate { return served }, meanwhile: func() {}}
}

func number(id int) wallet.OrderNo {
	return wallet.OrderNo{ActID: wallet.ActID(id), Scene: "rain-cash", Rain: 1, Award: wallet.Cash, Stage: wallet.Official}
}

// once returns a function that does f when it is first called, and nothing when it is called again, even by f.
func once(f func()) func() {
	done := false
	return func() {
		if !done {
			done = true
			f()
		}
	}
}
