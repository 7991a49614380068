// Package packet moves money between users in red packets (c2c, P4). A packet is sent, each of its shares is opened
// once by its recipient, and shares not opened after a day are returned.
//
// A packet is a small state machine on record, and so is each of its shares. Every step is recorded before money is
// moved, and the ledger moves it once per number. So the request, its repeats and the chore that settles stuck packets
// all drive the same state forward, and an unknown outcome stays unknown until one of them finds it out. Opening and
// returning a share exclude each other: the one that is recorded first is carried out.
//
// Units: fen. Waiting money is in the packet account of the sender's wallet, whose balance is the sum of the sender's
// unopened shares. A packet belongs to the stage in which it was sent, whenever it is opened (A1). The package must not
// create money, and posts nothing itself.
package packet

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"unicode/utf8"

	"hongbao/reference/activity"
	"hongbao/reference/wallet"
)

// Service sends, opens and returns packets. Its fields are set once.
type Service struct {
	People  wallet.People
	Index   *activity.Index
	Packets wallet.Packets
	Ledger  wallet.Ledger
	Clock   wallet.Clock
	Alarm   func(kind wallet.AlarmKind, detail string)

	// Due posts the person's unposted money, as the withdraw page does, so that the whole balance can be sent (T6).
	PostUnposted func(ctx context.Context, r wallet.PageRequest) error

	// Switched reports whether a degrade switch is on (D3); nil: all are off.
	Switched func(wallet.Switch) bool

	cursor atomic.Int64 // a ScanCursor: where Settle continues. It may be lost without harm
}

// Send implements wallet.PacketService's SendPacket.
func (s *Service) Send(ctx context.Context, r wallet.SendPacketRequest) (wallet.Packet, error) {
	if err := check(r); err != nil {
		return wallet.Packet{}, err
	}
	no := wallet.PacketNo{Account: wallet.AccountOf(r.App, r.User), Request: r.Request}
	if err := s.refuseIfStopped(ctx, no); err != nil {
		return wallet.Packet{}, err
	}
	at := r.At
	if at == 0 {
		at = s.Clock.Now()
	}
	child, err := s.Index.Child(at)
	if err != nil {
		return wallet.Packet{}, err
	}
	if err := s.PostUnposted(ctx, wallet.PageRequest{Caller: r.Caller, At: at, Limit: 1, Tokens: r.Tokens, Withdraw: true}); err != nil {
		return wallet.Packet{}, err
	}
	who, err := s.resolve(ctx, no.Account)
	if err != nil {
		return wallet.Packet{}, err
	}
	asked := wallet.Packet{No: no, Owner: who.ActID, Stage: child.Stage, Amount: r.Amount, Wallets: who.Wallets(), Greeting: r.Greeting,
		Created: s.Clock.Now(), State: wallet.PacketAsked}
	if asked.Shares, err = s.newShares(ctx, no, r); err != nil {
		return wallet.Packet{}, err
	}
	p, err := s.record(ctx, asked)
	if err != nil {
		return wallet.Packet{}, err
	}
	if !sameContent(p, asked) || r.At != 0 && p.Stage != asked.Stage {
		return wallet.Packet{}, fmt.Errorf("%w: packet %s is on record with %d fen of %s for %d", wallet.ErrConflict, p.No, p.Amount, p.Stage, len(p.Shares))
	}
	p, err = s.send(ctx, p)
	return p.SenderView(), err
}

// newShares returns the shares of a new packet, each with the recipient's present wallet.
func (s *Service) newShares(ctx context.Context, no wallet.PacketNo, r wallet.SendPacketRequest) ([]wallet.Share, error) {
	shares := make([]wallet.Share, len(r.To))
	for i, amount := range split(no, r.Amount, len(r.To)) {
		to := wallet.AccountOf(r.To[i].App, r.To[i].User)
		who, err := s.resolve(ctx, to)
		if err != nil {
			return nil, err
		}
		shares[i] = wallet.Share{For: to, Wallet: who.ActID, Amount: amount}
	}
	return shares, nil
}

// record records the packet, or returns the one on record under its number. A packet that is invalid because two
// recipients are one person may have been recorded before they became one.
func (s *Service) record(ctx context.Context, asked wallet.Packet) (p wallet.Packet, err error) {
	if refused := asked.Validate(); refused != nil {
		if p, err = s.get(ctx, asked.No); wallet.CodeOf(err) == wallet.CodeNotFound {
			err = refused
		}
		return p, err
	}
	err = wallet.Repeat(func() (err error) { p, _, err = s.Packets.Create(ctx, asked); return err })
	return p, err
}

// resolve returns the owner of an account.
func (s *Service) resolve(ctx context.Context, a wallet.Account) (who wallet.Person, err error) {
	err = wallet.Repeat(func() (err error) { who, err = s.People.Resolve(ctx, a); return err })
	return who, err
}

// refuseIfStopped returns ErrSwitchedOff for a new packet while SwitchStopPackets is on. Packets on record continue.
func (s *Service) refuseIfStopped(ctx context.Context, no wallet.PacketNo) error {
	if s.Switched == nil || !s.Switched(wallet.SwitchStopPackets) {
		return nil
	}
	_, err := s.get(ctx, no)
	if wallet.CodeOf(err) == wallet.CodeNotFound {
		return fmt.Errorf("%w: sending packets", wallet.ErrSwitchedOff)
	}
	return err
}

// get returns a packet on record.
func (s *Service) get(ctx context.Context, no wallet.PacketNo) (p wallet.Packet, err error) {
	err = wallet.Repeat(func() (err error) { p, err = s.Packets.Get(ctx, no); return err })
	return p, err
}

// check returns ErrInvalid for a request that cannot become a packet.
func check(r wallet.SendPacketRequest) error {
	shares := len(r.To)
	if !r.App.Valid() || r.User <= 0 || r.Request <= 0 || len(r.Tokens) > wallet.MaxClientTokens || shares < 1 || shares > wallet.MaxShares ||
		r.Amount < wallet.Money(shares) || r.Amount > wallet.MaxPacketShare*wallet.Money(shares) {
		return fmt.Errorf("%w: packet %d of %d fen for %d with %d tokens by user %d of app %d",
			wallet.ErrInvalid, r.Request, r.Amount, shares, len(r.Tokens), r.User, r.App)
	}
	if len(r.Greeting) > wallet.MaxGreeting || !utf8.ValidString(r.Greeting) {
		return fmt.Errorf("%w: a greeting of %d bytes, or one that is not UTF-8", wallet.ErrInvalid, len(r.Greeting))
	}
	seen := make(map[wallet.Account]bool, shares)
	for _, to := range r.To {
		a := wallet.AccountOf(to.App, to.User)
		if !to.App.Valid() || to.User <= 0 || seen[a] || a == wallet.AccountOf(r.App, r.User) {
			return fmt.Errorf("%w: packet for user %d of app %d, who does not exist, is the sender or has a share already", wallet.ErrInvalid, to.User, to.App)
		}
		seen[a] = true
	}
	return nil
}

// sameContent reports whether a packet on record has the requested content; the sender's wallets are not compared.
func sameContent(p, asked wallet.Packet) bool {
	return p.Amount == asked.Amount && p.Greeting == asked.Greeting &&
		slices.EqualFunc(p.Shares, asked.Shares, func(a, b wallet.Share) bool { return a.For == b.For })
}
