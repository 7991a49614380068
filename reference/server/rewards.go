package server

import (
	"cmp"
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
	at, err1 := instantOf(m.AtUs, s.ports.Clock.Now())
	after, err2 := wallet.ParseCursor(m.After)
	limit, err3 := pageLimitOf(m.Limit)
	if err := cmp.Or(err1, err2, err3); err != nil {
		return nil, err
	}
	p, err := c.rewards.Rewards(ctx, wallet.RewardsRequest{Caller: c.user, At: at, After: after, Limit: limit})
	return &pb.RewardsReply{Stage: pb.Stage(p.Stage), Items: converted(p.Items, itemTo), Next: p.Next.Text()}, err
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
	return &pb.UseRewardReply{Item: itemTo(i)}, err
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
	no, err := wallet.ParseOrderNo(m.Order)
	if err != nil {
		return nil, err
	}
	if no.Award == wallet.Cash {
		return nil, fmt.Errorf("%w: cash cannot be taken back", wallet.ErrInvalid)
	}
	i, err := s.ports.Refunds.RefundReward(ctx, no)
	return &pb.RefundRewardReply{Item: itemTo(i)}, err
}

func itemTo(i wallet.Item) *pb.Item {
	m := &pb.Item{Order: i.No.String(), Asked: string(i.Asked), Award: pb.AwardType(i.Award), Reward: string(i.Reward),
		State: pb.ItemState(i.State), OpenedUs: int64(i.Opened), ChangedUs: int64(i.Changed), Ref: i.Ref}
	if i.Expires != wallet.Never {
		m.ExpiresUs = int64(i.Expires)
	}
	return m
}
