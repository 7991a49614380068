package packet

import (
	"context"
	"fmt"

	"hongbao/reference/wallet"
)

// Open implements wallet.PacketService's OpenPacket.
func (s *Service) Open(ctx context.Context, r wallet.OpenPacketRequest) (wallet.Share, error) {
	if !r.App.Valid() || r.User <= 0 {
		return wallet.Share{}, fmt.Errorf("%w: opening a packet by user %d of app %d", wallet.ErrInvalid, r.User, r.App)
	}
	p, err := s.get(ctx, r.Packet)
	if err != nil {
		return wallet.Share{}, err
	}
	i, err := s.pick(ctx, p, r)
	switch {
	case err != nil:
		return wallet.Share{}, err
	case i < 0:
		return wallet.Share{}, fmt.Errorf("%w: packet %s", wallet.ErrNotYours, p.No)
	case p.State == wallet.PacketAsked:
		return wallet.Share{}, fmt.Errorf("%w: packet %s is being sent", wallet.ErrUnavailable, p.No)
	case p.State == wallet.PacketRefused:
		return wallet.Share{}, fmt.Errorf("%w: packet %s was not sent", wallet.ErrNotFound, p.No)
	}
	share := p.Shares[i]
	if share.State == wallet.ShareWaiting {
		if share, err = s.begin(ctx, p, share, wallet.AccountOf(r.App, r.User)); err != nil {
			return wallet.Share{}, err
		}
	}
	if share.State == wallet.ShareReturning || share.State == wallet.ShareReturned {
		return wallet.Share{}, fmt.Errorf("%w: packet %s", wallet.ErrExpired, p.No)
	}
	return s.finish(ctx, p, i, share)
}

// pick returns which share a request is about, as OpenPacketRequest says; -1: none is the caller's.
func (s *Service) pick(ctx context.Context, p wallet.Packet, r wallet.OpenPacketRequest) (int, error) {
	caller := wallet.AccountOf(r.App, r.User)
	if i, own := p.ShareFor(caller); own && (r.For == wallet.Account{} || r.For == caller) {
		return i, nil
	}
	who, err := s.resolve(ctx, caller)
	if err != nil {
		return -1, err
	}
	found := -1
	for i, share := range p.Shares {
		if (r.For != wallet.Account{} && r.For != share.For) {
			continue
		}
		mine, err := share.IsOf(ctx, s.People, caller, who)
		if err != nil {
			return -1, err
		}
		if mine && (found < 0 || share.Begun() && !p.Shares[found].Begun()) {
			found = i
		}
	}
	return found, nil
}

// begin marks a share that waits as opening, into the wallet that the caller has now, and returns it as it is on record
// then.
func (s *Service) begin(ctx context.Context, p wallet.Packet, share wallet.Share, caller wallet.Account) (wallet.Share, error) {
	now := s.Clock.Now()
	if expired(p, now) {
		return wallet.Share{}, fmt.Errorf("%w: packet %s", wallet.ErrExpired, p.No)
	}
	who, err := s.resolve(ctx, caller)
	if err != nil {
		return wallet.Share{}, err
	}
	share, err = s.mark(ctx, p.No, share.For, wallet.ShareOpening, who.ActID, now)
	if err == nil && share.Begun() && share.For != caller && !who.Owns(share.Owner) { // its account has left meanwhile, and opened it
		err = fmt.Errorf("%w: packet %s", wallet.ErrNotYours, p.No)
	}
	return share, err
}

// expired reports whether a packet's time is over.
func expired(p wallet.Packet, now wallet.Instant) bool {
	return now >= p.Created.Add(wallet.PacketLife)
}
