// Package assetcenter is the asset centre (资产中台), the only entrance for grants (O1). It finds the scene, records the
// order, takes the budget and passes the money to one of three posting strategies (T1).
//
// The order is recorded before anything else is done. From then on every repeat of the request, and compensation, makes
// the same steps again, and each step is idempotent.
package assetcenter

import (
	"context"
	"errors"
	"fmt"
	"time"

	"hongbao/reference/activity"
	"hongbao/reference/wallet"
)

// A request may arrive maxAge after the win (its upstream repeats it until it is settled), and maxSkew before it,
// because clocks differ.
const (
	maxAge  = 24 * time.Hour
	maxSkew = 5 * time.Second
)

// Center grants rewards. Its fields are set once, before the first Grant.
type Center struct {
	People   wallet.People // may be out of date by a few seconds
	Present  wallet.People // always up to date
	Index    *activity.Index
	Orders   wallet.Orders
	Budgets  wallet.Budgets
	Clock    wallet.Clock
	Delivery Delivery

	// Admission records an order and takes its budget in one step. nil: Orders and Budgets do it in two steps.
	Admission wallet.Admission

	// Rewards grants rewards other than cash, and Items stores them. nil: only cash is granted.
	Rewards Rewards
	Items   wallet.ItemRecorder

	// Posts is true if the delivery posts before the reply, not only while SwitchLastResort is on.
	PostsBeforeReply bool

	// Switched reports whether a degrade switch is on (D3); nil: all are off.
	Switched func(wallet.Switch) bool

	plans     map[*activity.Scene][]capability
	Instances int // instances that share a scene's rate limit
}

func (c *Center) switched(s wallet.Switch) bool { return c.Switched != nil && c.Switched(s) }

// Grant grants one reward. Idempotent: a repeated request is granted once (O3). Errors are those of wallet.Service.
// After the order is recorded, every failure that is not a refusal is wallet.ErrUnknown, because the order will be
// settled later.
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

// grant grants to a person. errMoved: the account has another owner now; nothing was done.
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
	order, err := c.recordAndReserve(ctx, order, who, scene.Child.Budget)
	if err != nil {
		return wallet.GrantReply{}, err
	}
	if order.State == wallet.OrderSettled {
		return wallet.GrantReply{Order: order.No, Amount: order.Amount, State: wallet.GrantPosted}, nil
	}
	reply, err := c.Delivery.Deliver(ctx, order, r.App, scene)
	if err != nil {
		return wallet.GrantReply{}, wallet.AsUnknown(err)
	}
	if !who.Owns(order.No.ActID) {
		reply.Token = nil // the money is in a wallet that this account has left, so its page does not show it
	}
	return reply, nil
}

// check makes all refusals that are possible before anything is written, and returns the request's scene.
func (c *Center) check(ctx context.Context, r wallet.GrantRequest) (*activity.Scene, error) {
	if !r.App.Valid() || r.User <= 0 || r.Rain < 0 || !r.Award.Valid() {
		return nil, fmt.Errorf("%w: grant of award type %d to user %d of app %d, rain %d", wallet.ErrInvalid, r.Award, r.User, r.App, r.Rain)
	}
	if (r.Award == wallet.Cash) != (r.Amount > 0) || r.Amount < 0 {
		return nil, fmt.Errorf("%w: grant of %s with an amount of %d fen; the amount is above zero for cash, and 0 otherwise", wallet.ErrInvalid, r.Award, r.Amount)
	}
	now := c.Clock.Now()
	if r.Opened.Sub(now) > maxSkew || now.Sub(r.Opened) > maxAge {
		return nil, fmt.Errorf("%w: the win at %s is too far from now, %s", wallet.ErrInvalid, r.Opened, now)
	}
	scene, err := c.Index.Scene(r.Activity, r.Scene, r.Award, r.Opened)
	if err != nil {
		return nil, err
	}
	if r.Amount > scene.Child.SingleCap {
		return nil, wallet.ErrOverCap
	}
	if r.Award != wallet.Cash && c.Rewards == nil {
		return nil, fmt.Errorf("%w: this service grants only cash, not %s", wallet.ErrUnavailable, r.Award)
	}
	for _, able := range c.plans[scene] {
		if err := able(ctx, now); err != nil {
			return nil, err
		}
	}
	return scene, nil
}

// recordAndReserve records the order, or finds the one that an earlier attempt recorded, and takes its amount from the
// budget. It voids the order if the budget is spent.
func (c *Center) recordAndReserve(ctx context.Context, o wallet.Order, who wallet.Person, budget wallet.Money) (wallet.Order, error) {
	e, ok, err := c.earlierOrder(ctx, o, who)
	if err != nil {
		return o, err
	}
	if ok {
		o.No = e.No
		return c.reserve(ctx, e, o, budget)
	}
	if err := c.refuseIfCashStopped(ctx, o.No); err != nil {
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
	return onRecord, checkRecorded(onRecord, o)
}

// refuseIfCashStopped returns ErrSwitchedOff for a new order while SwitchStopCash is on. Orders on record continue.
func (c *Center) refuseIfCashStopped(ctx context.Context, no wallet.OrderNo) error {
	if !c.switched(wallet.SwitchStopCash) {
		return nil
	}
	onRecord, err := c.Orders.Get(ctx, []wallet.OrderNo{no})
	if err == nil && onRecord[0].No != no {
		err = wallet.ErrSwitchedOff
	}
	return err
}

// checkRecorded returns nil if the order on record is the requested one and may be granted, otherwise the reason.
func checkRecorded(onRecord, asked wallet.Order) error {
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

// reserve takes the amount of an order on record from the budget, unless the order is settled. It voids the order if
// the budget is spent.
func (c *Center) reserve(ctx context.Context, onRecord, asked wallet.Order, budget wallet.Money) (wallet.Order, error) {
	if err := checkRecorded(onRecord, asked); err != nil || onRecord.State == wallet.OrderSettled {
		return onRecord, err
	}
	err := wallet.Repeat(func() error { return c.Budgets.Reserve(ctx, onRecord.No, onRecord.Amount, budget) })
	if errors.Is(err, wallet.ErrOverBudget) {
		return onRecord, c.void(ctx, onRecord.No)
	}
	if err != nil {
		return onRecord, wallet.AsUnknown(err)
	}
	return onRecord, nil
}

// void records that an order has no budget. It returns ErrOverBudget once that is recorded.
func (c *Center) void(ctx context.Context, no wallet.OrderNo) error {
	if err := wallet.Repeat(func() error { return c.Orders.Finish(ctx, []wallet.OrderNo{no}, wallet.OrderVoid) }); err != nil {
		return wallet.AsUnknown(err) // compensation will void it
	}
	return wallet.ErrOverBudget
}
