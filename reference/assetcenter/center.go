// Package assetcenter is the asset centre (资产中台), the only entrance for grants (O1): it finds the scene, records
// the order, takes the budget and hands the money to one of three posting strategies (T1).
//
// The order is on record before anything else happens. From then on every repeat of the request, and compensation,
// goes the same way again, and each step answers a repeat as it answered the first time.
package assetcenter

import (
	"context"
	"errors"
	"fmt"
	"time"

	"hongbao/reference/activity"
	"hongbao/reference/wallet"
)

// A request may come this long after the win (its upstream repeats it until it is settled), and this much before
// it by clocks that disagree.
const (
	maxAge  = 24 * time.Hour
	maxSkew = 5 * time.Second
)

// Center grants. Its fields are set once.
type Center struct {
	People   wallet.People // may be behind by a moment
	Present  wallet.People // never is
	Index    *activity.Index
	Orders   wallet.Orders
	Budgets  wallet.Budgets
	Clock    wallet.Clock
	Delivery Delivery

	// Admission records an order and takes its budget in one step. nil: one after the other, by Orders and Budgets.
	Admission wallet.Admission

	// Rewards grants what is not cash, and Items is where it is on record. nil: only cash is granted.
	Rewards Rewards
	Items   wallet.ItemRecorder

	// Posts says that the delivery posts before it answers, and not at the last resort alone.
	Posts bool

	// Switched says whether a degrade switch is on (D3); nil: none ever is.
	Switched func(wallet.Switch) bool

	plans map[*activity.Scene][]capability
	Nodes int // instances that share a scene's rate limit
}

func (c *Center) switched(s wallet.Switch) bool { return c.Switched != nil && c.Switched(s) }

// Grant grants one reward, once however often it is asked (O3). Errors are those of wallet.Service; after the order
// is on record, every failure that is not a refusal is wallet.ErrUnknown, because the order will be settled.
func (c *Center) Grant(ctx context.Context, r wallet.GrantRequest) (wallet.GrantReply, error) {
	scene, err := c.check(ctx, r)
	if err != nil {
		return wallet.GrantReply{}, err
	}
	account := wallet.AccountOf(r.App, r.User)
	who, err := c.People.Resolve(ctx, account)
	if err != nil {
		return wallet.GrantReply{}, err
	}
	reply, err := c.grant(ctx, r, who, scene)
	if errors.Is(err, errMoved) {
		if who, err = c.Present.Resolve(ctx, account); err == nil {
			reply, err = c.grant(ctx, r, who, scene)
		}
	}
	return reply, err
}

// grant grants to a person. errMoved: that is no longer who stands behind the account, and nothing was done.
func (c *Center) grant(ctx context.Context, r wallet.GrantRequest, who wallet.Person, scene *activity.Scene) (wallet.GrantReply, error) {
	if r.Award != wallet.Cash {
		return c.grantItem(ctx, r, who, scene)
	}
	order := wallet.Order{
		No:      wallet.OrderNo{ActID: who.ActID, Scene: r.Scene, Rain: r.Rain, Award: r.Award, Stage: scene.Child.Stage},
		Amount:  r.Amount,
		Opened:  r.Opened,
		Created: c.Clock.Now(),
	}
	order, err := c.take(ctx, order, who, scene.Child.Budget)
	if err != nil {
		return wallet.GrantReply{}, err
	}
	if order.State == wallet.OrderSettled {
		return wallet.GrantReply{Order: order.No, Amount: order.Amount, State: wallet.GrantPosted}, nil
	}
	reply, err := c.Delivery.Deliver(ctx, order, r.App, scene)
	if err != nil {
		return wallet.GrantReply{}, wallet.Unsettled(err)
	}
	if !who.Owns(order.No.ActID) {
		reply.Token = nil // the money is in a wallet that this account has left: nothing to show on its page
	}
	return reply, nil
}

