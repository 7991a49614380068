package client

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	pb "hongbao/reference/server/hongbaopb"

	"hongbao/reference/server"
	"hongbao/reference/server/auth"
	"hongbao/reference/store/storetest"
	"hongbao/reference/wallet"
)

// shop has what people have, and notes what it was asked.
type shop struct {
	emptyPages
	asked any
	items []wallet.Item
	page  wallet.Page
	sent  wallet.Packet
	err   error
}

func (s *shop) Page(context.Context, wallet.PageRequest) (wallet.Page, error) { return s.page, s.err }
func (s *shop) Grant(context.Context, wallet.GrantRequest) (wallet.GrantReply, error) {
	return wallet.GrantReply{Order: s.items[0].No, State: wallet.GrantAccepted, Item: &s.items[0]}, s.err
}
func (s *shop) Rewards(_ context.Context, r wallet.RewardsRequest) (wallet.RewardsPage, error) {
	s.asked = r
	return wallet.RewardsPage{Stage: wallet.Official, Items: s.items, Next: wallet.Cursor{Opened: 5, Order: s.items[0].No}}, s.err
}
func (s *shop) UseReward(_ context.Context, r wallet.UseRequest) (wallet.Item, error) {
	s.asked = r
	return s.items[0], s.err
}
func (s *shop) SendPacket(_ context.Context, r wallet.SendPacketRequest) (wallet.Packet, error) {
	s.asked = r
	return s.sent, s.err
}
func (s *shop) OpenPacket(_ context.Context, r wallet.OpenPacketRequest) (wallet.Share, error) {
	s.asked = r
	return s.sent.Shares[0], s.err
}
func (s *shop) Stock(_ context.Context, t wallet.Template) (int64, int64, error) {
	s.asked = t
	return 7, 10, s.err
}
func (s *shop) RefundReward(_ context.Context, no wallet.OrderNo) (wallet.Item, error) {
	s.asked = no
	return s.items[0], s.err
}

// newShop returns a shop with one coupon and one packet, as the wire tells of them.
func newShop() *shop {
	no := wallet.OrderNo{ActID: 1, Scene: "movie", Rain: 2, Award: wallet.MovieCoupon, Stage: wallet.Official}
	item := wallet.Item{No: no, Asked: "movie", Award: wallet.AdCoupon, Reward: "ad", State: wallet.ItemSettled, Opened: 100, Changed: 102, Ref: "K-1", Expires: 200}
	endless := item
	endless.State, endless.Expires, endless.Ref = wallet.ItemOpen, wallet.Never, ""
	packet := wallet.Packet{No: wallet.PacketNo{Account: wallet.Account{Family: wallet.DouyinFamily, User: 7}, Request: 5}, Stage: wallet.Official, Amount: 300, Greeting: "新年好",
		Created: 100, State: wallet.PacketSent, Count: 3, Opened: 2, Shares: []wallet.Share{{For: wallet.Account{Family: wallet.ToutiaoFamily, User: 8}, Amount: 300, State: wallet.ShareOpened, At: 101}}}
	return &shop{items: []wallet.Item{item, endless}, sent: packet, page: wallet.Page{Stage: wallet.Official, Items: []wallet.Item{item}, Packets: []wallet.Packet{packet}}}
}

