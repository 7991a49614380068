package assetcenter

import (
	"context"
	"fmt"
	"time"

	"hongbao/reference/wallet"
)

// A person who has joined wallets (B2) may have won under a former one, or under several before they were joined. An
// account that has left a wallet may have won there. So one win may have several order numbers, and two attempts could
// record it under different ones: one that resolved the person before a binding, and one that did so after it.
//
// The records themselves prevent that. Before a win is recorded under the present wallet, its numbers under the former
// ones are given up: they are recorded as wallet.OrderMoved or wallet.ItemMoved. A late attempt finds that record,
// resolves the person again and continues under the present wallet.
//
// An account cannot give up numbers under a wallet that it has left: the others there go on winning. So for quietPeriod
// after leaving nothing new is recorded for the account, and orders that appear in the left wallet within
// inFlightWindow are taken for the account's own. Requests that were in flight have arrived when the quiet period ends.
const (
	inFlightWindow = maxSkew     // an order recorded this long after the account left still counts as its own
	quietPeriod    = 2 * maxSkew // after it such an order is on record
)

// errMoved: the number was given up, because its wallet was joined to another one since the person was resolved.
var errMoved = fmt.Errorf("%w: its wallet was joined to another one", wallet.ErrMoving)

// earlierOrder returns the order of this win that is on record under another wallet than the present one. False: there
// is none, and no other attempt can record one. ErrMoving: the account has just left a wallet. ErrSwitchedOff: no new
// cash now. After an error nothing was granted.
func (c *Center) earlierOrder(ctx context.Context, asked wallet.Order, who wallet.Person) (wallet.Order, bool, error) {
	if len(who.Former)+len(who.Left) == 0 {
		return wallet.Order{}, false, nil
	}
	nos, own := numbersOf(asked.No, who)
	orders, err := c.Orders.Get(ctx, nos)
	if err != nil {
		return wallet.Order{}, false, err
	}
	for i, l := range who.Left {
		if orders[own+i].Created.Sub(l.At) > inFlightWindow {
			orders[own+i] = wallet.Order{} // won by the wallet's present owners
		}
	}
	if e, ok := matchingOrder(asked, orders); ok {
		return e, true, nil
	}
	if err := c.justLeft(who); err != nil {
		return wallet.Order{}, false, err
	}
	if err := c.refuseIfCashStopped(ctx, asked.No); err != nil {
		return wallet.Order{}, false, err
	}
	for i, no := range nos[1:own] {
		if orders[1+i].No == no {
			continue // already void or given up
		}
		moved := asked
		moved.No, moved.State = no, wallet.OrderMoved
		err := wallet.Repeat(func() (err error) { orders[1+i], _, err = c.Orders.Create(ctx, moved); return err })
		if err != nil {
			return wallet.Order{}, false, err
		}
	}
	e, ok := matchingOrder(asked, orders)
	return e, ok, nil
}

// justLeft returns ErrMoving during quietPeriod after the account has left a wallet.
func (c *Center) justLeft(who wallet.Person) error {
	for _, l := range who.Left {
		if wait := quietPeriod - c.Clock.Now().Sub(l.At); wait > 0 {
			return fmt.Errorf("%w: repeat in %s", wallet.ErrMoving, wait.Round(time.Millisecond))
		}
	}
	return nil
}

// numbersOf returns the win's number under each wallet that may have it: the own wallets of the person, with the
// present one first, and then those that the account has left.
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

// matchingOrder returns the order that counts as the requested one, among the orders on record under a person's
// wallets: one with the same amount, so that a repeat of each win finds its own order; otherwise any, which is a
// conflict. Orders that do not pay are ignored.
func matchingOrder(asked wallet.Order, onRecord []wallet.Order) (found wallet.Order, ok bool) {
	for _, e := range onRecord {
		switch {
		case e.No == (wallet.OrderNo{}) || !e.State.Pays():
		case e.Amount == asked.Amount:
			return e, true
		case !ok:
			found, ok = e, true
		}
	}
	return found, ok
}
