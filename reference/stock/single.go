package stock

import (
	"context"

	"hongbao/reference/wallet"
)

// SingleKey is the source's design (C3): one counter per template, incremented at every attempt and compared with the
// stock. It exists for comparison and has the source's two known problems (C4): every grant of a template uses one hot
// key, and a repeat after an unknown outcome counts again.
type SingleKey struct{ counter wallet.StockCounter }

var _ wallet.Stocks = (*SingleKey)(nil)

// NewSingleKey returns stocks counted by c.
func NewSingleKey(c wallet.StockCounter) *SingleKey { return &SingleKey{counter: c} }

// Take implements wallet.Stocks, except idempotency: each repeat counts.
func (s *SingleKey) Take(ctx context.Context, no wallet.OrderNo, t wallet.RewardID, total int64) error {
	if err := checkTake(no, t, total); err != nil {
		return err
	}
	n, err := s.counter.Add(ctx, whole(wallet.Template{Reward: t, Stage: no.Stage}), 1)
	if err == nil && n > total {
		return wallet.ErrSoldOut
	}
	return err
}

// Decline implements wallet.Stocks, but records nothing: the counter does not know orders.
func (s *SingleKey) Decline(_ context.Context, no wallet.OrderNo, t wallet.RewardID) (bool, error) {
	return false, checkTake(no, t, 0)
}

// GiveBack implements wallet.Stocks, except idempotency: each repeat returns another coupon.
func (s *SingleKey) GiveBack(ctx context.Context, no wallet.OrderNo, t wallet.RewardID) error {
	if err := checkTake(no, t, 0); err != nil {
		return err
	}
	_, err := s.counter.Add(ctx, whole(wallet.Template{Reward: t, Stage: no.Stage}), -1)
	return err
}

// Issued implements wallet.Stocks: the count includes refused and repeated attempts.
func (s *SingleKey) Issued(ctx context.Context, t wallet.Template) (int64, error) {
	return s.counter.Count(ctx, whole(t))
}

func whole(t wallet.Template) wallet.StockKey { return wallet.StockKey{Template: t} }
