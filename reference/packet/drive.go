package packet

import (
	"context"
	"errors"
	"time"

	"hongbao/reference/wallet"
)

// settleAfter is the age from which the chore drives an unfinished step. It is above the longest duration of a request.
const settleAfter = time.Minute

// send moves a requested packet as far as possible: asked → sent, or refused. Idempotent.
func (s *Service) send(ctx context.Context, p wallet.Packet) (wallet.Packet, error) {
	if p.State != wallet.PacketAsked {
		return p, nil
	}
	to := wallet.PacketSent
	switch err := s.transfer(ctx, sendTransfer(p)); {
	case errors.Is(err, wallet.ErrInsufficient):
		to = wallet.PacketRefused
	case err != nil:
		return p, err
	}
	if err := wallet.Repeat(func() error { return s.Packets.Advance(ctx, p.No, to) }); err != nil {
		return p, wallet.AsUnknown(err)
	}
	p.State = to
	return p, nil
}

// finish completes the state of a share: opening → opened, returning → returned. Idempotent.
func (s *Service) finish(ctx context.Context, p wallet.Packet, i int, share wallet.Share) (wallet.Share, error) {
	step, end := wallet.TransferOpen, wallet.ShareOpened
	switch share.State {
	case wallet.ShareOpening:
	case wallet.ShareReturning:
		step, end = wallet.TransferReturn, wallet.ShareReturned
	default:
		return share, nil
	}
	if err := s.transfer(ctx, shareTransfer(p, i, step, share)); err != nil {
		return share, wallet.AsUnknown(err)
	}
	return s.mark(ctx, p.No, share.For, end, share.Owner, s.Clock.Now())
}

// transfer makes a ledger transfer of a packet. After any error but ErrInsufficient the packet is on record and the
// money may have moved.
func (s *Service) transfer(ctx context.Context, t wallet.Transfer) error {
	err := wallet.Repeat(func() error { return s.Ledger.Transfer(ctx, t) })
	short := errors.Is(err, wallet.ErrInsufficient)
	if errors.Is(err, wallet.ErrConflict) || short && t.No.Step != wallet.TransferSend {
		s.Alarm(wallet.AlarmPacketMove, t.No.String())
	}
	if err == nil || short {
		return err
	}
	return wallet.AsUnknown(err)
}

// mark records a share's state and returns the share on record. After an error for a final state the result is unknown,
// because the share's state was recorded before.
func (s *Service) mark(ctx context.Context, no wallet.PacketNo, a wallet.Account, to wallet.ShareState, owner wallet.ActID, at wallet.Instant) (wallet.Share, error) {
	var share wallet.Share
	err := wallet.Repeat(func() (err error) { share, err = s.Packets.Mark(ctx, no, a, to, owner, at); return err })
	if err != nil && to.Final() {
		return share, wallet.AsUnknown(err)
	}
	return share, err
}

// Settle drives one bounded step of stuck packets, and returns unopened shares of packets whose time is over (P4). Its
// result is the number of packets without remaining work. It scans them in order of age and starts again after the
// last, so packets that cannot be finished do not block those after them. Concurrent calls are safe. Errors are those
// of the store.
func (s *Service) Settle(ctx context.Context, limit int) (int, error) {
	now := s.Clock.Now()
	from := wallet.ScanCursor(s.cursor.Load())
	ps, next, err := s.Packets.Unfinished(ctx, now.Add(-settleAfter), now.Add(-wallet.PacketLifetime), from, limit)
	if err != nil {
		return 0, err
	}
	s.cursor.Store(int64(next))
	done := 0
	for _, p := range ps {
		if s.settle(ctx, p, now) == nil {
			done++
		}
	}
	return done, nil
}

// settle does the remaining work of one packet.
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

// sendTransfer returns the transfer from the sender's wallets to the packet account.
func sendTransfer(p wallet.Packet) wallet.Transfer {
	t := wallet.Transfer{
		No:   wallet.TransferNo{Packet: p.No, Step: wallet.TransferSend},
		Legs: []wallet.Leg{{Account: account(p, wallet.PacketAccount, p.Owner), Amount: p.Amount}},
		Take: p.Amount,
	}
	for _, id := range p.Wallets {
		t.Pool = append(t.Pool, account(p, wallet.PersonalAccount, id))
	}
	return t
}

// shareTransfer returns the transfer of share i from the packet account to the wallet in its record.
func shareTransfer(p wallet.Packet, i int, step wallet.TransferStep, share wallet.Share) wallet.Transfer {
	return wallet.Transfer{No: wallet.TransferNo{Packet: p.No, Step: step, Share: uint8(i)}, Legs: []wallet.Leg{ // i is below MaxShares, which fits uint8
		{Account: account(p, wallet.PacketAccount, p.Owner), Amount: -share.Amount},
		{Account: account(p, wallet.PersonalAccount, share.Owner), Amount: share.Amount},
	}}
}

// account returns a wallet's account of a kind, in the packet's stage.
func account(p wallet.Packet, k wallet.AccountKind, id wallet.ActID) wallet.AccountNo {
	return wallet.AccountNo{Kind: k, Stage: p.Stage, Owner: int64(id)}
}
