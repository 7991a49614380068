package sqlstore

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"hongbao/reference/wallet"
)

// maxPacketList bounds a list of packets: the page shows far fewer, and each may have wallet.MaxShares rows.
const maxPacketList = 1000

// each queries all shards and returns their packets.
func (p *Packets) each(ctx context.Context, query string, args []any) ([]placed[wallet.Packet], error) {
	return onAllShards(p.db, func(s *shard) ([]placed[wallet.Packet], error) { return p.read(ctx, s, query, args) })
}

// newest queries all shards and returns at most limit packets, newest first.
func (p *Packets) newest(ctx context.Context, query string, args []any, limit int) ([]wallet.Packet, error) {
	all, err := p.each(ctx, query, args)
	if err != nil {
		return nil, err
	}
	out := packetsOf(all)
	slices.SortFunc(out, func(a, b wallet.Packet) int { return cmp.Or(cmp.Compare(b.Created, a.Created), comparePackets(a, b)) })
	return out[:min(len(out), limit)], nil
}

// packetsOf returns packets without their places.
func packetsOf(all []placed[wallet.Packet]) []wallet.Packet {
	var out []wallet.Packet
	for _, p := range all {
		out = append(out, p.v)
	}
	return out
}

// SentBy implements wallet.Packets. Of two packets with the same time, the one with the lower number comes first.
// ErrInvalid: more wallets than one person can have.
func (p *Packets) SentBy(ctx context.Context, wallets []wallet.ActID, stage wallet.Stage, limit int) ([]wallet.Packet, error) {
	if len(wallets) > maxWallets {
		return nil, fmt.Errorf("%w: packets of %d wallets", wallet.ErrInvalid, len(wallets))
	}
	limit = min(max(limit, 0), maxPacketList)
	if len(wallets) == 0 || limit == 0 {
		return nil, nil
	}
	args := []any{int64(stage)}
	for _, id := range wallets {
		args = append(args, int64(id))
	}
	marks := strings.TrimSuffix(strings.Repeat("?,", len(wallets)), ",")
	return p.newest(ctx, strings.Replace(p.sentBy, "%s", marks, 1), append(args, limit), limit)
}

// For implements wallet.Packets, in the order of SentBy. ErrInvalid: more accounts or wallets than one person can have.
func (p *Packets) For(ctx context.Context, accounts []wallet.Account, wallets []wallet.ActID, stage wallet.Stage, limit int) ([]wallet.Packet, error) {
	if len(wallets) > maxWallets || len(accounts) > maxWallets {
		return nil, fmt.Errorf("%w: packets for %d accounts and %d wallets", wallet.ErrInvalid, len(accounts), len(wallets))
	}
	limit = min(max(limit, 0), maxPacketList)
	if len(accounts)+len(wallets) == 0 || limit == 0 {
		return nil, nil
	}
	var parts []string
	var args []any
	for _, a := range accounts {
		parts = append(parts, p.forAccount)
		args = append(args, int64(a.Family), int64(a.User), int64(stage), limit)
	}
	for _, id := range wallets {
		parts = append(parts, p.forWallet, p.openedInto)
		args = append(args, int64(id), int64(stage), limit, int64(id), int64(stage), limit)
	}
	return p.newest(ctx, p.from+strings.Join(parts, " UNION ")+p.keys, append(args, limit), limit)
}

// Unfinished implements wallet.Packets. Oldest means created first.
func (p *Packets) Unfinished(ctx context.Context, asked, sent wallet.Instant, from wallet.ScanCursor, limit int) ([]wallet.Packet, wallet.ScanCursor, error) {
	if limit = min(limit, maxPacketList); limit <= 0 {
		return nil, 0, nil
	}
	first, more := int64(from), limit+1
	all, err := p.each(ctx, p.unfinished, []any{first, placesBefore(asked), more, first, placesBefore(sent), more, int64(asked), first, more})
	if err != nil {
		return nil, 0, err
	}
	out, next := firstPlaced(all, limit, comparePackets)
	return out, next, nil
}

// Packets implements wallet.PacketReader. It reads one page of wallets at a time; each page is from its own point in
// time.
func (p *Packets) Packets(ctx context.Context, yield func(wallet.Packet) bool) error {
	return eachOwner(ctx, p.db, p.owners, func(ctx context.Context, s *shard, first, last int64) ([]wallet.Packet, error) {
		found, err := p.read(ctx, s, p.byOwner, []any{first, last})
		return packetsOf(found), err
	}, func(v wallet.Packet) int64 { return int64(v.Owner) }, yield)
}
