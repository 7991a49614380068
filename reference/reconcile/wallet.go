package reconcile

import (
	"slices"

	"hongbao/reference/wallet"
)

// oneWallet is all that the sides hold of one wallet.
type oneWallet struct {
	orders  []wallet.Order
	tokens  []wallet.Token
	entries []wallet.Entry
}

// least returns the smallest wallet that any side goes on with.
func least(orders *lineReader[wallet.Order], tokens *lineReader[wallet.Token], entries *lineReader[wallet.Entry]) (wallet.ActID, bool) {
	var id wallet.ActID
	found := false
	see := func(w wallet.ActID, ok bool) {
		if ok && (!found || w < id) {
			id, found = w, true
		}
	}
	see(orders.head.No.ActID, orders.ok)
	see(tokens.head.Order.ActID, tokens.ok)
	see(wallet.ActID(entries.head.Account.Owner), entries.ok)
	return id, found
}

// take reads everything of wallet id.
func (w *oneWallet) take(id wallet.ActID, orders *lineReader[wallet.Order], tokens *lineReader[wallet.Token], entries *lineReader[wallet.Entry]) {
	w.orders, w.tokens, w.entries = w.orders[:0], w.tokens[:0], w.entries[:0]
	for ; orders.ok && orders.head.No.ActID == id; orders.advance() {
		if orders.head.State != wallet.OrderMoved { // given up, and as good as not there
			w.orders = append(w.orders, orders.head)
		}
	}
	for ; tokens.ok && tokens.head.Order.ActID == id; tokens.advance() {
		w.tokens = append(w.tokens, tokens.head)
	}
	for ; entries.ok && entries.head.Account.Owner == int64(id); entries.advance() {
		if e := entries.head; e.Order != (wallet.OrderNo{}) {
			w.entries = append(w.entries, e)
		}
	}
}

// wallet compares the sides of one wallet.
func (r *run) wallet(w *oneWallet) {
	r.report.Wallets++
	r.report.Orders += int64(len(w.orders))
	r.report.Entries += int64(len(w.entries))
	for _, o := range w.orders {
		if o.State.Pays() {
			r.sum(&r.orders[o.No.Stage], o.Amount)
		}
		r.posted(o, w.entries)
	}
	for _, e := range w.entries {
		r.sum(&r.granted[e.Account.Stage], e.Amount)
		r.entry(e, w.orders)
	}
	for _, t := range w.tokens {
		r.token(t, w)
	}
}

// posted looks for an order's money in the ledger.
func (r *run) posted(o wallet.Order, entries []wallet.Entry) {
	n := 0
	var got wallet.Money
	for _, e := range entries {
		if e.Order == o.No {
			n++
			r.sum(&got, e.Amount)
		}
	}
	if o.State == wallet.OrderOpen {
		r.sum(&r.open[o.No.Stage], o.Amount)
		if n == 0 {
			r.sum(&r.unposted[o.No.Stage], o.Amount)
		}
	}
	d := wallet.Difference{Sides: ordersLedger, Order: o.No, Want: o.Amount, Got: got}
	switch {
	case o.State == wallet.OrderVoid && n > 0:
		d.Kind, d.Want = wallet.Extra, 0
	case o.State == wallet.OrderVoid:
		return
	case n == 0 && o.State == wallet.OrderSettled:
		d.Kind = wallet.Missing
	case n > 1:
		d.Kind = wallet.Duplicated
	case n == 1 && got != o.Amount:
		d.Kind = wallet.AmountOff
	case o.State == wallet.OrderOpen && o.Created < r.late:
		d.Kind = wallet.Late // its money may be there: then it only was never recorded as settled
	default:
		return
	}
	r.add(d)
}

// entry looks for the order behind a posted grant.
func (r *run) entry(e wallet.Entry, orders []wallet.Order) {
	d := wallet.Difference{Sides: ordersLedger, Order: e.Order, Got: e.Amount}
	switch {
	case e.Account.Owner != int64(e.Order.ActID):
		d.Kind = wallet.WrongOwner
	case !slices.ContainsFunc(orders, func(o wallet.Order) bool { return o.No == e.Order }):
		d.Kind = wallet.Extra
	case e.Account.Stage != e.Order.Stage:
		d.Kind = wallet.WrongStage
	default:
		return
	}
	r.add(d)
}

// token looks for the order behind a token, and for its money when the token says that it is posted. An order without
// a token is no difference: the list may be lost (T8).
func (r *run) token(t wallet.Token, w *oneWallet) {
	d := wallet.Difference{Sides: ordersTokens, Order: t.Order, Got: t.Amount}
	i := slices.IndexFunc(w.orders, func(o wallet.Order) bool { return o.No == t.Order })
	switch {
	case i < 0:
		d.Kind = wallet.Extra
	case w.orders[i].Amount != t.Amount:
		d.Kind, d.Want = wallet.AmountOff, w.orders[i].Amount
	case t.Status == wallet.TokenSuccess && !slices.ContainsFunc(w.entries, func(e wallet.Entry) bool { return e.Order == t.Order }):
		d.Kind, d.Sides, d.Want, d.Got = wallet.Missing, tokensLedger, t.Amount, 0
	default:
		return
	}
	r.add(d)
}
