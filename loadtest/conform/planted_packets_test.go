package conform

import (
	"context"
	"slices"
	"sync/atomic"

	"hongbao/reference/wallet"
)

// bentPackets is packets of which some answers are wrong.
type bentPackets struct {
	sound wallet.PacketService
	send  func(ctx context.Context, s wallet.PacketService, r wallet.SendPacketRequest) (wallet.Packet, error)
	open  func(ctx context.Context, s wallet.PacketService, r wallet.OpenPacketRequest) (wallet.Share, error)
}

// SendPacket implements wallet.PacketService.
func (b bentPackets) SendPacket(ctx context.Context, r wallet.SendPacketRequest) (wallet.Packet, error) {
	if b.send == nil {
		return b.sound.SendPacket(ctx, r)
	}
	return b.send(ctx, b.sound, r)
}

// OpenPacket implements wallet.PacketService.
func (b bentPackets) OpenPacket(ctx context.Context, r wallet.OpenPacketRequest) (wallet.Share, error) {
	if b.open == nil {
		return b.sound.OpenPacket(ctx, r)
	}
	return b.open(ctx, b.sound, r)
}

// byPackets returns the fault of bent packets.
func byPackets(b bentPackets) fault {
	return fault{packets: func(s wallet.PacketService) wallet.PacketService { b.sound = s; return b }}
}

// packetFaults are faults with packets between people.
func packetFaults() []plant {
	var again, opened atomic.Int64
	var asked seen[wallet.PacketNo, bool]
	var sharers, openers seen[wallet.PacketNo, []wallet.Caller]
	again.Store(1000)
	return []plant{
		{name: "a fen is lost in the splitting", caught: []string{"packet"}, fault: byPackets(bentPackets{send: func(ctx context.Context, s wallet.PacketService, r wallet.SendPacketRequest) (wallet.Packet, error) {
			p, err := s.SendPacket(ctx, r)
			if len(p.Shares) == 3 {
				p.Shares = slices.Clone(p.Shares)
				p.Shares[2].Amount--
			}
			return p, err
		}}), alone: true},
		{name: "a repeat sends once more", alone: true, caught: []string{"packet-repeat"}, fault: byPackets(bentPackets{send: func(ctx context.Context, s wallet.PacketService, r wallet.SendPacketRequest) (wallet.Packet, error) {
			no := wallet.PacketNo{Account: wallet.AccountOf(r.App, r.User), Request: r.Request}
			if _, fresh := asked.first(no, true); !fresh && r.Request == 1 && len(r.To) == 2 {
				r.Request = again.Add(1)
			}
			return s.SendPacket(ctx, r)
		}})},
		{name: "an amount that cannot be is a fen each", alone: true, caught: []string{"packet-who"}, fault: byPackets(bentPackets{send: func(ctx context.Context, s wallet.PacketService, r wallet.SendPacketRequest) (wallet.Packet, error) {
			r.Amount = max(r.Amount, wallet.Money(len(r.To)))
			return s.SendPacket(ctx, r)
		}})},
		{name: "what is too much is said to be sent", alone: true, caught: []string{"packet-more", "packet-at-once"}, fault: byPackets(bentPackets{send: func(ctx context.Context, s wallet.PacketService, r wallet.SendPacketRequest) (wallet.Packet, error) {
			p, err := s.SendPacket(ctx, r)
			if p.State == wallet.PacketRefused {
				p.State = wallet.PacketSent
			}
			return p, err
		}})},
		{name: "a share is opened with another amount each time", caught: []string{"packet-open"}, fault: byPackets(bentPackets{open: func(ctx context.Context, s wallet.PacketService, r wallet.OpenPacketRequest) (wallet.Share, error) {
			share, err := s.OpenPacket(ctx, r)
			share.Amount += wallet.Money(opened.Add(1) - 1)
			return share, err
		}})},
		{name: "whoever knows the number opens it", alone: true, caught: []string{"packet-others", "packet-joined"}, fault: byPackets(bentPackets{
			send: func(ctx context.Context, s wallet.PacketService, r wallet.SendPacketRequest) (wallet.Packet, error) {
				p, err := s.SendPacket(ctx, r)
				if err == nil {
					sharers.first(p.No, r.To)
				}
				return p, err
			},
			open: func(ctx context.Context, s wallet.PacketService, r wallet.OpenPacketRequest) (wallet.Share, error) {
				if to, _ := sharers.first(r.Packet, nil); len(to) == 1 {
					r.Caller = to[0]
				}
				return s.OpenPacket(ctx, r)
			}})},
		{name: "the account that a share is for opens it alone", alone: true, caught: []string{"packet-joined"}, fault: byPackets(bentPackets{
			send: func(ctx context.Context, s wallet.PacketService, r wallet.SendPacketRequest) (wallet.Packet, error) {
				p, err := s.SendPacket(ctx, r)
				if err == nil {
					openers.first(p.No, r.To)
				}
				return p, err
			},
			open: func(ctx context.Context, s wallet.PacketService, r wallet.OpenPacketRequest) (wallet.Share, error) {
				if to, _ := openers.first(r.Packet, nil); len(to) > 0 && !slices.Contains(to, r.Caller) {
					return wallet.Share{}, wallet.ErrNotYours
				}
				return s.OpenPacket(ctx, r)
			}})},
	}
}
