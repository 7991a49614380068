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

// fakeRewards returns preset rewards and packets, and records the last call.
type fakeRewards struct {
	emptyPages
	lastCall any
	items    []wallet.Item
	page     wallet.Page
	sent     wallet.Packet
	err      error
}

func (s *fakeRewards) Page(context.Context, wallet.PageRequest) (wallet.Page, error) {
	return s.page, s.err
}
func (s *fakeRewards) Grant(context.Context, wallet.GrantRequest) (wallet.GrantReply, error) {
	return wallet.GrantReply{Order: s.items[0].No, State: wallet.GrantAccepted, Item: &s.items[0]}, s.err
}
func (s *fakeRewards) Rewards(_ context.Context, r wallet.RewardsRequest) (wallet.RewardsPage, error) {
	s.lastCall = r
	return wallet.RewardsPage{Stage: wallet.Official, Items: s.items, Next: wallet.Cursor{Opened: 5, Order: s.items[0].No}}, s.err
}
func (s *fakeRewards) UseReward(_ context.Context, r wallet.UseRequest) (wallet.Item, error) {
	s.lastCall = r
	return s.items[0], s.err
}
func (s *fakeRewards) SendPacket(_ context.Context, r wallet.SendPacketRequest) (wallet.Packet, error) {
	s.lastCall = r
	return s.sent, s.err
}
func (s *fakeRewards) OpenPacket(_ context.Context, r wallet.OpenPacketRequest) (wallet.Share, error) {
	s.lastCall = r
	return s.sent.Shares[0], s.err
}
func (s *fakeRewards) Stock(_ context.Context, t wallet.Template) (int64, int64, error) {
	s.lastCall = t
	return 7, 10, s.err
}
func (s *fakeRewards) RefundReward(_ context.Context, no wallet.OrderNo) (wallet.Item, error) {
	s.lastCall = no
	return s.items[0], s.err
}

// newFakeRewards returns a fakeRewards with one coupon and one packet, as they are on the wire.
func newFakeRewards() *fakeRewards {
	no := wallet.OrderNo{ActID: 1, Scene: "movie", Rain: 2, Award: wallet.MovieCoupon, Stage: wallet.Official}
	item := wallet.Item{No: no, Asked: "movie", Award: wallet.AdCoupon, Reward: "ad", State: wallet.ItemSettled, Opened: 100, Changed: 102, Ref: "K-1", Expires: 200}
	endless := item
	endless.State, endless.Expires, endless.Ref = wallet.ItemOpen, wallet.Never, ""
	packet := wallet.Packet{No: wallet.PacketNo{Account: wallet.Account{Family: wallet.DouyinFamily, User: 7}, Request: 5}, Stage: wallet.Official, Amount: 300, Greeting: "新年好",
		Created: 100, State: wallet.PacketSent, Count: 3, Opened: 2, Shares: []wallet.Share{{For: wallet.Account{Family: wallet.ToutiaoFamily, User: 8}, Amount: 300, State: wallet.ShareOpened, At: 101}}}
	return &fakeRewards{items: []wallet.Item{item, endless}, sent: packet, page: wallet.Page{Stage: wallet.Official, Items: []wallet.Item{item}, Packets: []wallet.Packet{packet}}}
}

// TestRewardsAndPackets: requests and results are transferred unchanged.
func TestRewardsAndPackets(t *testing.T) {
	keys, clock, s := auth.Generate(), storetest.NewClock(), newFakeRewards()
	c, _ := serve(t, keys, server.Ports{Service: s, Rewards: s, Packets: s, Coupons: s, Clock: clock}, Config{Tries: 1})
	list := wallet.RewardsRequest{Caller: person(7), At: clock.Now(), After: wallet.Cursor{Opened: 9, Order: s.items[0].No}, Limit: 3}
	got, err := c.Rewards(t.Context(), list)
	require.NoError(t, err)
	require.Equal(t, list, s.lastCall)
	require.Equal(t, wallet.RewardsPage{Stage: wallet.Official, Items: s.items, Next: wallet.Cursor{Opened: 5, Order: s.items[0].No}}, got)
	for _, limit := range []int{0, -1, wallet.MaxPage + 1} {
		_, err = c.Rewards(t.Context(), wallet.RewardsRequest{Caller: person(7), Limit: limit})
		require.ErrorIs(t, err, wallet.ErrInvalid)
	}
	use := wallet.UseRequest{Caller: person(7), Order: s.items[0].No}
	used, err := c.UseReward(t.Context(), use)
	require.NoError(t, err)
	require.Equal(t, use, s.lastCall)
	require.Equal(t, s.items[0], used)

	send := wallet.SendPacketRequest{Caller: person(7), Request: 5, Amount: 300, To: []wallet.Caller{{App: wallet.Toutiao, User: 8}}, Greeting: "新年好", At: clock.Now(), Tokens: [][]byte{{1}}}
	sent, err := c.SendPacket(t.Context(), send)
	require.NoError(t, err)
	require.Equal(t, send, s.lastCall)
	require.Equal(t, s.sent, sent)
	open := wallet.OpenPacketRequest{Caller: wallet.Caller{App: wallet.Toutiao, User: 8}, Packet: sent.No}
	share, err := c.OpenPacket(t.Context(), open)
	require.NoError(t, err)
	require.Equal(t, open, s.lastCall)
	require.Equal(t, s.sent.Shares[0], share)
	open.For = share.For
	_, err = c.OpenPacket(t.Context(), open)
	require.NoError(t, err)
	require.Equal(t, open, s.lastCall)

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
	want.Ref = "" // only the owner may see a coupon's code
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

// TestStrangeItems: a malformed reply is ErrUnknown, because the request may have been carried out.
func TestStrangeItems(t *testing.T) {
	for why, m := range map[string]*pb.Item{"none": nil, "no number": {}, "a state above the last": {Order: "1_rain_1_2_3", State: 11}, "a negative state": {Order: "1_rain_1_2_3", State: -1}} {
		c := clientOf(t, replyWith(t, &pb.UseRewardReply{Item: m}), Config{Tries: 1, Session: func(wallet.Caller) string { return "x" }})
		_, err := c.UseReward(t.Context(), wallet.UseRequest{Caller: person(7)})
		require.ErrorIs(t, err, wallet.ErrUnknown, why)
	}
	for why, m := range map[string]*pb.Packet{"none": nil, "no number": {State: 1}, "no state": {Number: "p_1_2_3"}, "a share for nobody": {Number: "p_1_2_3", State: 1, Shares: []*pb.Share{{}}},
		"a share's state": {Number: "p_1_2_3", State: 1, Shares: []*pb.Share{{For: &pb.Account{}, State: 5}}}} {
		c := clientOf(t, replyWith(t, &pb.SendPacketReply{Packet: m}), Config{Tries: 1, Session: func(wallet.Caller) string { return "x" }})
		_, err := c.SendPacket(t.Context(), wallet.SendPacketRequest{Caller: person(7)})
		require.ErrorIs(t, err, wallet.ErrUnknown, why)
	}
	c := clientOf(t, replyWith(t, &pb.OpenPacketReply{}), Config{Tries: 1, Session: func(wallet.Caller) string { return "x" }})
	_, err := c.OpenPacket(t.Context(), wallet.OpenPacketRequest{Caller: person(7)})
	require.ErrorIs(t, err, wallet.ErrUnknown)
}
