package node

import (
	"context"
	"fmt"

	"hongbao/reference/activity"
	"hongbao/reference/packet"
	"hongbao/reference/wallet"
)

// packetStep bounds the packets of one step of SettlePackets. Each may have wallet.MaxShares shares.
const packetStep = 20

var _ wallet.PacketService = (*Node)(nil)

// newPackets returns the packet service, or nil if there is no store for packets.
func newPackets(p Ports, people wallet.People, index *activity.Index, due func(context.Context, wallet.PageRequest) error) *packet.Service {
	if p.Packets == nil {
		return nil
	}
	return &packet.Service{People: people, Index: index, Packets: p.Packets, Ledger: p.Ledger, Clock: p.Clock, Alarm: p.Alarm,
		PostUnposted: due, Switched: p.Switched}
}

// SendPacket implements wallet.PacketService. ErrNotFound: the service has no packets.
func (n *Node) SendPacket(ctx context.Context, r wallet.SendPacketRequest) (wallet.Packet, error) {
	if n.packets == nil {
		return wallet.Packet{}, errNoPackets()
	}
	return n.packets.Send(ctx, r)
}

// OpenPacket implements wallet.PacketService. ErrNotFound: the service has no packets.
func (n *Node) OpenPacket(ctx context.Context, r wallet.OpenPacketRequest) (wallet.Share, error) {
	if n.packets == nil {
		return wallet.Share{}, errNoPackets()
	}
	return n.packets.Open(ctx, r)
}

// SettlePackets drives one bounded step of stuck packets and returns unopened shares of packets whose time is over
// (P4). Its result is the number of packets without remaining work.
func (n *Node) SettlePackets(ctx context.Context) (int, error) {
	if n.packets == nil {
		return 0, nil
	}
	return n.packets.Settle(ctx, packetStep)
}

func errNoPackets() error { return fmt.Errorf("%w: this service has no packets", wallet.ErrNotFound) }
