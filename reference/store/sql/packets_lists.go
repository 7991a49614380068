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

// each asks all shards and returns what they have, in order, at most limit.
func (p *Packets) each(ctx context.Context, query string, args []any, limit int, order func(a, b wallet.Packet) int) ([]wallet.Packet, error) {
	var out []wallet.Packet
	for _, s := range p.db.shards {
		found, err := p.read(ctx, s, query, args)
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	slices.SortFunc(out, func(a, b wallet.Packet) int { return cmp.Or(order(a, b), comparePackets(a, b)) })
	return out[:min(len(out), limit)], nil
}

func newestPacket(a, b wallet.Packet) int { return cmp.Compare(b.Created, a.Created) }

// SentBy implements wallet.Packets. Of two with one instant, the one with the lower number comes first. ErrInvalid: more
// wallets than one person can have.
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
	return p.each(ctx, strings.Replace(p.sentBy, "%s", marks, 1), append(args, limit), limit, newestPacket)
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
	return p.each(ctx, p.from+strings.Join(parts, " UNION ")+p.keys, append(args, limit), limit, newestPacket)
}

// Unfinished implements wallet.Packets. Oldest means created first.
func (p *Packets) Unfinished(ctx context.Context, asked, sent wallet.Instant, limit int) ([]wallet.Packet, error) {
	limit = min(max(limit, 0), maxPacketList)
	return p.each(ctx, p.unfinished, []any{int64(asked), limit, int64(sent), limit, int64(asked), limit}, limit,
		func(a, b wallet.Packet) int { return cmp.Compare(a.Created, b.Created) })
}

// Packets implements wallet.PacketBook. A page of wallets is read at a time, each as it is then.
func (p *Packets) Packets(ctx context.Context, yield func(wallet.Packet) bool) error {
	return eachOwner(ctx, p.owners, func(ctx context.Context, s *shard, first, last int64) ([]wallet.Packet, error) {
		return p.read(ctx, s, p.book, []any{first, last})
	}, func(v wallet.Packet) int64 { return int64(v.Owner) }, yield)
}
