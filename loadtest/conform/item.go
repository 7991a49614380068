package conform

import (
	"context"
	"fmt"
	"slices"

	pb "hongbao/reference/server/hongbaopb"
	"hongbao/reference/wallet"
)

// rewardRequest returns a request to grant the reward, in a separate rain.
func (p person) rewardRequest(rain int32) *pb.GrantRequest {
	m := p.grantRequest(rain, 0)
	m.Scene, m.Award = string(p.w.Reward.Scene), pb.AwardType(p.w.Reward.Award)
	return m
}

// expectItem grants the reward and checks the reply.
func (p person) expectItem(ctx context.Context, rain int32) (*pb.Item, error) {
	return p.expectItemOf(ctx, p.rewardRequest(rain))
}

// expectItemOf is expectItem with a given request. The wallet may grant another reward than the requested one.
func (p person) expectItemOf(ctx context.Context, m *pb.GrantRequest) (*pb.Item, error) {
	reply, item := (*pb.GrantReply)(nil), (*pb.Item)(nil)
	for n := 0; item == nil || item.State == pb.ItemState_ITEM_STATE_OPEN; n++ { // recorded, but to be repeated
		if n == tries || n > 0 && !pause(ctx, retryPause) {
			return nil, notEvaluated{fmt.Sprintf("after %d tries the granted reward is not decided", n)}
		}
		var err error
		if reply, err = p.w.grant(ctx, m); err != nil {
			return nil, fmt.Errorf("a valid grant of %s: %w", p.w.Reward.Award, err)
		}
		if item = reply.Item; item == nil {
			return nil, fmt.Errorf("the reply to a grant of %s has no item", p.w.Reward.Award)
		}
	}
	no, err := wallet.ParseOrderNo(item.Order)
	switch {
	case err != nil:
		return nil, fmt.Errorf("the order number %q is not ACTID_SCENE_RAIN_AWARD_STAGE: %v", item.Order, err)
	case no.Scene != p.w.Reward.Scene || no.Rain != m.Rain || no.Award != p.w.Reward.Award:
		return nil, fmt.Errorf("the order number %s is not of scene %s, rain %d, %s", item.Order, p.w.Reward.Scene, m.Rain, p.w.Reward.Award)
	case reply.Order != item.Order:
		return nil, fmt.Errorf("the grant %s has the item %s", reply.Order, item.Order)
	case reply.AmountFen != 0 || len(reply.Token) > 0:
		return nil, fmt.Errorf("the grant %s is not money, but has an amount of %d fen and a token of %d bytes", reply.Order, reply.AmountFen, len(reply.Token))
	case reply.State != pb.GrantState_GRANT_STATE_ACCEPTED && reply.State != pb.GrantState_GRANT_STATE_POSTED:
		return nil, fmt.Errorf("the grant's state is %s", reply.State)
	case item.State == pb.ItemState_ITEM_STATE_VOID:
		return nil, notEvaluated{"a greeting was granted instead; the stock may be empty"}
	case !wallet.AwardType(item.Award).Valid() || item.Award == pb.AwardType_AWARD_TYPE_CASH || item.Reward == "" || item.OpenedUs != m.OpenedUs:
		return nil, fmt.Errorf("the item %s is of %s %q, won at %d", item.Order, item.Award, item.Reward, item.OpenedUs)
	}
	return item, nil
}

// rewards reads a page of the list of rewards.
func (p person) rewards(ctx context.Context, m *pb.RewardsRequest) (*pb.RewardsReply, error) {
	if p.w.Session == nil {
		return nil, notEvaluated{"the target has no sessions, so the list cannot be read"}
	}
	list := &pb.RewardsReply{}
	if err := p.call(ctx, rewardsMethod, m, list); err != nil {
		return nil, fmt.Errorf("the list of rewards: %w", err)
	}
	return list, nil
}

// expectRewards checks that the list and the wallet page show exactly these rewards in this order, in the same or
// a later state.
func (p person) expectRewards(ctx context.Context, want ...*pb.Item) error {
	list, err := p.rewards(ctx, &pb.RewardsRequest{Limit: wallet.MaxPage})
	if err != nil {
		return err
	}
	page, err := p.page(ctx, &pb.WalletPageRequest{})
	if err != nil {
		return err
	}
	same := func(listed, won *pb.Item) bool {
		return listed.Order == won.Order && listed.Award == won.Award && listed.Reward == won.Reward && listed.OpenedUs == won.OpenedUs && listed.State >= won.State
	}
	for place, items := range map[string][]*pb.Item{"list": list.Items, "page": page.Items} {
		if !slices.EqualFunc(items, want, same) {
			return fmt.Errorf("the %s shows the rewards %v, not %v", place, items, want)
		}
	}
	return nil
}

// usable wins the reward and waits until it can be used. The contract does not bound that time.
func (p person) usable(ctx context.Context) (*pb.Item, error) {
	if p.w.Session == nil {
		return nil, notEvaluated{"the target has no sessions, so the reward cannot be used"}
	}
	item, err := p.expectItem(ctx, 1)
	for looks := p.w.newPoll(); err == nil && item.State != pb.ItemState_ITEM_STATE_SETTLED; {
		if looks.expired() || !looks.pause(ctx) {
			return nil, notEvaluated{fmt.Sprintf("after %s the reward is still %s", p.w.Patience, item.State)}
		}
		var list *pb.RewardsReply
		if list, err = p.rewards(ctx, &pb.RewardsRequest{}); err != nil {
			break
		}
		if len(list.Items) != 1 || list.Items[0].Order != item.Order {
			return nil, fmt.Errorf("the list shows the rewards %v, not %v", list.Items, item)
		}
		item = list.Items[0]
	}
	return item, err
}

// use uses a usable reward and checks the reply.
func (p person) use(ctx context.Context, order string) (*pb.Item, error) {
	reply := &pb.UseRewardReply{}
	if err := p.call(ctx, useMethod, &pb.UseRewardRequest{Order: order}, reply); err != nil {
		return nil, fmt.Errorf("a valid use: %w", err)
	}
	if item := reply.Item; item == nil || item.Order != order || item.State != pb.ItemState_ITEM_STATE_USED {
		return nil, fmt.Errorf("the reply to the use of %s is %v", order, item)
	}
	return reply.Item, nil
}
