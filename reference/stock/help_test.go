package stock_test

import (
	"context"

	"hongbao/reference/wallet"
)

// fate is what happens to one call of a store.
type fate int

const (
	served   fate = iota
	refused       // not done, and the caller is told so
	lost          // not done, and the caller gets no answer
	unheard       // done, and the caller gets no answer
	numFates      // how many there are
)

// trouble decides what happens to each call, and lets others in before and after it, as a real network does.
type trouble struct {
	fate      func() fate
	meanwhile func()
}

func calm() *trouble { return &trouble{func() fate { return served }, func() {}} }

// call makes one call; what it answers must be dropped after an error that is not the store's own.
func (b *trouble) call(do func() error) error {
	switch f := b.fate(); f {
	case refused:
		return wallet.ErrUnavailable
	case lost:
		return wallet.ErrUnknown
	default:
		b.meanwhile()
		err := do()
		b.meanwhile()
		if f == unheard {
			return wallet.ErrUnknown
		}
		return err
	}
}

// keys are counters in trouble.
type keys struct {
	wallet.StockParts
	*trouble
}

func (k keys) Take(ctx context.Context, key wallet.StockKey, no wallet.OrderNo, limit int64, last bool) (a wallet.StockAnswer, err error) {
	err = k.call(func() (err error) { a, err = k.StockParts.Take(ctx, key, no, limit, last); return err })
	if err != nil {
		a = wallet.StockEmpty
	}
	return a, err
}

func (k keys) GiveBack(ctx context.Context, key wallet.StockKey, no wallet.OrderNo) error {
	return k.call(func() error { return k.StockParts.GiveBack(ctx, key, no) })
}

func (k keys) Lend(ctx context.Context, from wallet.StockKey, to int, limit, want int64) (n int64, err error) {
	err = k.call(func() (err error) { n, err = k.StockParts.Lend(ctx, from, to, limit, want); return err })
	if err != nil {
		n = 0
	}
	return n, err
}

func (k keys) Borrow(ctx context.Context, to wallet.StockKey, from int, lent int64) (n int64, err error) {
	err = k.call(func() (err error) { n, err = k.StockParts.Borrow(ctx, to, from, lent); return err })
	if err != nil {
		n = 0
	}
	return n, err
}

// book is a book in trouble.
type book struct {
	wallet.StockBook
	*trouble
}

func (b book) Of(t wallet.RewardID) (wallet.Quotas, error) {
	q, err := b.StockBook.Of(t)
	return pages{q, b.trouble}, err
}

func (b book) GiveBack(ctx context.Context, no wallet.OrderNo, t wallet.RewardID) error {
	return b.call(func() error { return b.StockBook.GiveBack(ctx, no, t) })
}

// pages is one template's book in trouble.
type pages struct {
	wallet.Quotas
	*trouble
}

func (p pages) Lease(ctx context.Context, holder string, s wallet.Stage, need, want, budget wallet.Money) (out wallet.Block, err error) {
	err = p.call(func() (err error) { out, err = p.Quotas.Lease(ctx, holder, s, need, want, budget); return err })
	if wallet.CodeOf(err) == wallet.CodeUnknown {
		out = wallet.Block{}
	}
	return out, err
}

func (p pages) Record(ctx context.Context, r wallet.Reservation) (out wallet.Reservation, isNew bool, err error) {
	err = p.call(func() (err error) { out, isNew, err = p.Quotas.Record(ctx, r); return err })
	if err != nil {
		out, isNew = wallet.Reservation{}, false
	}
	return out, isNew, err
}

func (p pages) Strand(ctx context.Context, holder string) error {
	return p.call(func() error { return p.Quotas.Strand(ctx, holder) })
}

func (p pages) Audit(ctx context.Context, s wallet.Stage) (back wallet.Money, err error) {
	err = p.call(func() (err error) { back, err = p.Quotas.Audit(ctx, s); return err })
	return back, err
}
