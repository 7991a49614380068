package node

import (
	"context"
	"fmt"

	"hongbao/reference/activity"
	"hongbao/reference/packet"
	"hongbao/reference/wallet"
)

// packetStep bounds the packets that one step of SettlePackets drives: each may have wallet.MaxShares shares.
const packetStep = 20

var _ wallet.PacketService = (*Node)(nil)

// newPackets returns the service of packets, nil where there is no store of them.
func newPackets(p Ports, people wallet.People, index *activity.Index, due func(context.Context, wallet.PageRequest) error) *packet.Service {
	if p.Packets == nil {
		return nil
	}
	return &packet.Service{People: people, Index: index, Packets: p.Packets, Ledger: p.Ledger, Clock: p.Clock, Alarm: p.Alarm,
		Due: due, Switched: p.Switched}
}

// SendPacket implements wallet.PacketService. ErrNotFound: there are no packets here.
func (n *Node) SendPacket(ctx context.Context, r wallet.SendPacketRequest) (wallet.Packet, error) {
	if n.packets == nil {
		return wallet.Packet{}, errNoPackets()
	}
	return n.packets.Send(ctx, r)
}

// OpenPacket implements wallet.PacketService. ErrNotFound: there are no packets here.
func (n *Node) OpenPacket(ctx context.Context, r wallet.OpenPacketRequest) (wallet.Share, error) {
	if n.packets == nil {
		return wallet.Share{}, errNoPackets()
	}
	return n.packets.Open(ctx, r)
}

// SettlePackets drives one bounded step of packets that got stuck and sends back what nobody has opened in time (P4). It
// returns how many it brought to rest.
func (n *Node) SettlePackets(ctx context.Context) (int, error) {
	if n.packets == nil {
		return 0, nil
	}
	return n.packets.Settle(ctx, packetStep)
}

func errNoPackets() error { return fmt.Errorf("%w: this service has no packets", wallet.ErrNotFound) }
