package client

import (
	"cmp"
	"context"
	"fmt"

	pb "hongbao/reference/server/hongbaopb"
	"hongbao/reference/wallet"
)

var _ wallet.Rewards = (*Client)(nil)

// Rewards implements wallet.Rewards. It needs a Session. The wire has only what the owner may see: Account, Created and
// Counted of items stay zero.
func (c *Client) Rewards(ctx context.Context, r wallet.RewardsRequest) (wallet.RewardsPage, error) {
	if r.Limit < 1 || r.Limit > wallet.MaxPage { // on the wire, zero means the service's default
		return wallet.RewardsPage{}, fmt.Errorf("%w: client: a page of %d entries", wallet.ErrInvalid, r.Limit)
	}
	request := &pb.RewardsRequest{Who: user(r.Caller), AtUs: int64(r.At), After: r.After.Text(), Limit: int32(r.Limit)}
	return asUser(ctx, &c.caller, r.Caller, decoded(c.wallet.Rewards, rewardsReply), request)
}

// UseReward implements wallet.Rewards. It needs a Session.
func (c *Client) UseReward(ctx context.Context, r wallet.UseRequest) (wallet.Item, error) {
	used := func(m *pb.UseRewardReply) (wallet.Item, error) { return item(m.Item) }
	return asUser(ctx, &c.caller, r.Caller, decoded(c.wallet.UseReward, used), &pb.UseRewardRequest{Who: user(r.Caller), Order: r.Order.String()})
}

// CouponStock returns how many coupons of a template were issued, and the total, as the responding instance last read
// them (C2). It needs a Key.
func (c *Client) CouponStock(ctx context.Context, t wallet.Template) (issued, total int64, err error) {
	m, err := signed(ctx, &c.caller, c.query.CouponStock, &pb.CouponStockRequest{Reward: string(t.Reward), Stage: pb.Stage(t.Stage)})
	return m.GetIssued(), m.GetTotal(), err
}

func rewardsReply(m *pb.RewardsReply) (wallet.RewardsPage, error) {
	items, err1 := each(m.Items, item)
	next, err2 := parseCursor(m.Next)
	if err := cmp.Or(err1, err2); err != nil {
		return wallet.RewardsPage{}, err
	}
	return wallet.RewardsPage{Stage: enumOf[wallet.Stage](m.Stage), Items: items, Next: next}, nil
}

func item(m *pb.Item) (wallet.Item, error) {
	no, err := wallet.ParseOrderNo(m.GetOrder())
	if err != nil {
		return wallet.Item{}, malformedReply("%v", err)
	}
	if _, known := pb.ItemState_name[int32(m.State)]; !known {
		return wallet.Item{}, malformedReply("item state %d", m.State)
	}
	i := wallet.Item{No: no, Asked: wallet.RewardID(m.Asked), Award: enumOf[wallet.AwardType](m.Award), Reward: wallet.RewardID(m.Reward),
		State: wallet.ItemState(m.State), Opened: wallet.Instant(m.OpenedUs), Changed: wallet.Instant(m.ChangedUs), Ref: m.Ref,
		Expires: wallet.Instant(m.ExpiresUs)}
	if i.Expires == 0 {
		i.Expires = wallet.Never
	}
	return i, nil
}
