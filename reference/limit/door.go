package limit

import (
	"context"

	"hongbao/reference/wallet"
)

// Door limits what comes in (L1): a wallet behind one limit an operation. nil: that operation has none.
type Door struct {
	wallet.Service
	Clock                      wallet.Clock
	Grants, Pages, Withdrawals Limiter
}

// Grant implements wallet.Service. wallet.ErrLimited: nothing was done.
func (d Door) Grant(ctx context.Context, r wallet.GrantRequest) (wallet.GrantReply, error) {
	if err := d.pass(ctx, d.Grants); err != nil {
		return wallet.GrantReply{}, err
	}
	return d.Service.Grant(ctx, r)
}

// Page implements wallet.Service. wallet.ErrLimited: nothing was done.
func (d Door) Page(ctx context.Context, r wallet.PageRequest) (wallet.Page, error) {
	if err := d.pass(ctx, d.Pages); err != nil {
		return wallet.Page{}, err
	}
	return d.Service.Page(ctx, r)
}

// Withdraw implements wallet.Service. wallet.ErrLimited: nothing was done.
func (d Door) Withdraw(ctx context.Context, r wallet.WithdrawRequest) (wallet.WithdrawReply, error) {
	if err := d.pass(ctx, d.Withdrawals); err != nil {
		return wallet.WithdrawReply{}, err
	}
	return d.Service.Withdraw(ctx, r)
}

func (d Door) pass(ctx context.Context, l Limiter) error {
	if l == nil {
		return nil
	}
	return l.Allow(ctx, d.Clock.Now())
}

// Outbound limits what goes out to a downstream (L1), which takes so much from all of us together.
type Outbound struct {
	wallet.Downstream
	Clock   wallet.Clock
	Limiter Limiter
}

// Issue implements wallet.Downstream. wallet.ErrLimited: nothing was sent.
func (o Outbound) Issue(ctx context.Context, items []wallet.Item) ([]wallet.ItemAnswer, error) {
	if err := o.Limiter.Allow(ctx, o.Clock.Now()); err != nil {
		return nil, err
	}
	return o.Downstream.Issue(ctx, items)
}

// Look implements wallet.Downstream. wallet.ErrLimited: nothing was sent.
func (o Outbound) Look(ctx context.Context, i wallet.Item) (wallet.Receipt, error) {
	if err := o.Limiter.Allow(ctx, o.Clock.Now()); err != nil {
		return wallet.Receipt{}, err
	}
	return o.Downstream.Look(ctx, i)
}

// Use implements wallet.Downstream. wallet.ErrLimited: nothing was sent.
func (o Outbound) Use(ctx context.Context, i wallet.Item) (wallet.Receipt, error) {
	if err := o.Limiter.Allow(ctx, o.Clock.Now()); err != nil {
		return wallet.Receipt{}, err
	}
	return o.Downstream.Use(ctx, i)
}

// Refund implements wallet.Downstream. wallet.ErrLimited: nothing was sent.
func (o Outbound) Refund(ctx context.Context, i wallet.Item) (wallet.Receipt, error) {
	if err := o.Limiter.Allow(ctx, o.Clock.Now()); err != nil {
		return wallet.Receipt{}, err
	}
	return o.Downstream.Refund(ctx, i)
}
