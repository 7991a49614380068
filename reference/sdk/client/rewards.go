package client

import (
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
	var page wallet.RewardsPage
	err := c.asUser(ctx, r.Caller, func(ctx context.Context) error {
		m, err := c.wallet.Rewards(ctx, &pb.RewardsRequest{Who: user(r.Caller), AtUs: int64(r.At), After: formatCursor(r.After), Limit: int32(r.Limit)})
		if err == nil {
			page, err = rewardsReply(m)
		}
		return err
	})
	return page, err
}

// UseReward implements wallet.Rewards. It needs a Session.
func (c *Client) UseReward(ctx context.Context, r wallet.UseRequest) (wallet.Item, error) {
	var used wallet.Item
	err := c.asUser(ctx, r.Caller, func(ctx context.Context) error {
		m, err := c.wallet.UseReward(ctx, &pb.UseRewardRequest{Who: user(r.Caller), Order: r.Order.String()})
		if err == nil {
			used, err = item(m.Item)
		}
		return err
	})
	return used, err
}

// CouponStock returns how many coupons of a template were issued, and the total, as the responding instance last read
// them (C2). It needs a Key.
func (c *Client) CouponStock(ctx context.Context, t wallet.Template) (issued, total int64, err error) {
	err = c.signed(ctx, func(ctx context.Context) error {
		m, err := c.query.CouponStock(ctx, &pb.CouponStockRequest{Reward: string(t.Reward), Stage: pb.Stage(t.Stage)})
		issued, total = m.GetIssued(), m.GetTotal()
		return err
	})
	return issued, total, err
}

func rewardsReply(m *pb.RewardsReply) (wallet.RewardsPage, error) {
	p := wallet.RewardsPage{Stage: enumOf[wallet.Stage](m.Stage)}
	var err error
	if p.Items, err = items(m.Items); err == nil {
		p.Next, err = parseCursor(m.Next)
	}
	if err != nil {
		return wallet.RewardsPage{}, err
	}
	return p, nil
}

func items(ms []*pb.Item) ([]wallet.Item, error) {
	var out []wallet.Item
	for _, m := range ms {
		i, err := item(m)
		if err != nil {
			return nil, err
		}
		out = append(out, i)
	}
	return out, nil
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
