package coupons

import (
	"context"

	"hongbao/reference/wallet"
	"hongbao/sim/fault"
)

// leasesLink is the connection of one instance to the lease store. Calls may fail as in the scenario's faults.
type leasesLink struct {
	fault.Link
	inner wallet.StockLeases
	tally *tally
}

var (
	_ wallet.StockLeases = leasesLink{}
	_ wallet.Quotas      = quotasLink{}
)

// Of implements wallet.StockLeases.
func (l leasesLink) Of(t wallet.RewardID) (wallet.Quotas, error) {
	q, err := l.inner.Of(t)
	return quotasLink{l, t, q}, err
}

// GiveBack implements wallet.StockLeases.
func (l leasesLink) GiveBack(ctx context.Context, no wallet.OrderNo, t wallet.RewardID) error {
	return l.Call(1, func() error { return l.inner.GiveBack(ctx, no, t) })
}

// quotasLink is the connection to the leases of one template.
type quotasLink struct {
	leasesLink
	template wallet.RewardID
	inner    wallet.Quotas
}

// Lease implements wallet.Quotas.
func (l quotasLink) Lease(ctx context.Context, holder string, s wallet.Stage, need, want, budget wallet.Money) (b wallet.Block, err error) {
	err = l.Call(1, func() (err error) { b, err = l.inner.Lease(ctx, holder, s, need, want, budget); return err })
	if wallet.CodeOf(err) == wallet.CodeUnknown {
		return wallet.Block{}, err // the answer was lost
	}
	return b, err
}

// Record implements wallet.Quotas.
func (l quotasLink) Record(ctx context.Context, r wallet.Reservation) (got wallet.Reservation, isNew bool, err error) {
	err = l.Call(1, func() (err error) {
		got, isNew, err = l.inner.Record(ctx, r)
		if err == nil && isNew && got.Block != 0 {
			l.tally.counted(l.template, r.Order.ActID, 0, false)
		}
		return err
	})
	if err != nil {
		return wallet.Reservation{}, false, err
	}
	return got, isNew, nil
}

// Find implements wallet.Quotas.
func (l quotasLink) Find(ctx context.Context, no wallet.OrderNo) (r wallet.Reservation, ok bool, err error) {
	err = l.Call(0, func() (err error) { r, ok, err = l.inner.Find(ctx, no); return err })
	return r, ok, err
}

// Orphan implements wallet.Quotas.
func (l quotasLink) Orphan(ctx context.Context, holder string) error {
	return l.Call(1, func() error { return l.inner.Orphan(ctx, holder) })
}

// Reclaim implements wallet.Quotas.
func (l quotasLink) Reclaim(ctx context.Context, s wallet.Stage) (back wallet.Money, err error) {
	err = l.Call(1, func() (err error) { back, err = l.inner.Reclaim(ctx, s); return err })
	return back, err
}

// Holders implements wallet.Quotas.
func (l quotasLink) Holders(ctx context.Context) (all []string, err error) {
	err = l.Call(0, func() (err error) { all, err = l.inner.Holders(ctx); return err })
	return all, err
}

// Quota implements wallet.Quotas.
func (l quotasLink) Quota(ctx context.Context, s wallet.Stage) (q wallet.Quota, err error) {
	err = l.Call(0, func() (err error) { q, err = l.inner.Quota(ctx, s); return err })
	return q, err
}
