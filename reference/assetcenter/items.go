package assetcenter

import (
	"context"

	"hongbao/reference/activity"
	"hongbao/reference/wallet"
)

// Rewards grants rewards other than cash (package rewards). Grant records the item under its number and returns the
// item on record. Idempotent by number. Errors are those of wallet.Service's Grant.
type Rewards interface {
	Grant(ctx context.Context, asked wallet.Item, s *activity.Scene) (wallet.Item, error)
}

// grantItem grants a reward other than cash. The reply names what was granted, which may be a fallback or a greeting
// (C2). Its state is GrantPosted once its downstream has nothing left to do.
func (c *Center) grantItem(ctx context.Context, r wallet.GrantRequest, who wallet.Person, s *activity.Scene) (wallet.GrantReply, error) {
	item := wallet.Item{
		No:      wallet.OrderNo{ActID: who.ActID, Scene: r.Scene, Rain: r.Rain, Award: r.Award, Stage: s.Child.Stage},
		Account: wallet.AccountOf(r.App, r.User),
		Opened:  r.Opened,
		Created: c.Clock.Now(),
	}
	var err error
	if item.No, err = c.earlierItem(ctx, item, who, s); err != nil {
		return wallet.GrantReply{}, err
	}
	if item, err = c.Rewards.Grant(ctx, item, s); err != nil {
		return wallet.GrantReply{}, err
	}
	if item.State == wallet.ItemMoved {
		return wallet.GrantReply{}, errMoved
	}
	reply := wallet.GrantReply{Order: item.No, State: wallet.GrantAccepted, Item: &item}
	switch item.State {
	case wallet.ItemOpen, wallet.ItemIssued, wallet.ItemProcessing:
	default:
		reply.State = wallet.GrantPosted
	}
	return reply, nil
}

// earlierItem returns the number under which this win is on record: another number if the person has joined or left
// wallets since, otherwise asked.No, once no other attempt can record the win under another number. Errors as for
// earlierOrder.
func (c *Center) earlierItem(ctx context.Context, asked wallet.Item, who wallet.Person, s *activity.Scene) (wallet.OrderNo, error) {
	if len(who.Former)+len(who.Left) == 0 {
		return asked.No, nil
	}
	nos, own := numbersOf(asked.No, who)
	items, err := c.Items.Get(ctx, nos)
	if err != nil {
		return asked.No, err
	}
	for i, l := range who.Left {
		if items[own+i].Created.Sub(l.At) > inFlightWindow {
			items[own+i] = wallet.Item{} // won by the wallet's present owners
		}
	}
	if no, ok := matchingItem(items); ok {
		return no, nil
	}
	if err := c.justLeft(who); err != nil {
		return asked.No, err
	}
	for i, no := range nos[1:own] {
		if items[1+i].No == no {
			continue // given up
		}
		moved := asked
		moved.No, moved.Asked, moved.Changed, moved.State, moved.Expires = no, s.Reward, asked.Created, wallet.ItemMoved, wallet.Never
		err := wallet.Repeat(func() (err error) { items[1+i], _, err = c.Items.Create(ctx, moved); return err })
		if err != nil {
			return asked.No, err
		}
	}
	if no, ok := matchingItem(items); ok {
		return no, nil
	}
	return asked.No, nil
}

// matchingItem returns the number of the item that counts as the win, among the items on record under a person's
// wallets. An item with a reward takes precedence over a greeting.
func matchingItem(onRecord []wallet.Item) (found wallet.OrderNo, ok bool) {
	for _, e := range onRecord {
		switch {
		case e.No == (wallet.OrderNo{}) || e.State == wallet.ItemMoved:
		case e.State != wallet.ItemVoid:
			return e.No, true
		case !ok:
			found, ok = e.No, true
		}
	}
	return found, ok
}
