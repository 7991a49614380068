package fault

import (
	"context"

	"hongbao/reference/wallet"
)

// WithdrawalDays is wallet.WithdrawalDays behind a Link.
type WithdrawalDays struct {
	Link
	Inner wallet.WithdrawalDays
}

var _ wallet.WithdrawalDays = WithdrawalDays{}

// Take implements wallet.WithdrawalDays.
func (d WithdrawalDays) Take(ctx context.Context, w wallet.Withdrawal, l wallet.DayLimit) error {
	return d.do(1, func() error { return d.Inner.Take(ctx, w, l) })
}

// GiveBack implements wallet.WithdrawalDays.
func (d WithdrawalDays) GiveBack(ctx context.Context, w wallet.Withdrawal) error {
	return d.do(1, func() error { return d.Inner.GiveBack(ctx, w) })
}
