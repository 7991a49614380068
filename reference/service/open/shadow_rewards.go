package open

import (
	"context"

	"hongbao/reference/wallet"
)

var (
	_ wallet.Rewards       = (*shadowWallet)(nil)
	_ wallet.PacketService = (*shadowWallet)(nil)
)

// Rewards implements wallet.Rewards.
func (m *shadowWallet) Rewards(ctx context.Context, r wallet.RewardsRequest) (wallet.RewardsPage, error) {
	return withInstance(m, func(d *walletInstance) (wallet.RewardsPage, error) { return d.node.Rewards(ctx, r) })
}

// UseReward implements wallet.Rewards.
func (m *shadowWallet) UseReward(ctx context.Context, r wallet.UseRequest) (wallet.Item, error) {
	return withInstance(m, func(d *walletInstance) (wallet.Item, error) { return d.node.UseReward(ctx, r) })
}

// SendPacket implements wallet.PacketService.
func (m *shadowWallet) SendPacket(ctx context.Context, r wallet.SendPacketRequest) (wallet.Packet, error) {
	return withInstance(m, func(d *walletInstance) (wallet.Packet, error) { return d.node.SendPacket(ctx, r) })
}

// OpenPacket implements wallet.PacketService.
func (m *shadowWallet) OpenPacket(ctx context.Context, r wallet.OpenPacketRequest) (wallet.Share, error) {
	return withInstance(m, func(d *walletInstance) (wallet.Share, error) { return d.node.OpenPacket(ctx, r) })
}
