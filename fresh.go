package main

import (
	"context"
	"sync/atomic"

	sqlstore "hongbao/reference/store/sql"
	"hongbao/reference/wallet"
)

// An embedded service is the only writer of its books, so it knows when nobody has ever sent a packet or won a reward
// besides cash: pages then need not ask. Stores that other instances write to are always asked.

// freshPackets are packets of record that are not asked for lists while there are none.
type freshPackets struct {
	*sqlstore.Packets
	some atomic.Bool
}

// packetsOf returns a side's packets for its pages.
func packetsOf(ctx context.Context, p *sqlstore.Packets, alone bool) (wallet.Packets, error) {
	if !alone {
		return p, nil
	}
	f := &freshPackets{Packets: p}
	err := p.Packets(ctx, func(wallet.Packet) bool { f.some.Store(true); return false })
	return f, err
}

// Create implements wallet.Packets.
func (f *freshPackets) Create(ctx context.Context, p wallet.Packet) (wallet.Packet, bool, error) {
	f.some.Store(true)
	return f.Packets.Create(ctx, p)
}

// SentBy implements wallet.Packets.
func (f *freshPackets) SentBy(ctx context.Context, wallets []wallet.ActID, s wallet.Stage, limit int) ([]wallet.Packet, error) {
	if !f.some.Load() {
		return nil, nil
	}
	return f.Packets.SentBy(ctx, wallets, s, limit)
}

// For implements wallet.Packets.
func (f *freshPackets) For(ctx context.Context, accounts []wallet.Account, wallets []wallet.ActID, s wallet.Stage, limit int) ([]wallet.Packet, error) {
	if !f.some.Load() {
		return nil, nil
	}
	return f.Packets.For(ctx, accounts, wallets, s, limit)
}

// freshItems are items of record that are not asked for lists while there are none.
type freshItems struct {
	*sqlstore.Items
	some atomic.Bool
}

// itemsOf returns a side's items for its pages.
func itemsOf(ctx context.Context, i *sqlstore.Items, alone bool) (wallet.Items, error) {
	if !alone {
		return i, nil
	}
	f := &freshItems{Items: i}
	err := i.Items(ctx, func(wallet.Item) bool { f.some.Store(true); return false })
	return f, err
}

// Create implements wallet.Items.
func (f *freshItems) Create(ctx context.Context, i wallet.Item) (wallet.Item, bool, error) {
	f.some.Store(true)
	return f.Items.Create(ctx, i)
}

// Of implements wallet.Items.
func (f *freshItems) Of(ctx context.Context, wallets []wallet.ActID, s wallet.Stage, after wallet.Cursor, limit int) ([]wallet.Item, error) {
	if !f.some.Load() {
		return nil, nil
	}
	return f.Items.Of(ctx, wallets, s, after, limit)
}
