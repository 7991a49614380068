package node

import (
	"context"
	"fmt"

	"hongbao/reference/activity"
	"hongbao/reference/rewards"
	"hongbao/reference/wallet"
)

var _ wallet.Rewards = (*Node)(nil)

// newRewards returns the rewards other than cash, nil where there is no store of them. ErrInvalid: as rewards.New.
func newRewards(c Config, p Ports, people wallet.People, index *activity.Index) (*rewards.Service, error) {
	if p.Items == nil {
		return nil, nil
	}
	return rewards.New(rewards.Config{Index: index, Instances: c.Instances}, rewards.Ports{Clock: p.Clock, People: people, Items: p.Items,
		Downstreams: p.Downstreams, Stocks: p.Stocks, Reader: p.StockReader, Alarm: p.Alarm, Switched: p.Switched})
}

// Rewards implements wallet.Rewards. ErrNotFound: there is nothing but cash here.
func (n *Node) Rewards(ctx context.Context, r wallet.RewardsRequest) (wallet.RewardsPage, error) {
	if n.rewards == nil {
		return wallet.RewardsPage{}, errNoRewards()
	}
	return n.rewards.Rewards(ctx, r)
}

// UseReward implements wallet.Rewards. ErrNotFound: there is nothing but cash here.
func (n *Node) UseReward(ctx context.Context, r wallet.UseRequest) (wallet.Item, error) {
	if n.rewards == nil {
		return wallet.Item{}, errNoRewards()
	}
	return n.rewards.UseReward(ctx, r)
}

// ConfirmReward records what a downstream tells of its own accord, as rewards.Service's Confirm does.
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

// SettleRewards drives one bounded step of rewards that are not settled and returns how many came further (O5). What fails
// is passed by and returned as an error.
func (n *Node) SettleRewards(ctx context.Context) (int, error) {
	if n.rewards == nil {
		return 0, nil
	}
	return n.rewards.Settle(ctx)
}

// CouponStock returns how many coupons of a template are issued, and of how many, as this process last read it (C2).
// ErrNotFound: its stock is not controlled. ErrUnavailable: nothing was read yet.
func (n *Node) CouponStock(t wallet.Template) (issued, total int64, err error) {
	if n.rewards == nil {
		return 0, 0, errNoRewards()
	}
	s, err := n.rewards.Stock(t)
	return s.Issued, s.Total, err
}

func errNoRewards() error {
	return fmt.Errorf("%w: this service grants cash alone", wallet.ErrNotFound)
}
