package client

import (
	"context"

	pb "hongbao/reference/server/hongbaopb"
	"hongbao/reference/wallet"
)

var _ wallet.PacketService = (*Client)(nil)

// SendPacket implements wallet.PacketService. It needs a Session. Wallet numbers are not on the wire: Owner and Wallets
// of packets, and Owner and Wallet of shares, stay zero.
func (c *Client) SendPacket(ctx context.Context, r wallet.SendPacketRequest) (wallet.Packet, error) {
	request := &pb.SendPacketRequest{Who: user(r.Caller), Request: r.Request, AmountFen: int64(r.Amount), Greeting: r.Greeting, AtUs: int64(r.At), Tokens: r.Tokens}
	for _, to := range r.To {
		request.To = append(request.To, user(to))
	}
	sent := func(m *pb.SendPacketReply) (wallet.Packet, error) { return packet(m.Packet) }
	return asUser(ctx, &c.caller, r.Caller, decoded(c.wallet.SendPacket, sent), request)
}

// OpenPacket implements wallet.PacketService. It needs a Session.
func (c *Client) OpenPacket(ctx context.Context, r wallet.OpenPacketRequest) (wallet.Share, error) {
	request := &pb.OpenPacketRequest{Who: user(r.Caller), Packet: r.Packet.String()}
	if r.For != (wallet.Account{}) {
		request.For = &pb.Account{Family: int32(r.For.Family), User: int64(r.For.User)}
	}
	opened := func(m *pb.OpenPacketReply) (wallet.Share, error) { return share(m.Share) }
	return asUser(ctx, &c.caller, r.Caller, decoded(c.wallet.OpenPacket, opened), request)
}

func packet(m *pb.Packet) (wallet.Packet, error) {
	no, err := wallet.ParsePacketNo(m.GetNumber())
	if err != nil {
		return wallet.Packet{}, malformedReply("%v", err)
	}
	if _, known := pb.PacketState_name[int32(m.State)]; !known || m.State == pb.PacketState_PACKET_STATE_UNSPECIFIED {
		return wallet.Packet{}, malformedReply("packet state %d", m.State)
	}
	shares, err := each(m.Shares, share)
	if err != nil {
		return wallet.Packet{}, err
	}
	return wallet.Packet{No: no, Stage: enumOf[wallet.Stage](m.Stage), Amount: wallet.Money(m.AmountFen), Greeting: m.Greeting, Shares: shares,
		Created: wallet.Instant(m.CreatedUs), State: wallet.PacketState(m.State), Count: int(m.ShareCount), Opened: int(m.OpenedCount)}, nil
}

func share(m *pb.Share) (wallet.Share, error) {
	if _, known := pb.ShareState_name[int32(m.GetState())]; !known || m.GetFor() == nil {
		return wallet.Share{}, malformedReply("share %v", m)
	}
	return wallet.Share{For: wallet.Account{Family: enumOf[wallet.Family](m.For.Family), User: wallet.UserID(m.For.User)}, Amount: wallet.Money(m.AmountFen),
		State: wallet.ShareState(m.State), At: wallet.Instant(m.AtUs)}, nil
}
