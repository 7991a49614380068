package conform

import (
	"context"
	"slices"
	"sync/atomic"

	"hongbao/reference/wallet"
)

// faultyPackets returns wrong results for some calls.
type faultyPackets struct {
	inner wallet.PacketService
	send  func(ctx context.Context, s wallet.PacketService, r wallet.SendPacketRequest) (wallet.Packet, error)
	open  func(ctx context.Context, s wallet.PacketService, r wallet.OpenPacketRequest) (wallet.Share, error)
}

// SendPacket implements wallet.PacketService.
func (b faultyPackets) SendPacket(ctx context.Context, r wallet.SendPacketRequest) (wallet.Packet, error) {
	if b.send == nil {
		return b.inner.SendPacket(ctx, r)
	}
	return b.send(ctx, b.inner, r)
}

// OpenPacket implements wallet.PacketService.
func (b faultyPackets) OpenPacket(ctx context.Context, r wallet.OpenPacketRequest) (wallet.Share, error) {
	if b.open == nil {
		return b.inner.OpenPacket(ctx, r)
	}
	return b.open(ctx, b.inner, r)
}

// withPackets returns a fault in the packet service.
func withPackets(b faultyPackets) fault {
	return fault{packets: func(s wallet.PacketService) wallet.PacketService { b.inner = s; return b }}
}

// packetFaults are faults in red packets between people.
func packetFaults() []plantedFault {
	var again, opened atomic.Int64
	var asked firstValues[wallet.PacketNo, bool]
	var sharers, openers firstValues[wallet.PacketNo, []wallet.Caller]
	again.Store(1000)
	return []plantedFault{
		{name: "splitting loses one fen", failing: []string{"packet"}, fault: withPackets(faultyPackets{send: func(ctx context.Context, s wallet.PacketService, r wallet.SendPacketRequest) (wallet.Packet, error) {
			p, err := s.SendPacket(ctx, r)
			if len(p.Shares) == 3 {
				p.Shares = slices.Clone(p.Shares)
				p.Shares[2].Amount--
			}
			return p, err
		}}), exact: true},
		{name: "a repeat sends another packet", exact: true, failing: []string{"packet-repeat"}, fault: withPackets(faultyPackets{send: func(ctx context.Context, s wallet.PacketService, r wallet.SendPacketRequest) (wallet.Packet, error) {
			no := wallet.PacketNo{Account: wallet.AccountOf(r.App, r.User), Request: r.Request}
			if _, fresh := asked.first(no, true); !fresh && r.Request == 1 && len(r.To) == 2 {
				r.Request = again.Add(1)
			}
			return s.SendPacket(ctx, r)
		}})},
		{name: "an amount that is too small becomes one fen each", exact: true, failing: []string{"packet-who"}, fault: withPackets(faultyPackets{send: func(ctx context.Context, s wallet.PacketService, r wallet.SendPacketRequest) (wallet.Packet, error) {
			r.Amount = max(r.Amount, wallet.Money(len(r.To)))
			return s.SendPacket(ctx, r)
		}})},
		{name: "a packet above the balance is reported as sent", exact: true, failing: []string{"packet-more", "packet-at-once"}, fault: withPackets(faultyPackets{send: func(ctx context.Context, s wallet.PacketService, r wallet.SendPacketRequest) (wallet.Packet, error) {
			p, err := s.SendPacket(ctx, r)
			if p.State == wallet.PacketRefused {
				p.State = wallet.PacketSent
			}
			return p, err
		}})},
		{name: "each opening of a share returns another amount", failing: []string{"packet-open"}, fault: withPackets(faultyPackets{open: func(ctx context.Context, s wallet.PacketService, r wallet.OpenPacketRequest) (wallet.Share, error) {
			share, err := s.OpenPacket(ctx, r)
			share.Amount += wallet.Money(opened.Add(1) - 1)
			return share, err
		}})},
		{name: "every user who knows the number can open it", exact: true, failing: []string{"packet-others", "packet-joined"}, fault: withPackets(faultyPackets{
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
		{name: "only the account of the share can open it", exact: true, failing: []string{"packet-joined"}, fault: withPackets(faultyPackets{
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
