package limit

import (
	"context"

	"hongbao/reference/wallet"
)

// IngressLimiter limits requests before they reach the wallet (L1), with one limiter for each operation; nil: no limit. It
// is a wrapper and not a hook, because wallet.Service is the API and not a port.
type IngressLimiter struct {
	wallet.Service
	Clock                      wallet.Clock
	Grants, Pages, Withdrawals Limiter
}

// Grant implements wallet.Service. wallet.ErrLimited: nothing was done.
func (l IngressLimiter) Grant(ctx context.Context, r wallet.GrantRequest) (wallet.GrantReply, error) {
	if err := l.allow(ctx, l.Grants); err != nil {
		return wallet.GrantReply{}, err
	}
	return l.Service.Grant(ctx, r)
}

// Page implements wallet.Service. wallet.ErrLimited: nothing was done.
func (l IngressLimiter) Page(ctx context.Context, r wallet.PageRequest) (wallet.Page, error) {
	if err := l.allow(ctx, l.Pages); err != nil {
		return wallet.Page{}, err
	}
	return l.Service.Page(ctx, r)
}

// Withdraw implements wallet.Service. wallet.ErrLimited: nothing was done.
func (l IngressLimiter) Withdraw(ctx context.Context, r wallet.WithdrawRequest) (wallet.WithdrawReply, error) {
	if err := l.allow(ctx, l.Withdrawals); err != nil {
		return wallet.WithdrawReply{}, err
	}
	return l.Service.Withdraw(ctx, r)
}

func (l IngressLimiter) allow(ctx context.Context, by Limiter) error {
	if by == nil {
		return nil
	}
	return by.Allow(ctx, l.Clock.Now())
}
