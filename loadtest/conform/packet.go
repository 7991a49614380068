package conform

import (
	"context"
	"fmt"

	pb "hongbao/reference/server/hongbaopb"
	"hongbao/reference/wallet"
)

// packetOf returns a request to send an amount to several persons.
func packetOf(number, fen int64, to ...person) *pb.SendPacketRequest {
	m := &pb.SendPacketRequest{Request: number, AmountFen: fen, Greeting: "恭喜发财"}
	for _, p := range to {
		m.To = append(m.To, &pb.User{App: pb.App(p.who.App), User: int64(p.who.User)})
	}
	return m
}

// send sends a packet, and repeats until it is sent or refused.
func (p person) send(ctx context.Context, m *pb.SendPacketRequest) (*pb.Packet, error) {
	for n := 0; ; n++ {
		reply := &pb.SendPacketReply{}
		err := p.call(ctx, sendMethod, m, reply)
		switch {
		case err != nil:
			return nil, err
		case reply.Packet == nil:
			return nil, fmt.Errorf("the reply to a packet of %d fen has no packet", m.AmountFen)
		case reply.Packet.State != pb.PacketState_PACKET_STATE_ASKED:
			return reply.Packet, nil
		}
		if n == tries || !pause(ctx, retryPause) {
			return nil, notEvaluated{fmt.Sprintf("the packet %s is still being sent", reply.Packet.Number)}
		}
	}
}

// expectSent sends a packet and checks the reply: one share for each receiver, in their order, with the amount as
// their sum.
func (p person) expectSent(ctx context.Context, number, fen int64, to ...person) (*pb.Packet, error) {
	packet, err := p.send(ctx, packetOf(number, fen, to...))
	if err != nil {
		return nil, fmt.Errorf("a valid packet: %w", err)
	}
	want := wallet.PacketNo{Account: wallet.AccountOf(p.who.App, p.who.User), Request: number}
	switch {
	case packet.Number != want.String():
		return nil, fmt.Errorf("the packet's number is %q, not %s", packet.Number, want)
	case packet.State != pb.PacketState_PACKET_STATE_SENT:
		return nil, fmt.Errorf("the packet %s is %s", packet.Number, packet.State)
	case packet.AmountFen != fen || len(packet.Shares) != len(to) || int(packet.ShareCount) != len(to):
		return nil, fmt.Errorf("the reply to a packet of %d fen for %d people is %v", fen, len(to), packet)
	}
	sum := int64(0)
	for i, share := range packet.Shares {
		whose := wallet.AccountOf(to[i].who.App, to[i].who.User)
		if share.AmountFen < 1 || share.For.GetFamily() != int32(whose.Family) || share.For.GetUser() != int64(whose.User) || share.State != pb.ShareState_SHARE_STATE_WAITING {
			return nil, fmt.Errorf("the share for %v is %v", whose, share)
		}
		sum += share.AmountFen
	}
	return packet, equal("the sum of the shares", fen, sum)
}

// open opens the person's share of a packet.
func (p person) open(ctx context.Context, packet string) (*pb.Share, error) {
	reply := &pb.OpenPacketReply{}
	err := p.call(ctx, openMethod, &pb.OpenPacketRequest{Packet: packet}, reply)
	return reply.Share, err
}

// expectOpened opens a share and checks the reply.
func (p person) expectOpened(ctx context.Context, packet string, fen int64) error {
	share, err := p.open(ctx, packet)
	if err != nil {
		return fmt.Errorf("a valid opening: %w", err)
	}
	if share.GetState() != pb.ShareState_SHARE_STATE_OPENED || share.AmountFen != fen {
		return fmt.Errorf("the reply to the opening of %d fen is %v", fen, share)
	}
	return nil
}

// packets returns the packets on the wallet page.
func (p person) packets(ctx context.Context) ([]*pb.Packet, error) {
	page, err := p.page(ctx, &pb.WalletPageRequest{})
	return page.GetPackets(), err
}

// packetAttempt is a packet that must be refused.
type packetAttempt struct {
	what string
	m    *pb.SendPacketRequest
}

// expectNotSent sends packets, and expects that each is refused.
func (p person) expectNotSent(ctx context.Context, want error, attempts []packetAttempt) error {
	for _, a := range attempts {
		_, err := p.send(ctx, a.m)
		if err := expectError(err, want); err != nil {
			return fmt.Errorf("%s: %w", a.what, err)
		}
	}
	return nil
}
