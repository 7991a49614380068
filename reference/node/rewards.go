package node

import (
	"context"
	"fmt"

	"hongbao/reference/activity"
	"hongbao/reference/rewards"
	"hongbao/reference/wallet"
)

var _ wallet.Rewards = (*Node)(nil)

// newRewards returns the rewards other than cash, or nil if there is no store for them. Errors are those of
// rewards.New.
func newRewards(c Config, p Ports, people wallet.People, index *activity.Index) (*rewards.Service, error) {
	if p.Items == nil {
		return nil, nil
	}
	return rewards.New(rewards.Config{Index: index, Instances: c.Instances}, rewards.Ports{Clock: p.Clock, People: people, Items: p.Items,
		Downstreams: p.Downstreams, Stocks: p.Stocks, Reader: p.StockReader, Alarm: p.Alarm, Switched: p.Switched})
}

// Rewards implements wallet.Rewards. ErrNotFound: the service grants only cash.
func (n *Node) Rewards(ctx context.Context, r wallet.RewardsRequest) (wallet.RewardsPage, error) {
	if n.rewards == nil {
		return wallet.RewardsPage{}, errNoRewards()
	}
	return n.rewards.Rewards(ctx, r)
}

// UseReward implements wallet.Rewards. ErrNotFound: the service grants only cash.
func (n *Node) UseReward(ctx context.Context, r wallet.UseRequest) (wallet.Item, error) {
	if n.rewards == nil {
		return wallet.Item{}, errNoRewards()
	}
	return n.rewards.UseReward(ctx, r)
}

// ConfirmReward processes a downstream's callback, as rewards.Service's Confirm does.
func (n *Node) ConfirmReward(ctx context.Context, c wallet.Callback) error {
	if n.rewards == nil {
		return errNoRewards()
	}
	return n.rewards.Confirm(ctx, c)
}

// RefundReward takes a reward back for operators, as rewards.Service's Refund does.
func (n *Node) RefundReward(ctx context.Context, no wallet.OrderNo) (wallet.Item, error) {
	if n.rewards == nil {
		return wallet.Item{}, errNoRewards()
	}
	return n.rewards.Refund(ctx, no)
}

// SettleRewards drives one bounded step of unsettled rewards and returns the number that changed state (O5). An item
// that fails is passed, and its error is returned.
func (n *Node) SettleRewards(ctx context.Context) (int, error) {
	if n.rewards == nil {
		return 0, nil
	}
	return n.rewards.Settle(ctx)
}

// CouponStock returns the issued and the total coupons of a template, by this process's last reading (C2). ErrNotFound:
// it has no stock control. ErrUnavailable: nothing was read yet.
func (n *Node) CouponStock(t wallet.Template) (issued, total int64, err error) {
	if n.rewards == nil {
		return 0, 0, errNoRewards()
	}
	s, err := n.rewards.Stock(t)
	return s.Issued, s.Total, err
}

func errNoRewards() error {
	return fmt.Errorf("%w: this service grants only cash", wallet.ErrNotFound)
}
