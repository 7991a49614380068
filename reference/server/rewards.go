package server

import (
	"context"
	"fmt"

	pb "hongbao/reference/server/hongbaopb"
	"hongbao/reference/wallet"
)

// Rewards implements the API.
func (s walletAPI) Rewards(ctx context.Context, m *pb.RewardsRequest) (*pb.RewardsReply, error) {
	c, err := sessionCall(ctx, m.GetWho())
	if err != nil {
		return nil, err
	}
	at, err := instantOf(m.AtUs, s.ports.Clock.Now())
	if err != nil {
		return nil, err
	}
	after, err := cursorOf(m.After)
	if err != nil {
		return nil, err
	}
	limit, err := pageLimitOf(m.Limit)
	if err != nil {
		return nil, err
	}
	p, err := c.rewards.Rewards(ctx, wallet.RewardsRequest{Caller: c.user, At: at, After: after, Limit: limit})
	if err != nil {
		return nil, err
	}
	return &pb.RewardsReply{Stage: pb.Stage(p.Stage), Items: itemsTo(p.Items), Next: cursorText(p.Next)}, nil
}

// UseReward implements the API.
func (walletAPI) UseReward(ctx context.Context, m *pb.UseRewardRequest) (*pb.UseRewardReply, error) {
	c, err := sessionCall(ctx, m.GetWho())
	if err != nil {
		return nil, err
	}
	no, err := wallet.ParseOrderNo(m.Order)
	if err != nil {
		return nil, err
	}
	i, err := c.rewards.UseReward(ctx, wallet.UseRequest{Caller: c.user, Order: no})
	if err != nil {
		return nil, err
	}
	return &pb.UseRewardReply{Item: itemTo(i)}, nil
}

// CouponStock implements the API.
func (s queries) CouponStock(ctx context.Context, m *pb.CouponStockRequest) (*pb.CouponStockReply, error) {
	stage, err := stageOf(m.Stage)
	if err != nil {
		return nil, err
	}
	t := wallet.Template{Reward: wallet.RewardID(m.Reward), Stage: stage}
	if err := t.Validate(); err != nil {
		return nil, err
	}
	issued, total, err := s.ports.Coupons.Stock(ctx, t)
	return &pb.CouponStockReply{Issued: issued, Total: total}, err
}

// RefundReward implements the API.
func (s operatorAPI) RefundReward(ctx context.Context, m *pb.RefundRewardRequest) (*pb.RefundRewardReply, error) {
	if err := requireLive(ctx); err != nil {
		return nil, err
	}
	no, err := wallet.ParseOrderNo(m.Order)
	if err != nil {
		return nil, err
	}
	if no.Award == wallet.Cash {
		return nil, fmt.Errorf("%w: cash cannot be taken back", wallet.ErrInvalid)
	}
	i, err := s.ports.Refunds.RefundReward(ctx, no)
	if err != nil {
		return nil, err
	}
	return &pb.RefundRewardReply{Item: itemTo(i)}, nil
}

func itemsTo(items []wallet.Item) []*pb.Item {
	out := make([]*pb.Item, len(items))
	for i, item := range items {
		out[i] = itemTo(item)
	}
	return out
}

func itemTo(i wallet.Item) *pb.Item {
	m := &pb.Item{Order: i.No.String(), Asked: string(i.Asked), Award: pb.AwardType(i.Award), Reward: string(i.Reward),
		State: pb.ItemState(i.State), OpenedUs: int64(i.Opened), ChangedUs: int64(i.Changed), Ref: i.Ref}
	if i.Expires != wallet.Never {
		m.ExpiresUs = int64(i.Expires)
	}
	return m
}
