package oracle

import (
	"slices"

	"hongbao/reference/wallet"
)

// maxLoose bounds the uncertain parts of one page: 2^10 sums take some microseconds, and a person with more than ten
// outcomes open at once is too rare to matter.
const maxLoose = 10

// item is one part of a page that may or may not be counted in.
type item struct {
	amount wallet.Money
	mark   uint64 // of the order, where the page's range covers it
}

// explain says whether some of the items make up exactly the amount and the marks, and whether that could be tried.
func explain(items []item, amount wallet.Money, marks uint64) (right, tried bool) {
	if len(items) > maxLoose {
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

// sums judges income and balance under StrategyToken: what the page shows, what it must know beyond that, and
// whatever of the uncertain it may have counted (T5).
func (o *Oracle) sums(a *ask, page wallet.Page, balance bool, now wallet.Instant) {
	o.loose = o.loose[:0]
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
				o.loose = append(o.loose, item{amount: g.money()})
			}
		case g.has(alias) && !g.has(unknown) || o.sight(a.person, i, a.family, o.other(a.person, a.start)) == sightNever:
		case !covers(a, page, g.opened, o.plays.order(g.play, wallet.ActID(g.act))):
			o.loose = append(o.loose, item{amount: g.money()}) // Within the page's range it would be a line.
		}
	}
	right, tried := explain(o.loose, page.Income-sure, 0)
	if tried {
		o.saw(userView, 1)
		if !right {
			o.fail(userView, max(page.Income-sure, sure-page.Income), "person %d, page of stage %s, %s to %s: income %d fen, but %d fen are due and %d grants uncertain",
				a.person, a.stage, a.start, now, page.Income, sure, len(o.loose))
			return
		}
	}
	if balance {
		o.balance(a, page, now)
	}
}

// balance judges that what may be withdrawn is the income less what was withdrawn.
func (o *Oracle) balance(a *ask, page wallet.Page, now wallet.Instant) {
	o.loose = o.loose[:0]
	var out wallet.Money
	for i := o.withdrawn[a.person]; i != 0; i = o.withdrawals.At(i).next {
		w := o.withdrawals.At(i)
		s := o.sees(a.person, a.family, w.no.Account.Family, a.start)
		switch {
		case w.stage != a.stage || s == sightNever || !w.mayBeOutSince(a.start):
		case s == sightSure && w.acked != 0 && w.acked < a.start && o.stays(w):
			out += w.amount
		default:
			o.loose = append(o.loose, item{amount: w.amount})
		}
	}
	packets, known := o.packetsIn(a, now)
	out += packets
	right, tried := explain(o.loose, page.Income-page.Balance-out, 0)
	if !tried || !known {
		return
	}
	o.saw(userView, 1)
	if !right || page.Balance < 0 {
		want := page.Income - out
		o.fail(userView, max(page.Balance-want, want-page.Balance), "person %d, page of stage %s, %s to %s: balance %d fen, but income %d fen less %d fen withdrawn or sent and %d such moves uncertain",
			a.person, a.stage, a.start, now, page.Balance, page.Income, out, len(o.loose))
	}
}
