package assetcenter

import (
	"context"
	"errors"

	"hongbao/reference/activity"
	"hongbao/reference/wallet"
)

// Delivery passes an order's money to one of the three posting strategies (T1). Idempotent. An error means that the
// order is recorded, but its posting is not started yet.
type Delivery interface {
	Deliver(ctx context.Context, o wallet.Order, app wallet.App, s *activity.Scene) (wallet.GrantReply, error)
}

var (
	_ Delivery = Sync{}
	_ Delivery = Async{}
	_ Delivery = Token{}
	_ Delivery = LastResort{}
)

// Sync posts before the reply: no delay for people, but as many ledger instances as the peak requires.
type Sync struct{ Posting wallet.Settler }

// Deliver implements Delivery.
func (d Sync) Deliver(ctx context.Context, o wallet.Order, _ wallet.App, _ *activity.Scene) (wallet.GrantReply, error) {
	if err := d.Posting.Settle(ctx, []wallet.Credit{o.Credit()}); err != nil {
		return wallet.GrantReply{}, err
	}
	return wallet.GrantReply{Order: o.No, Amount: o.Amount, State: wallet.GrantPosted}, nil
}

// Async replies once the posting is in the backlog: few ledger instances, but people wait for the money.
type Async struct{ Backlog wallet.Backlog }

// Deliver implements Delivery.
func (d Async) Deliver(ctx context.Context, o wallet.Order, _ wallet.App, s *activity.Scene) (wallet.GrantReply, error) {
	err := wallet.Repeat(func() error { return d.Backlog.Push(ctx, []wallet.Credit{o.Credit()}) })
	if err != nil && !(s.Compensate && errors.Is(err, wallet.ErrUnavailable)) {
		return wallet.GrantReply{}, err
	}
	// While the backlog is down, the order of record is enough: compensation posts it.
	return wallet.GrantReply{Order: o.No, Amount: o.Amount, State: wallet.GrantAccepted}, nil
}

// Token replies with a sealed token, and stores a copy of it together with the held posting: few ledger instances, and
// a wallet page that shows the money at once (T2, T5).
type Token struct {
	Sealer wallet.Sealer
	Tokens wallet.Tokens
	Clock  wallet.Clock

	Backlog  wallet.Backlog           // holds the posting while no token is stored
	Switched func(wallet.Switch) bool // reports whether a degrade switch is on
}

// Deliver implements Delivery.
func (d Token) Deliver(ctx context.Context, o wallet.Order, app wallet.App, s *activity.Scene) (wallet.GrantReply, error) {
	t := wallet.Token{App: app, Activity: s.Child.ID, Order: o.No, Amount: o.Amount, Opened: o.Opened}
	sealed, err := d.Sealer.Seal(t, d.Clock.Now())
	if err != nil {
		return wallet.GrantReply{}, err
	}
	reply := wallet.GrantReply{Order: o.No, Amount: o.Amount, State: wallet.GrantAccepted, Token: sealed}
	if !d.Switched(wallet.SwitchSkipTokens) {
		err = wallet.Repeat(func() error { return d.Tokens.Issue(ctx, t) })
		if !errors.Is(err, wallet.ErrUnavailable) {
			return reply, err
		}
	}
	// No token is stored: only the posting is held, and the client's copy restores the page (T8). The reply tells the
	// client so.
	reply.State = wallet.GrantTokenOnly
	err = wallet.Repeat(func() error { return d.Backlog.Push(ctx, []wallet.Credit{o.Credit()}) })
	if s.Compensate && errors.Is(err, wallet.ErrUnavailable) {
		err = nil // the order of record is enough: compensation posts it
	}
	return reply, err
}

// LastResort delivers as usual until operators turn on SwitchLastResort, to avoid all weak dependencies (D2). Then a
// grant is posted to the ledger before the reply, whatever the strategy. The money is already in the ledger, so no
// token is needed to show it.
type LastResort struct {
	Delivery
	Posting  wallet.Settler
	Switched func(wallet.Switch) bool // reports whether a degrade switch is on
}

// Deliver implements Delivery.
func (d LastResort) Deliver(ctx context.Context, o wallet.Order, app wallet.App, s *activity.Scene) (wallet.GrantReply, error) {
	if d.Switched(wallet.SwitchLastResort) {
		return Sync{d.Posting}.Deliver(ctx, o, app, s)
	}
	return d.Delivery.Deliver(ctx, o, app, s)
}
