package server

import (
	"cmp"
	"context"
	"fmt"

	pb "hongbao/reference/server/hongbaopb"
	"hongbao/reference/wallet"
)

// SendPacket implements the API.
func (s walletAPI) SendPacket(ctx context.Context, m *pb.SendPacketRequest) (*pb.SendPacketReply, error) {
	c, err := sessionCall(ctx, m.GetWho())
	if err != nil {
		return nil, err
	}
	at, err1 := instantOf(m.AtUs, s.ports.Clock.Now())
	tokens, err2 := tokensOf(m.Tokens)
	if err := cmp.Or(err1, err2); err != nil {
		return nil, err
	}
	if n := len(m.To); n < 1 || n > wallet.MaxShares {
		return nil, fmt.Errorf("%w: a packet for %d people, must be 1 to %d", wallet.ErrInvalid, n, wallet.MaxShares)
	}
	to := make([]wallet.Caller, len(m.To))
	for i, u := range m.To {
		app, err := appOf(u.GetApp())
		if err != nil {
			return nil, err
		}
		if u.GetUser() <= 0 {
			return nil, fmt.Errorf("%w: a packet for user %d", wallet.ErrInvalid, u.GetUser())
		}
		to[i] = wallet.Caller{App: app, User: wallet.UserID(u.GetUser())}
	}
	p, err := c.packets.SendPacket(ctx, wallet.SendPacketRequest{Caller: c.user, Request: m.Request, Amount: wallet.Money(m.AmountFen),
		To: to, Greeting: m.Greeting, At: at, Tokens: tokens})
	return &pb.SendPacketReply{Packet: packetTo(p)}, err
}

// OpenPacket implements the API.
func (walletAPI) OpenPacket(ctx context.Context, m *pb.OpenPacketRequest) (*pb.OpenPacketReply, error) {
	c, err := sessionCall(ctx, m.GetWho())
	if err != nil {
		return nil, err
	}
	no, err := wallet.ParsePacketNo(m.Packet)
	if err != nil {
		return nil, err
	}
	r := wallet.OpenPacketRequest{Caller: c.user, Packet: no}
	if m.For != nil {
		if r.For, err = accountOf(m.For); err != nil {
			return nil, err
		}
	}
	share, err := c.packets.OpenPacket(ctx, r)
	return &pb.OpenPacketReply{Share: shareTo(share)}, err
}

// accountOf returns the account of a share.
func accountOf(m *pb.Account) (wallet.Account, error) {
	a := wallet.Account{Family: wallet.Family(m.Family), User: wallet.UserID(m.User)}
	if m.Family < int32(wallet.DouyinFamily) || m.Family > int32(wallet.ToutiaoFamily) || m.User <= 0 {
		return wallet.Account{}, fmt.Errorf("%w: a share for user %d of family %d", wallet.ErrInvalid, m.User, m.Family)
	}
	return a, nil
}

// packetTo returns what the packet's sender and receivers may see. Wallet numbers are left out.
func packetTo(p wallet.Packet) *pb.Packet {
	return &pb.Packet{Number: p.No.String(), AmountFen: int64(p.Amount), CreatedUs: int64(p.Created), State: pb.PacketState(p.State),
		Greeting: p.Greeting, Stage: pb.Stage(p.Stage), ShareCount: int32(p.Count), OpenedCount: int32(p.Opened), // at most wallet.MaxShares
		Shares: converted(p.Shares, shareTo)}
}

func shareTo(s wallet.Share) *pb.Share {
	return &pb.Share{For: &pb.Account{Family: int32(s.For.Family), User: int64(s.For.User)}, AmountFen: int64(s.Amount),
		State: pb.ShareState(s.State), AtUs: int64(s.At)}
}
