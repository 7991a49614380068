package walletpage

import (
	"cmp"
	"context"
	"slices"

	"hongbao/reference/wallet"
)

// packets returns the packets that the person's wallets sent, in full, and the person's part of packets that others
// sent. Each is listed once, newest first.
func (p *Reader) packets(ctx context.Context, caller wallet.Account, who wallet.Person, stage wallet.Stage) ([]wallet.Packet, error) {
	const limit = maxPackets // also while pages are short: there is no request for the rest
	wallets := who.Wallets()
	sent, err := p.Packets.SentBy(ctx, wallets, stage, limit)
	if err != nil {
		return nil, err
	}
	received, err := p.Packets.For(ctx, []wallet.Account{caller}, wallets, stage, limit)
	if err != nil {
		return nil, err
	}
	var all []wallet.Packet
	for _, s := range sent {
		all = append(all, s.SenderView())
	}
	people := &personCache{people: p.People, known: map[wallet.Account]wallet.Person{}}
	for _, r := range received {
		if who.Owns(r.Owner) {
			continue // already among the sent packets
		}
		own, err := ownShares(ctx, people, caller, who, r)
		if err != nil {
			return nil, err
		}
		if len(own) > 0 {
			all = append(all, r.RecipientView(own))
		}
	}
	slices.SortStableFunc(all, func(a, b wallet.Packet) int { return cmp.Compare(b.Created, a.Created) })
	return all[:min(len(all), limit)], nil
}

// ownShares returns the shares of a packet that belong to the person.
func ownShares(ctx context.Context, people wallet.People, caller wallet.Account, who wallet.Person, p wallet.Packet) (own []wallet.Share, err error) {
	for _, s := range p.Shares {
		mine, err := s.BelongsTo(ctx, people, caller, who)
		if err != nil {
			return nil, err
		}
		if mine {
			own = append(own, s)
		}
	}
	return own, nil
}

// personCache resolves each account once per page.
type personCache struct {
	people wallet.People
	known  map[wallet.Account]wallet.Person // at most maxPackets times wallet.MaxShares entries
}

// Resolve implements wallet.People.
func (o *personCache) Resolve(ctx context.Context, a wallet.Account) (wallet.Person, error) {
	who, ok := o.known[a]
	if ok {
		return who, nil
	}
	who, err := o.people.Resolve(ctx, a)
	if err == nil {
		o.known[a] = who
	}
	return who, err
}
