package walletpage

import (
	"cmp"
	"context"
	"slices"

	"hongbao/reference/wallet"
)

// packets returns the packets that the person's wallets sent, whole, and of those that others sent the part that is the
// person's: each once, newest first.
func (p *Reader) packets(ctx context.Context, caller wallet.Account, who wallet.Person, stage wallet.Stage) ([]wallet.Packet, error) {
	const limit = maxPackets // also while pages are short: nobody could ask for the rest
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
		all = append(all, s.Whole())
	}
	people := &once{people: p.People, known: map[wallet.Account]wallet.Person{}}
	for _, r := range received {
		if who.Owns(r.Owner) {
			continue // is among the sent ones
		}
		own, err := ownShares(ctx, people, caller, who, r)
		if err != nil {
			return nil, err
		}
		if len(own) > 0 {
			all = append(all, r.Part(own))
		}
	}
	slices.SortStableFunc(all, func(a, b wallet.Packet) int { return cmp.Compare(b.Created, a.Created) })
	return all[:min(len(all), limit)], nil
}

// ownShares returns which shares of a packet are the person's.
func ownShares(ctx context.Context, people wallet.People, caller wallet.Account, who wallet.Person, p wallet.Packet) (own []wallet.Share, err error) {
	for _, s := range p.Shares {
		mine, err := s.IsOf(ctx, people, caller, who)
		if err != nil {
			return nil, err
		}
		if mine {
			own = append(own, s)
		}
	}
	return own, nil
}

// once looks up each of a person's other accounts once for a page.
type once struct {
	people wallet.People
	known  map[wallet.Account]wallet.Person // no more than maxPackets times wallet.MaxShares
}

// Resolve implements wallet.People.
func (o *once) Resolve(ctx context.Context, a wallet.Account) (wallet.Person, error) {
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
