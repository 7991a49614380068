package oracle

import (
	"slices"

	"hongbao/reference/wallet"
)

// maxUncertain bounds the uncertain parts of one page: 2^10 sums take some microseconds, and more than ten open outcomes of
// one person at a time are too rare to matter.
const maxUncertain = 10

// item is one part of a page that the page may or may not include.
type item struct {
	amount wallet.Money
	mark   uint64 // of the order, if the page's range covers it
}

// explain reports whether a subset of the items adds up exactly to the amount and the marks, and whether it was tried.
func explain(items []item, amount wallet.Money, marks uint64) (right, tried bool) {
	if len(items) > maxUncertain {
		return false, false
	}
	for set := range 1 << len(items) {
		a, m := amount, marks
		for i, it := range items {
			if set>>i&1 == 1 {
				a -= it.amount
				m -= it.mark
			}
		}
		if a == 0 && m == 0 {
			return true, true
		}
	}
	return false, true
}

// sums checks income and balance under StrategyToken: what the page shows, what it must include beyond that, and any
// subset of the uncertain grants (T5).
func (o *Oracle) sums(a *ask, page wallet.Page, balance bool, now wallet.Instant) {
	o.uncertain = o.uncertain[:0]
	var sure wallet.Money
	for i := o.people.Get(a.person); i != 0; i = o.grants.At(i).next {
		g := o.grants.At(i)
		if o.plays.list[g.play-1].stage != a.stage {
			continue
		}
		switch {
		case slices.Contains(o.shown, i):
			sure += g.money()
		case o.due(a.person, i, a.family, a.stage, a.start):
			if o.guarded(a, g) {
				sure += g.money()
			} else {
				o.uncertain = append(o.uncertain, item{amount: g.money()})
			}
		case g.has(alias) && !g.has(unknown) || o.sight(a.person, i, a.family, o.other(a.person, a.start)) == sightNever:
		case !covers(a, page, g.opened, o.plays.order(g.play, wallet.ActID(g.act))):
			o.uncertain = append(o.uncertain, item{amount: g.money()}) // Within the page's range it would be shown as a line.
		}
	}
	right, tried := explain(o.uncertain, page.Income-sure, 0)
	if tried {
		o.evaluated(userView, 1)
		if !right {
			o.fail(userView, max(page.Income-sure, sure-page.Income), "person %d, page of stage %s read from %s to %s: the income is %d fen, but %d fen are due and no subset of %d uncertain grants explains the difference",
				a.person, a.stage, a.start, now, page.Income, sure, len(o.uncertain))
			return
		}
	}
	if balance {
		o.balance(a, page, now)
	}
}

// balance checks that the balance is the income less what was withdrawn.
func (o *Oracle) balance(a *ask, page wallet.Page, now wallet.Instant) {
	o.uncertain = o.uncertain[:0]
	var out wallet.Money
	for i := o.withdrawn[a.person]; i != 0; i = o.withdrawals.At(i).next {
		w := o.withdrawals.At(i)
		s := o.sees(a.person, a.family, w.no.Account.Family, a.start)
		switch {
		case w.stage != a.stage || s == sightNever || !w.mayBeOutSince(a.start):
		case s == sightSure && w.acked != 0 && w.acked < a.start && o.stays(w):
			out += w.amount
		default:
			o.uncertain = append(o.uncertain, item{amount: w.amount})
		}
	}
	packets, known := o.packetsIn(a, now)
	out += packets
	right, tried := explain(o.uncertain, page.Income-page.Balance-out, 0)
	if !tried || !known {
		return
	}
	o.evaluated(userView, 1)
	if !right || page.Balance < 0 {
		want := page.Income - out
		o.fail(userView, max(page.Balance-want, want-page.Balance), "person %d, page of stage %s read from %s to %s: the balance is %d fen, but the income is %d fen, %d fen were withdrawn or sent, and no subset of %d uncertain moves explains the difference",
			a.person, a.stage, a.start, now, page.Balance, page.Income, out, len(o.uncertain))
	}
}
