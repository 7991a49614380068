package assetcenter

import (
	"context"
	"fmt"
	"time"

	"hongbao/reference/wallet"
)

// A person who has joined wallets (B2) may have won under a former one, and under several before they were joined; an
// account that has left a wallet may have won there. So one win could be called by several numbers, and each of two tries
// could record it under another: one that looked the person up before a binding, and one that did after it. What stands
// between them is the record itself. Before a win is recorded under the present wallet, its numbers under the former ones
// are given up there (wallet.OrderMoved, wallet.ItemMoved): a try that comes late finds that, looks the person up again
// and goes on under the present wallet.
//
// The numbers under a wallet that an account has left are no longer its own to give up: the others there go on winning. So
// for a short while after leaving nothing new is recorded for the account, and what is recorded at the left wallet at that
// time is taken for its own. Requests that were on their way have arrived when that while is over.
const (
	onItsWay = maxSkew     // an order recorded so long after the account left is still its own
	arrived  = 2 * maxSkew // by then it is on record
)

// errMoved says that a number was given up: its wallet has joined another one since the person was looked up.
var errMoved = fmt.Errorf("%w: its wallet has joined another one", wallet.ErrMoving)

// elsewhere returns the order that is on record of this win under another wallet than the present one, or none, once no
// other try can put one there. ErrMoving: the account has just left a wallet; ErrSwitchedOff: no new cash now. Nothing was done then.
func (c *Center) elsewhere(ctx context.Context, asked wallet.Order, who wallet.Person) (wallet.Order, bool, error) {
	if len(who.Former)+len(who.Left) == 0 {
		return wallet.Order{}, false, nil
	}
	nos, own := numbersOf(asked.No, who)
	orders, err := c.Orders.Get(ctx, nos)
	if err != nil {
		return wallet.Order{}, false, err
	}
	for i, l := range who.Left {
		if orders[own+i].Created.Sub(l.At) > onItsWay {
			orders[own+i] = wallet.Order{} // won by others
		}
	}
	if e, ok := standsFor(asked, orders); ok {
		return e, true, nil
	}
	if err := c.justLeft(who); err != nil {
		return wallet.Order{}, false, err
	}
	if err := c.stopped(ctx, asked.No); err != nil {
		return wallet.Order{}, false, err
	}
	for i, no := range nos[1:own] {
		if orders[1+i].No == no {
			continue // void or given up
		}
		moved := asked
		moved.No, moved.State = no, wallet.OrderMoved
		err := wallet.Repeat(func() (err error) { orders[1+i], _, err = c.Orders.Create(ctx, moved); return err })
		if err != nil {
			return wallet.Order{}, false, err
		}
	}
	e, ok := standsFor(asked, orders)
	return e, ok, nil
}

// justLeft returns ErrMoving shortly after the account has left a wallet.
func (c *Center) justLeft(who wallet.Person) error {
	for _, l := range who.Left {
		if wait := arrived - c.Clock.Now().Sub(l.At); wait > 0 {
			return fmt.Errorf("%w: repeat in %s", wallet.ErrMoving, wait.Round(time.Millisecond))
		}
	}
	return nil
}

// numbersOf returns what a win is called under each wallet that it may be on record under: a person's own, the present one
// first, and then those that its account has left.
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

// standsFor returns which of the orders on record under a person's wallets is the one that is asked for: one of the
// same amount, so that the repeat of each win meets its own order; else any, which is in conflict. What does not pay is no
// win.
func standsFor(asked wallet.Order, onRecord []wallet.Order) (found wallet.Order, ok bool) {
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
