package stock

import (
	"context"

	"hongbao/reference/wallet"
)

// Single is the source's design (C3): one counter a template, added to for every try and compared with the stock. It is
// here to be compared with, and has the source's two open problems (C4): every grant of a template meets one key, and
// a repeat of a try without answer counts again.
type Single struct{ counter wallet.StockCounter }

var _ wallet.Stocks = (*Single)(nil)

// NewSingle returns the stocks counted there.
func NewSingle(c wallet.StockCounter) *Single { return &Single{counter: c} }

// Take implements wallet.Stocks, but for repeats: each counts.
func (s *Single) Take(ctx context.Context, no wallet.OrderNo, t wallet.RewardID, total int64) error {
	if err := checkTake(no, t, total); err != nil {
		return err
	}
	n, err := s.counter.Add(ctx, whole(wallet.Template{Reward: t, Stage: no.Stage}), 1)
	if err == nil && n > total {
		return wallet.ErrSoldOut
	}
	return err
}

// Decline implements wallet.Stocks, but remembers nothing: the counter knows no orders.
func (s *Single) Decline(_ context.Context, no wallet.OrderNo, t wallet.RewardID) (bool, error) {
	return false, checkTake(no, t, 0)
}

// GiveBack implements wallet.Stocks, but for repeats: each gives back another coupon.
func (s *Single) GiveBack(ctx context.Context, no wallet.OrderNo, t wallet.RewardID) error {
	if err := checkTake(no, t, 0); err != nil {
		return err
	}
	_, err := s.counter.Add(ctx, whole(wallet.Template{Reward: t, Stage: no.Stage}), -1)
	return err
}

// Issued implements wallet.Stocks: what was counted, refused tries and double ones with it.
func (s *Single) Issued(ctx context.Context, t wallet.Template) (int64, error) {
	return s.counter.Count(ctx, whole(t))
}

func whole(t wallet.Template) wallet.StockKey { return wallet.StockKey{Template: t} }
