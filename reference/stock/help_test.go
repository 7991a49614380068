package stock_test

import (
	"context"

	"hongbao/reference/wallet"
)

// fate is what happens to one call of a store.
type fate int

const (
	served   fate = iota
	refused       // not done; the caller gets an error that says so
	lost          // not done; the caller gets no reply
	unheard       // done; the caller gets no reply
	numFates      // the number of fates
)

// faults decides the fate of each call, and runs other calls before and after it, as on a real network.
type faults struct {
	fate      func() fate
	meanwhile func()
}

func calm() *faults { return &faults{func() fate { return served }, func() {}} }

// call makes one call. After an error that is not the store's the caller must drop the call's results.
func (b *faults) call(do func() error) error {
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

// faultyKeys are counters with faults.
type faultyKeys struct {
	wallet.StockParts
	*faults
}

func (k faultyKeys) Take(ctx context.Context, key wallet.StockKey, no wallet.OrderNo, limit int64, last bool) (a wallet.StockAnswer, err error) {
	err = k.call(func() (err error) { a, err = k.StockParts.Take(ctx, key, no, limit, last); return err })
	if err != nil {
		a = wallet.StockEmpty
	}
	return a, err
}

func (k faultyKeys) GiveBack(ctx context.Context, key wallet.StockKey, no wallet.OrderNo) error {
	return k.call(func() error { return k.StockParts.GiveBack(ctx, key, no) })
}

func (k faultyKeys) MoveOut(ctx context.Context, from wallet.StockKey, to int, limit, want int64) (n int64, err error) {
	err = k.call(func() (err error) { n, err = k.StockParts.MoveOut(ctx, from, to, limit, want); return err })
	if err != nil {
		n = 0
	}
	return n, err
}

func (k faultyKeys) MoveIn(ctx context.Context, to wallet.StockKey, from int, moved int64) (n int64, err error) {
	err = k.call(func() (err error) { n, err = k.StockParts.MoveIn(ctx, to, from, moved); return err })
	if err != nil {
		n = 0
	}
	return n, err
}

// faultyLeases are stock leases with faults.
type faultyLeases struct {
	wallet.StockLeases
	*faults
}

func (b faultyLeases) Of(t wallet.RewardID) (wallet.Quotas, error) {
	q, err := b.StockLeases.Of(t)
	return faultyQuotas{q, b.faults}, err
}

func (b faultyLeases) GiveBack(ctx context.Context, no wallet.OrderNo, t wallet.RewardID) error {
	return b.call(func() error { return b.StockLeases.GiveBack(ctx, no, t) })
}

// faultyQuotas are one template's leases with faults.
type faultyQuotas struct {
	wallet.Quotas
	*faults
}

func (p faultyQuotas) Lease(ctx context.Context, holder string, s wallet.Stage, need, want, budget wallet.Money) (out wallet.Block, err error) {
	err = p.call(func() (err error) { out, err = p.Quotas.Lease(ctx, holder, s, need, want, budget); return err })
	if wallet.CodeOf(err) == wallet.CodeUnknown {
		out = wallet.Block{}
	}
	return out, err
}

func (p faultyQuotas) Record(ctx context.Context, r wallet.Reservation) (out wallet.Reservation, isNew bool, err error) {
	err = p.call(func() (err error) { out, isNew, err = p.Quotas.Record(ctx, r); return err })
	if err != nil {
		out, isNew = wallet.Reservation{}, false
	}
	return out, isNew, err
}

func (p faultyQuotas) Orphan(ctx context.Context, holder string) error {
	return p.call(func() error { return p.Quotas.Orphan(ctx, holder) })
}

func (p faultyQuotas) Reclaim(ctx context.Context, s wallet.Stage) (back wallet.Money, err error) {
	err = p.call(func() (err error) { back, err = p.Quotas.Reclaim(ctx, s); return err })
	return back, err
}