// TestRewardsAndPackets: what is asked arrives as it was asked, and what is answered comes back as it was answered.
func TestRewardsAndPackets(t *testing.T) {
	keys, clock, s := auth.Generate(), storetest.NewClock(), newShop()
	c, _ := serve(t, keys, server.Ports{Service: s, Rewards: s, Packets: s, Coupons: s, Clock: clock}, Config{Tries: 1})
	list := wallet.RewardsRequest{Caller: person(7), At: clock.Now(), After: wallet.Cursor{Opened: 9, Order: s.items[0].No}, Limit: 3}
	got, err := c.Rewards(t.Context(), list)
	require.NoError(t, err)
	require.Equal(t, list, s.asked)
	require.Equal(t, wallet.RewardsPage{Stage: wallet.Official, Items: s.items, Next: wallet.Cursor{Opened: 5, Order: s.items[0].No}}, got)
	for _, limit := range []int{0, -1, wallet.MaxPage + 1} {
		_, err = c.Rewards(t.Context(), wallet.RewardsRequest{Caller: person(7), Limit: limit})
		require.ErrorIs(t, err, wallet.ErrInvalid)
	}
	use := wallet.UseRequest{Caller: person(7), Order: s.items[0].No}
	used, err := c.UseReward(t.Context(), use)
	require.NoError(t, err)
	require.Equal(t, use, s.asked)
	require.Equal(t, s.items[0], used)

	send := wallet.SendPacketRequest{Caller: person(7), Request: 5, Amount: 300, To: []wallet.Caller{{App: wallet.Toutiao, User: 8}}, Greeting: "新年好", At: clock.Now(), Tokens: [][]byte{{1}}}
	sent, err := c.SendPacket(t.Context(), send)
	require.NoError(t, err)
	require.Equal(t, send, s.asked)
	require.Equal(t, s.sent, sent)
	open := wallet.OpenPacketRequest{Caller: wallet.Caller{App: wallet.Toutiao, User: 8}, Packet: sent.No}
	share, err := c.OpenPacket(t.Context(), open)
	require.NoError(t, err)
	require.Equal(t, open, s.asked)
	require.Equal(t, s.sent.Shares[0], share)
	open.For = share.For
	_, err = c.OpenPacket(t.Context(), open)
	require.NoError(t, err)
	require.Equal(t, open, s.asked)

	issued, total, err := c.CouponStock(t.Context(), wallet.Template{Reward: "movie", Stage: wallet.Official})
	require.NoError(t, err)
	require.Equal(t, []int64{7, 10}, []int64{issued, total})
	page, err := c.Page(t.Context(), wallet.PageRequest{Caller: person(7), Limit: 3})
	require.NoError(t, err)
	require.Equal(t, s.page, page)
	flow, err := c.Flow(t.Context(), FlowRequest{Caller: person(7)})
	require.NoError(t, err)
	require.Equal(t, s.page.Packets, flow.Packets)
	granted, err := c.Grant(t.Context(), wallet.GrantRequest{Caller: person(7), Activity: "spring", Scene: "movie", Award: wallet.MovieCoupon, Opened: clock.Now()})
	require.NoError(t, err)
	want := s.items[0]
	want.Ref = "" // a coupon's code is its owner's to see
	require.Equal(t, &want, granted.Item)

	for _, want := range []error{wallet.ErrNotYours, wallet.ErrNotUsable, wallet.ErrExpired, wallet.ErrSwitchedOff, wallet.ErrUnknown, wallet.ErrNotFound} {
		s.err = want
		_, err = c.UseReward(t.Context(), use)
		require.ErrorIs(t, err, want)
		_, err = c.SendPacket(t.Context(), send)
		require.ErrorIs(t, err, want)
		_, err = c.OpenPacket(t.Context(), open)
		require.ErrorIs(t, err, want)
		_, _, err = c.CouponStock(t.Context(), wallet.Template{Reward: "movie", Stage: wallet.Official})
		require.ErrorIs(t, err, want)
	}
}

// TestStrangeItems: what makes no sense is unknown, because what it answers may have been done.
func TestStrangeItems(t *testing.T) {
	for why, m := range map[string]*pb.Item{"none": nil, "no number": {}, "a state of the future": {Order: "1_rain_1_2_3", State: 11}, "a state below zero": {Order: "1_rain_1_2_3", State: -1}} {
		c := answering(t, replying(t, &pb.UseRewardReply{Item: m}), Config{Tries: 1, Session: func(wallet.Caller) string { return "x" }})
		_, err := c.UseReward(t.Context(), wallet.UseRequest{Caller: person(7)})
		require.ErrorIs(t, err, wallet.ErrUnknown, why)
	}
	for why, m := range map[string]*pb.Packet{"none": nil, "no number": {State: 1}, "no state": {Number: "p_1_2_3"}, "a share for nobody": {Number: "p_1_2_3", State: 1, Shares: []*pb.Share{{}}},
		"a share's state": {Number: "p_1_2_3", State: 1, Shares: []*pb.Share{{For: &pb.Account{}, State: 5}}}} {
		c := answering(t, replying(t, &pb.SendPacketReply{Packet: m}), Config{Tries: 1, Session: func(wallet.Caller) string { return "x" }})
		_, err := c.SendPacket(t.Context(), wallet.SendPacketRequest{Caller: person(7)})
		require.ErrorIs(t, err, wallet.ErrUnknown, why)
	}
	c := answering(t, replying(t, &pb.OpenPacketReply{}), Config{Tries: 1, Session: func(wallet.Caller) string { return "x" }})
	_, err := c.OpenPacket(t.Context(), wallet.OpenPacketRequest{Caller: person(7)})
	require.ErrorIs(t, err, wallet.ErrUnknown)
}
