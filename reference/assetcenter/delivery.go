package assetcenter

import (
	"context"
	"errors"

	"hongbao/reference/activity"
	"hongbao/reference/wallet"
)

// Delivery brings an order's money on its way, by one of the three strategies (T1). Delivering an order again is
// safe. An error means that the order is on record and not on its way yet.
type Delivery interface {
	Deliver(ctx context.Context, o wallet.Order, app wallet.App, s *activity.Scene) (wallet.GrantReply, error)
}

var (
	_ Delivery = Sync{}
	_ Delivery = Async{}
	_ Delivery = Token{}
	_ Delivery = LastResort{}
)

// Sync posts before it answers: nothing to wait for, and as many ledger instances as the peak asks for.
type Sync struct{ Posting wallet.Settler }

// Deliver implements Delivery.
func (d Sync) Deliver(ctx context.Context, o wallet.Order, _ wallet.App, _ *activity.Scene) (wallet.GrantReply, error) {
	if err := d.Posting.Settle(ctx, []wallet.Credit{o.Credit()}); err != nil {
		return wallet.GrantReply{}, err
	}
	return wallet.GrantReply{Order: o.No, Amount: o.Amount, State: wallet.GrantPosted}, nil
}

// Async answers as soon as the posting is held in the backlog: few ledger instances, and people who wait.
type Async struct{ Backlog wallet.Backlog }

// Deliver implements Delivery.
func (d Async) Deliver(ctx context.Context, o wallet.Order, _ wallet.App, s *activity.Scene) (wallet.GrantReply, error) {
	err := wallet.Repeat(func() error { return d.Backlog.Push(ctx, []wallet.Credit{o.Credit()}) })
	if err != nil && !(s.Compensate && errors.Is(err, wallet.ErrUnavailable)) {
		return wallet.GrantReply{}, err
	}
	// Where the backlog is down the order of record is enough: compensation posts it.
	return wallet.GrantReply{Order: o.No, Amount: o.Amount, State: wallet.GrantAccepted}, nil
}

// Token answers with a sealed token and keeps a copy of it beside the held posting: few ledger instances, and a
// wallet page that shows the money at once (T2, T5).
type Token struct {
	Sealer wallet.Sealer
	Tokens wallet.Tokens
	Clock  wallet.Clock

	Backlog  wallet.Backlog           // where the posting is held while no token is kept
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
	// No token is kept: the posting is held alone, and the client's copy restores the view (T8). The client is told so.
	reply.State = wallet.GrantTokenOnly
	err = wallet.Repeat(func() error { return d.Backlog.Push(ctx, []wallet.Credit{o.Credit()}) })
	if s.Compensate && errors.Is(err, wallet.ErrUnavailable) {
		err = nil // the order of record is enough: compensation posts it
	}
	return reply, err
}

// LastResort delivers as usual, until operators take away all that is weak (D2): then a grant is posted through the books
// alone before it is answered, whatever the strategy. Money is in the ledger then, so there is no token to show it.
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
