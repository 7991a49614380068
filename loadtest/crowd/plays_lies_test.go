package crowd

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
	"hongbao/sim/oracle"
)

// rewardLiar is a wallet with wrong behaviour or wrong answers for rewards and packets.
type rewardLiar struct {
	wallet.Rewards
	wallet.PacketService
	list func(*wallet.RewardsPage)
	use  func(wallet.UseRequest) (wallet.Item, error)
	send func(*wallet.Packet)
	open func(wallet.OpenPacketRequest) (wallet.Share, error)
}

// listing is a rewardLiar as wallet.Rewards. The method has the name of the interface that it embeds.
type listing struct{ *rewardLiar }

func (l listing) Rewards(ctx context.Context, r wallet.RewardsRequest) (wallet.RewardsPage, error) {
	page, err := l.rewardLiar.Rewards.Rewards(ctx, r)
	if l.list != nil && err == nil {
		l.list(&page)
	}
	return page, err
}

func (l listing) UseReward(ctx context.Context, r wallet.UseRequest) (wallet.Item, error) {
	if l.use != nil && some(r.Caller) {
		return l.use(r)
	}
	return l.rewardLiar.UseReward(ctx, r)
}

func (l *rewardLiar) SendPacket(ctx context.Context, r wallet.SendPacketRequest) (wallet.Packet, error) {
	packet, err := l.PacketService.SendPacket(ctx, r)
	if l.send != nil && err == nil {
		l.send(&packet)
	}
	return packet, err
}

func (l *rewardLiar) OpenPacket(ctx context.Context, r wallet.OpenPacketRequest) (wallet.Share, error) {
	if l.open != nil {
		return l.open(r)
	}
	return l.PacketService.OpenPacket(ctx, r)
}

// rig puts the liar in front of a correct wallet.
func (l rewardLiar) rig() rig {
	return rig{rewards: func(r wallet.Rewards) wallet.Rewards { l := l; l.Rewards = r; return listing{&l} },
		packets: func(p wallet.PacketService) wallet.PacketService { l := l; l.PacketService = p; return &l }}
}

// Each wrong behaviour of rewards, their stock and packets is caught over the API alone, by the check named in the case.
func TestLiesOfARewardCentre(t *testing.T) {
	if testing.Short() {
		t.Skip("plays seven times against a wallet that lies: run without -short")
	}
	used := func(r wallet.UseRequest) (wallet.Item, error) {
		return wallet.Item{No: r.Order, Asked: "tea-coupon", Award: wallet.HeyteaCoupon, Reward: "tea-coupon", State: wallet.ItemUsed, Expires: wallet.Never}, nil
	}
	granted := func(spoil func(*wallet.GrantReply)) rig {
		return rig{service: func(s wallet.Service) wallet.Service {
			return liar{Service: s, grant: func(ctx context.Context, s wallet.Service, r wallet.GrantRequest) (wallet.GrantReply, error) {
				reply, err := s.Grant(ctx, r)
				if err == nil && reply.Item != nil {
					spoil(&reply)
				}
				return reply, err
			}}
		}}
	}
	for _, c := range []struct {
		why   string
		check string
		rig   rig
	}{
		{"lists lack the newest reward", "reward-once", rewardLiar{list: func(p *wallet.RewardsPage) {
			if len(p.Items) > 0 {
				p.Items = p.Items[1:]
			}
		}}.rig()},
		{"a coupon is acknowledged although none is left", "stock-never-over", granted(func(r *wallet.GrantReply) {
			if r.Item.State == wallet.ItemVoid {
				r.Item.Award, r.Item.Reward, r.Item.State = wallet.HeyteaCoupon, "tea-coupon", wallet.ItemSettled
			}
		})},
		{"another coupon is acknowledged than granted", "reward-once", granted(func(r *wallet.GrantReply) {
			if r.Item.State != wallet.ItemVoid {
				r.Item.Award, r.Item.Reward = wallet.MovieCoupon, "movie-coupon"
			}
		})},
		{"acknowledged as used, but is not", "reward-use-once", rewardLiar{use: used}.rig()},
		{"shares do not add up to the packet", "packet-exact", rewardLiar{send: func(p *wallet.Packet) { p.Shares[0].Amount++ }}.rig()},
		{"a share is acknowledged as opened, but is not", "packet-exact", rewardLiar{open: func(r wallet.OpenPacketRequest) (wallet.Share, error) {
			return wallet.Share{For: wallet.AccountOf(r.App, r.User), Amount: 1, State: wallet.ShareOpened}, nil
		}}.rig()},
		{"a share is refused to its recipient", "packet-exact", rewardLiar{open: func(wallet.OpenPacketRequest) (wallet.Share, error) {
			return wallet.Share{}, wallet.ErrNotYours
		}}.rig()},
	} {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			c.rig.scenario, c.rig.patience = plays(t), time.Second
			_, a, _ := c.rig.inOrder(t)
			require.Equal(t, oracle.Fail, a.result(t, c.check).Result, c.check)
		})
	}
}
