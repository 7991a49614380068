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
	i, err := s.selectShare(ctx, p, r)
	switch {
	case err != nil:
		return wallet.Share{}, err
	case i < 0:
		return wallet.Share{}, fmt.Errorf("%w: packet %s", wallet.ErrNotYours, p.No)
	case p.State == wallet.PacketAsked:
		return wallet.Share{}, fmt.Errorf("%w: packet %s is not sent yet", wallet.ErrUnavailable, p.No)
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

// selectShare returns the index of the share that a request is for, as OpenPacketRequest says; -1: no share is the
// caller's.
func (s *Service) selectShare(ctx context.Context, p wallet.Packet, r wallet.OpenPacketRequest) (int, error) {
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
		mine, err := share.BelongsTo(ctx, s.People, caller, who)
		if err != nil {
			return -1, err
		}
		if mine && (found < 0 || share.Claimed() && !p.Shares[found].Claimed()) {
			found = i
		}
	}
	return found, nil
}

// begin records a waiting share as opening, into the caller's present wallet, and returns the share on record.
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
	if err == nil && share.Claimed() && share.For != caller && !who.Owns(share.Owner) { // meanwhile its account left the wallet and opened it
		err = fmt.Errorf("%w: packet %s", wallet.ErrNotYours, p.No)
	}
	return share, err
}

// expired reports whether the packet can no longer be opened.
func expired(p wallet.Packet, now wallet.Instant) bool {
	return now >= p.Created.Add(wallet.PacketLifetime)
}
