package open_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/internal/servetest"
	pb "hongbao/reference/server/hongbaopb"
	"hongbao/reference/wallet"
)

// tea is the body of a grant of a coupon to a user, won this hour.
func tea(user int64) string {
	won := wallet.InstantOf(time.Now().Truncate(time.Hour))
	return fmt.Sprintf(`{"app":"APP_DOUYIN","user":%d,"activity":"spring-festival","scene":"fireworks-tea","award":"AWARD_TYPE_HEYTEA_COUPON","opened_us":%d}`, user, won)
}

// TestServeRewards: a coupon is granted, shown, used once and taken back no more; a packet is sent and opened. The same of
// marked load, which the live wallet never sees.
func TestServeRewards(t *testing.T) {
	t.Parallel()
	live := servetest.Start(t, nil)
	for _, s := range []*servetest.Service{live, live.WithLoadTestMark()} {
		couponStory(t, s)
		packetStory(t, s)
	}
	var stock pb.CouponStockReply
	servetest.Eventually(t, "the stock is counted", func() bool {
		return live.CallAs(t, "demo", "QueryService/CouponStock", `{"reward":"tea","stage":"STAGE_OFFICIAL"}`, &stock) == "ok" && stock.Issued == 1
	})
	require.EqualValues(t, 1000, stock.Total)
	require.Equal(t, "no_shadow", live.WithLoadTestMark().CallAs(t, "demo", "QueryService/CouponStock", `{"reward":"tea","stage":"STAGE_OFFICIAL"}`, &stock))
}

func couponStory(t *testing.T, s *servetest.Service) {
	var won, again pb.GrantReply
	require.Equal(t, "ok", s.CallAs(t, "demo", "GrantService/Grant", tea(7), &won))
	require.Equal(t, "tea", won.Item.Reward)
	require.Equal(t, "ok", s.CallAs(t, "demo", "GrantService/Grant", tea(7), &again))
	require.Equal(t, won.Item.Order, again.Item.Order)
	use := fmt.Sprintf(`{"order":%q}`, won.Order)
	require.Equal(t, "not_yours", s.CallByUser(t, 8, "WalletService/UseReward", use, &pb.UseRewardReply{}))
	var used pb.UseRewardReply
	servetest.Eventually(t, "the coupon can be used", func() bool { return s.CallByUser(t, 7, "WalletService/UseReward", use, &used) == "ok" })
	require.Equal(t, pb.ItemState_ITEM_STATE_USED, used.Item.State)
	at := used.Item.ChangedUs
	require.Equal(t, "ok", s.CallByUser(t, 7, "WalletService/UseReward", use, &used), "a repeat answers as the first time")
	require.Equal(t, at, used.Item.ChangedUs)
	var list pb.RewardsReply
	require.Equal(t, "ok", s.CallByUser(t, 7, "WalletService/Rewards", `{}`, &list))
	require.Len(t, list.Items, 1)
	require.NotEmpty(t, list.Items[0].Ref)
	require.Equal(t, "ok", s.CallByUser(t, 8, "WalletService/Rewards", `{}`, &list))
	require.Empty(t, list.Items)
	if !s.LoadTest {
		require.Equal(t, "not_usable", s.CallAs(t, "operator", "OperatorService/RefundReward", use, &pb.RefundRewardReply{}), "what is used is used")
	}
}

func packetStory(t *testing.T, s *servetest.Service) {
	require.Equal(t, "ok", s.CallAs(t, "demo", "GrantService/Grant", servetest.GrantBody(7, 1, 100), &pb.GrantReply{}))
	const send = `{"request":1,"amount_fen":60,"to":[{"app":"APP_DOUYIN","user":9}],"greeting":"新年好"}`
	var sent, repeat pb.SendPacketReply
	require.Equal(t, "ok", s.CallByUser(t, 7, "WalletService/SendPacket", send, &sent))
	require.Equal(t, pb.PacketState_PACKET_STATE_SENT, sent.Packet.State)
	require.Equal(t, "ok", s.CallByUser(t, 7, "WalletService/SendPacket", send, &repeat))
	require.Equal(t, sent.Packet.Number, repeat.Packet.Number)
	require.Equal(t, "conflict", s.CallByUser(t, 7, "WalletService/SendPacket", `{"request":1,"amount_fen":61,"to":[{"app":"APP_DOUYIN","user":9}]}`, &repeat))
	open := fmt.Sprintf(`{"packet":%q}`, sent.Packet.Number)
	require.Equal(t, "not_yours", s.CallByUser(t, 10, "WalletService/OpenPacket", open, &pb.OpenPacketReply{}))
	var opened pb.OpenPacketReply
	for range 2 {
		require.Equal(t, "ok", s.CallByUser(t, 9, "WalletService/OpenPacket", open, &opened))
		require.EqualValues(t, 60, opened.Share.AmountFen)
	}
	for user, fen := range map[int64]int64{7: 40, 9: 60} {
		var page pb.WalletPageReply
		require.Equal(t, "ok", s.CallByUser(t, user, "WalletService/WalletPage", `{}`, &page))
		require.Equal(t, fen, page.BalanceFen, user)
		require.Len(t, page.Packets, 1)
	}
}
