package main

import (
	"context"

	"hongbao/reference/wallet"
)

var (
	_ wallet.Rewards       = (*marked)(nil)
	_ wallet.PacketService = (*marked)(nil)
)

// Rewards implements wallet.Rewards.
func (m *marked) Rewards(ctx context.Context, r wallet.RewardsRequest) (wallet.RewardsPage, error) {
	return asked(m, func(d *side) (wallet.RewardsPage, error) { return d.node.Rewards(ctx, r) })
}

// UseReward implements wallet.Rewards.
func (m *marked) UseReward(ctx context.Context, r wallet.UseRequest) (wallet.Item, error) {
	return asked(m, func(d *side) (wallet.Item, error) { return d.node.UseReward(ctx, r) })
}

// SendPacket implements wallet.PacketService.
func (m *marked) SendPacket(ctx context.Context, r wallet.SendPacketRequest) (wallet.Packet, error) {
	return asked(m, func(d *side) (wallet.Packet, error) { return d.node.SendPacket(ctx, r) })
}

// OpenPacket implements wallet.PacketService.
func (m *marked) OpenPacket(ctx context.Context, r wallet.OpenPacketRequest) (wallet.Share, error) {
	return asked(m, func(d *side) (wallet.Share, error) { return d.node.OpenPacket(ctx, r) })
}
