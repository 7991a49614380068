package fault

import (
	"context"

	"hongbao/reference/wallet"
)

// Packets is wallet.Packets behind a Link.
type Packets struct {
	Link
	Inner wallet.Packets
}

var _ wallet.Packets = Packets{}

// Create implements wallet.Packets.
func (d Packets) Create(ctx context.Context, p wallet.Packet) (r wallet.Packet, created bool, err error) {
	err = d.do(1, func() (err error) { r, created, err = d.Inner.Create(ctx, p); return err })
	return r, created, err
}

// Get implements wallet.Packets.
func (d Packets) Get(ctx context.Context, no wallet.PacketNo) (p wallet.Packet, err error) {
	err = d.do(0, func() (err error) { p, err = d.Inner.Get(ctx, no); return err })
	return p, err
}

// Advance implements wallet.Packets.
func (d Packets) Advance(ctx context.Context, no wallet.PacketNo, s wallet.PacketState) error {
	return d.do(1, func() error { return d.Inner.Advance(ctx, no, s) })
}

// Mark implements wallet.Packets.
func (d Packets) Mark(ctx context.Context, no wallet.PacketNo, share wallet.Account, s wallet.ShareState, owner wallet.ActID, at wallet.Instant) (r wallet.Share, err error) {
	err = d.do(1, func() (err error) { r, err = d.Inner.Mark(ctx, no, share, s, owner, at); return err })
	return r, err
}

// SentBy implements wallet.Packets.
func (d Packets) SentBy(ctx context.Context, wallets []wallet.ActID, s wallet.Stage, limit int) (ps []wallet.Packet, err error) {
	err = d.do(0, func() (err error) { ps, err = d.Inner.SentBy(ctx, wallets, s, limit); return err })
	return ps, err
}

// For implements wallet.Packets.
func (d Packets) For(ctx context.Context, accounts []wallet.Account, wallets []wallet.ActID, s wallet.Stage, limit int) (ps []wallet.Packet, err error) {
	err = d.do(0, func() (err error) { ps, err = d.Inner.For(ctx, accounts, wallets, s, limit); return err })
	return ps, err
}

// Unfinished implements wallet.Packets.
func (d Packets) Unfinished(ctx context.Context, asked, sent wallet.Instant, from wallet.OpenPlace, limit int) (ps []wallet.Packet, next wallet.OpenPlace, err error) {
	err = d.do(0, func() (err error) { ps, next, err = d.Inner.Unfinished(ctx, asked, sent, from, limit); return err })
	return ps, next, err
}