// check refuses what can be refused before anything is written.
func (c *Center) check(ctx context.Context, r wallet.GrantRequest) (*activity.Scene, error) {
	if !r.App.Valid() || r.User <= 0 || r.Rain < 0 || !r.Award.Valid() {
		return nil, fmt.Errorf("%w: grant of award type %d to user %d of app %d, rain %d", wallet.ErrInvalid, r.Award, r.User, r.App, r.Rain)
	}
	if (r.Award == wallet.Cash) != (r.Amount > 0) || r.Amount < 0 {
		return nil, fmt.Errorf("%w: grant of %s with an amount of %d fen; cash has one above zero, and nothing else has any", wallet.ErrInvalid, r.Award, r.Amount)
	}
	now := c.Clock.Now()
	if r.Opened.Sub(now) > maxSkew || now.Sub(r.Opened) > maxAge {
		return nil, fmt.Errorf("%w: the win at %s is not near %s", wallet.ErrInvalid, r.Opened, now)
	}
	scene, err := c.Index.Scene(r.Activity, r.Scene, r.Award, r.Opened)
	if err != nil {
		return nil, err
	}
	if r.Amount > scene.Child.SingleCap {
		return nil, wallet.ErrOverCap
	}
	if r.Award != wallet.Cash && c.Rewards == nil {
		return nil, fmt.Errorf("%w: this service grants cash alone, and no %s", wallet.ErrUnavailable, r.Award)
	}
	for _, able := range c.plans[scene] {
		if err := able(ctx, now); err != nil {
			return nil, err
		}
	}
	return scene, nil
}

// take puts the order on record, or finds the one that an earlier try wrote, and takes its amount from the budget. It
// voids the order when there is none left.
func (c *Center) take(ctx context.Context, o wallet.Order, who wallet.Person, budget wallet.Money) (wallet.Order, error) {
	e, ok, err := c.elsewhere(ctx, o, who)
	if err != nil {
		return o, err
	}
	if ok {
		o.No = e.No
		return c.reserve(ctx, e, o, budget)
	}
	if err := c.stopped(ctx, o.No); err != nil {
		return o, err
	}
	var onRecord wallet.Order
	if c.Admission == nil {
		err = wallet.Repeat(func() (err error) { onRecord, _, err = c.Orders.Create(ctx, o); return err })
		if err != nil {
			return o, err
		}
		return c.reserve(ctx, onRecord, o, budget)
	}
	err = wallet.Repeat(func() (err error) { onRecord, err = c.Admission.Admit(ctx, o, budget); return err })
	if errors.Is(err, wallet.ErrOverBudget) {
		return o, c.void(ctx, o.No)
	}
	if err != nil {
		return o, err
	}
	return onRecord, sameOr(onRecord, o)
}

// stopped refuses a new order while cash is switched off. What is on record already goes on.
func (c *Center) stopped(ctx context.Context, no wallet.OrderNo) error {
	if !c.switched(wallet.SwitchStopCash) {
		return nil
	}
	onRecord, err := c.Orders.Get(ctx, []wallet.OrderNo{no})
	if err == nil && onRecord[0].No != no {
		err = wallet.ErrSwitchedOff
	}
	return err
}

// sameOr returns nil, or why the order on record is not the one that was asked for.
func sameOr(onRecord, asked wallet.Order) error {
	switch {
	case onRecord.State == wallet.OrderMoved:
		return errMoved
	case !onRecord.SameGrant(asked):
		return fmt.Errorf("%w: order %s is on record with %d fen, not %d", wallet.ErrConflict, asked.No, onRecord.Amount, asked.Amount)
	case onRecord.State == wallet.OrderVoid:
		return wallet.ErrOverBudget
	}
	return nil
}

// reserve takes the amount of an order on record from the budget, unless it is settled, and voids the order when there
// is none left.
func (c *Center) reserve(ctx context.Context, onRecord, asked wallet.Order, budget wallet.Money) (wallet.Order, error) {
	if err := sameOr(onRecord, asked); err != nil || onRecord.State == wallet.OrderSettled {
		return onRecord, err
	}
	err := wallet.Repeat(func() error { return c.Budgets.Reserve(ctx, onRecord.No, onRecord.Amount, budget) })
	if errors.Is(err, wallet.ErrOverBudget) {
		return onRecord, c.void(ctx, onRecord.No)
	}
	if err != nil {
		return onRecord, wallet.Unsettled(err)
	}
	return onRecord, nil
}

// void records that there is no budget for an order, and returns ErrOverBudget once it is on record.
func (c *Center) void(ctx context.Context, no wallet.OrderNo) error {
	if err := wallet.Repeat(func() error { return c.Orders.Finish(ctx, []wallet.OrderNo{no}, wallet.OrderVoid) }); err != nil {
		return wallet.Unsettled(err) // compensation will void it
	}
	return wallet.ErrOverBudget
}
