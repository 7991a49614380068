package open

import (
	"context"

	"hongbao/reference/server"
	"hongbao/reference/wallet"
)

// The API of the load-test wallet: each call goes to its present instance.

// Grant implements wallet.Service.
func (m *shadowWallet) Grant(ctx context.Context, r wallet.GrantRequest) (wallet.GrantReply, error) {
	return withInstance(m, func(d *walletInstance) (wallet.GrantReply, error) { return d.API.Grant(ctx, r) })
}

// Page implements wallet.Service.
func (m *shadowWallet) Page(ctx context.Context, r wallet.PageRequest) (wallet.Page, error) {
	return withInstance(m, func(d *walletInstance) (wallet.Page, error) { return d.API.Page(ctx, r) })
}

// Withdraw implements wallet.Service.
func (m *shadowWallet) Withdraw(ctx context.Context, r wallet.WithdrawRequest) (wallet.WithdrawReply, error) {
	return withInstance(m, func(d *walletInstance) (wallet.WithdrawReply, error) { return d.API.Withdraw(ctx, r) })
}

// Bind implements wallet.Service.
func (m *shadowWallet) Bind(ctx context.Context, c wallet.Caller, p wallet.Phone) (wallet.Person, error) {
	return withInstance(m, func(d *walletInstance) (wallet.Person, error) { return d.API.Bind(ctx, c, p) })
}

// Rewards implements wallet.Rewards.
func (m *shadowWallet) Rewards(ctx context.Context, r wallet.RewardsRequest) (wallet.RewardsPage, error) {
	return withInstance(m, func(d *walletInstance) (wallet.RewardsPage, error) { return d.Node.Rewards(ctx, r) })
}

// UseReward implements wallet.Rewards.
func (m *shadowWallet) UseReward(ctx context.Context, r wallet.UseRequest) (wallet.Item, error) {
	return withInstance(m, func(d *walletInstance) (wallet.Item, error) { return d.Node.UseReward(ctx, r) })
}

// SendPacket implements wallet.PacketService.
func (m *shadowWallet) SendPacket(ctx context.Context, r wallet.SendPacketRequest) (wallet.Packet, error) {
	return withInstance(m, func(d *walletInstance) (wallet.Packet, error) { return d.Node.SendPacket(ctx, r) })
}

// OpenPacket implements wallet.PacketService.
func (m *shadowWallet) OpenPacket(ctx context.Context, r wallet.OpenPacketRequest) (wallet.Share, error) {
	return withInstance(m, func(d *walletInstance) (wallet.Share, error) { return d.Node.OpenPacket(ctx, r) })
}

// Status implements server.Inspector.
func (m *shadowWallet) Status(ctx context.Context) (server.Status, error) {
	return withInstance(m, func(d *walletInstance) (server.Status, error) { return inspector{d}.Status(ctx) })
}

// AuditBudget implements server.Inspector.
func (m *shadowWallet) AuditBudget(ctx context.Context, s wallet.Stage) (wallet.Money, error) {
	return withInstance(m, func(d *walletInstance) (wallet.Money, error) { return inspector{d}.AuditBudget(ctx, s) })
}

// Reconcile implements server.Inspector.
func (m *shadowWallet) Reconcile(ctx context.Context) (server.Reconciliation, error) {
	return withInstance(m, func(d *walletInstance) (server.Reconciliation, error) { return inspector{d}.Reconcile(ctx) })
}
