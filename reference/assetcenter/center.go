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
// it by clocks that disagree. As much after an account left a wallet an order there is still taken for its own: it may
// have been on its way.
const (
	maxAge  = 24 * time.Hour
	maxSkew = 5 * time.Second
)

// Center grants. Its fields are set once.
type Center struct {
	People   wallet.People
	Index    *activity.Index
	Orders   wallet.Orders
	Budgets  wallet.Budgets
	Clock    wallet.Clock
	Delivery Delivery

	// Admission records an order and takes its budget in one step. nil: one after the other, by Orders and Budgets.
	Admission wallet.Admission

	// Rewards grants what is not cash, and Items is where it is on record. nil: only cash is granted.
	Rewards Rewards
	Items   wallet.Items

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
	who, err := c.People.Resolve(ctx, wallet.AccountOf(r.App, r.User))
	if err != nil {
		return wallet.GrantReply{}, err
	}
	if r.Award != wallet.Cash {
		return c.grantItem(ctx, r, who, scene)
	}
	order := wallet.Order{
		No:      wallet.OrderNo{ActID: who.ActID, Scene: r.Scene, Rain: r.Rain, Award: r.Award, Stage: scene.Child.Stage},
		Amount:  r.Amount,
		Opened:  r.Opened,
		Created: c.Clock.Now(),
	}
	order, err = c.take(ctx, order, who, scene.Child.Budget)
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
	earlier, err := c.earlier(ctx, o.No, who)
	if err != nil {
		return o, err
	}
	if e, ok := standsFor(o, earlier); ok {
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

// earlier returns what is on record of this win under another wallet than the present one; where there is none, the
// order's own number is enough. A person who joined wallets (B2) may have won under a former one, and under several
// before they were joined. An account that left a wallet may have won there before. What the others won there since is
// theirs: who leaves a family's phone and plays on goes on winning.
func (c *Center) earlier(ctx context.Context, no wallet.OrderNo, who wallet.Person) ([]wallet.Order, error) {
	if len(who.Former)+len(who.Left) == 0 {
		return nil, nil
	}
	nos, own := numbersOf(no, who)
	orders, err := c.Orders.Get(ctx, nos)
	if err != nil {
		return nil, err
	}
	for i, l := range who.Left {
		if orders[own+i].Created.Sub(l.At) > maxSkew {
			orders[own+i] = wallet.Order{}
		}
	}
	return orders, nil
}

// numbersOf returns what a win is called under each wallet that it may be on record under: a person's own, and then those
// that its account has left.
func numbersOf(no wallet.OrderNo, who wallet.Person) (nos []wallet.OrderNo, own int) {
	wallets := who.Wallets()
	own = len(wallets)
	for _, l := range who.Left {
		wallets = append(wallets, l.ActID)
	}
	nos = make([]wallet.OrderNo, len(wallets))
	for i, id := range wallets {
		nos[i] = no
		nos[i].ActID = id
	}
	return nos, own
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

// standsFor returns which of the orders on record under a person's wallets is the one that is asked for: one of the
// same amount, so that the repeat of each win meets its own order; else any, which is in conflict. Void ones are not
// wins.
func standsFor(asked wallet.Order, onRecord []wallet.Order) (found wallet.Order, ok bool) {
	for _, e := range onRecord {
		switch {
		case e.No == (wallet.OrderNo{}) || e.State == wallet.OrderVoid:
		case e.Amount == asked.Amount:
			return e, true
		case !ok:
			found, ok = e, true
		}
	}
	return found, ok
}

// sameOr returns nil, or why the order on record is not the one that was asked for.
func sameOr(onRecord, asked wallet.Order) error {
	switch {
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
