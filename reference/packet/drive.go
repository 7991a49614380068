package packet

import (
	"context"
	"errors"
	"time"

	"hongbao/reference/wallet"
)

// settleAfter is the age from which a step that nobody finished is driven by the chore: above the time that a request
// itself may take.
const settleAfter = time.Minute

// send brings a packet that was asked for as far as it will go: asked → sent, or refused.
func (s *Service) send(ctx context.Context, p wallet.Packet) (wallet.Packet, error) {
	if p.State != wallet.PacketAsked {
		return p, nil
	}
	to := wallet.PacketSent
	switch err := s.transfer(ctx, sending(p)); {
	case errors.Is(err, wallet.ErrInsufficient):
		to = wallet.PacketRefused
	case err != nil:
		return p, err
	}
	if err := wallet.Repeat(func() error { return s.Packets.Advance(ctx, p.No, to) }); err != nil {
		return p, wallet.Unsettled(err)
	}
	p.State = to
	return p, nil
}

// finish brings a share that is on its way to its end: opening → opened, returning → returned.
func (s *Service) finish(ctx context.Context, p wallet.Packet, i int, share wallet.Share) (wallet.Share, error) {
	step, end := wallet.MoveOpen, wallet.ShareOpened
	switch share.State {
	case wallet.ShareOpening:
	case wallet.ShareReturning:
		step, end = wallet.MoveReturn, wallet.ShareReturned
	default:
		return share, nil
	}
	if err := s.transfer(ctx, leaving(p, i, step, share)); err != nil {
		return share, wallet.Unsettled(err)
	}
	return s.mark(ctx, p.No, share.For, end, share.Owner, s.Clock.Now())
}

// transfer moves a packet's money. An error but ErrInsufficient says that it is on record and may have been moved.
func (s *Service) transfer(ctx context.Context, t wallet.Transfer) error {
	err := wallet.Repeat(func() error { return s.Ledger.Transfer(ctx, t) })
	short := errors.Is(err, wallet.ErrInsufficient)
	if errors.Is(err, wallet.ErrConflict) || short && t.No.Step != wallet.MoveSend {
		s.Alarm(wallet.AlarmPacketMove, t.No.String())
	}
	if err == nil || short {
		return err
	}
	return wallet.Unsettled(err)
}

// mark records a share's state and returns what is on record then. Once a share was marked, how it ends is open.
func (s *Service) mark(ctx context.Context, no wallet.PacketNo, a wallet.Account, to wallet.ShareState, owner wallet.ActID, at wallet.Instant) (wallet.Share, error) {
	var share wallet.Share
	err := wallet.Repeat(func() (err error) { share, err = s.Packets.Mark(ctx, no, a, to, owner, at); return err })
	if err != nil && to.Final() {
		return share, wallet.Unsettled(err)
	}
	return share, err
}

// Settle drives one bounded step of what got stuck, and sends back what nobody has opened in time (P4). It returns how many
// packets it brought to rest. It goes through them from place to place, oldest first, and begins anew after the last: those
// that cannot be brought to rest, however many, do not bar the way to those behind them. Several may call it at the same
// time.
func (s *Service) Settle(ctx context.Context, limit int) (int, error) {
	now := s.Clock.Now()
	from := wallet.OpenPlace(s.place.Load())
	ps, next, err := s.Packets.Unfinished(ctx, now.Add(-settleAfter), now.Add(-wallet.PacketLife), from, limit)
	if err != nil {
		return 0, err
	}
	s.place.Store(int64(next))
	done := 0
	for _, p := range ps {
		if s.settle(ctx, p, now) == nil {
			done++
		}
	}
	return done, nil
}

// settle brings one packet to rest.
func (s *Service) settle(ctx context.Context, p wallet.Packet, now wallet.Instant) error {
	p, failed := s.send(ctx, p)
	if failed != nil || p.State == wallet.PacketRefused {
		return failed
	}
	for i, share := range p.Shares {
		var err error
		if share.State == wallet.ShareWaiting && expired(p, now) {
			share, err = s.mark(ctx, p.No, share.For, wallet.ShareReturning, p.Owner, now)
		}
		if err == nil {
			_, err = s.finish(ctx, p, i, share)
		}
		failed = errors.Join(failed, err)
	}
	return failed
}

// sending moves the amount from the sender's wallets to where it waits.
func sending(p wallet.Packet) wallet.Transfer {
	t := wallet.Transfer{
		No:   wallet.MoveNo{Packet: p.No, Step: wallet.MoveSend},
		Legs: []wallet.Leg{{Account: account(p, wallet.PacketAccount, p.Owner), Amount: p.Amount}},
		Take: p.Amount,
	}
	for _, id := range p.Wallets {
		t.Pool = append(t.Pool, account(p, wallet.PersonalAccount, id))
	}
	return t
}

// leaving moves share i from where it waits to the wallet that it was marked for.
func leaving(p wallet.Packet, i int, step wallet.MoveStep, share wallet.Share) wallet.Transfer {
	return wallet.Transfer{No: wallet.MoveNo{Packet: p.No, Step: step, Share: uint8(i)}, Legs: []wallet.Leg{ // MaxShares fits
		{Account: account(p, wallet.PacketAccount, p.Owner), Amount: -share.Amount},
		{Account: account(p, wallet.PersonalAccount, share.Owner), Amount: share.Amount},
	}}
}

// account returns a wallet's account of a kind, in the packet's stage.
func account(p wallet.Packet, k wallet.AccountKind, id wallet.ActID) wallet.AccountNo {
	return wallet.AccountNo{Kind: k, Stage: p.Stage, Owner: int64(id)}
}
