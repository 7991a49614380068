package oracle

import (
	"hongbao/reference/wallet"
)

// read is one page or walk, kept until the ledger shows what was posted when it was made. Only StrategySync and
// StrategyAsync need it: there the page shows exactly the posted grants.
type read struct {
	start, end      wallet.Instant
	income, balance wallet.Money
	shown           uint64   // sum of the marks of the grants shown
	after, last     orderKey // the range of orders that it shows, last included; zero: from the start, to the end
	person          uint32
	stage           wallet.Stage
	family          wallet.Family
	other           sight // of the other family's grants
	flags           readFlags
}

// readFlags records which sums a read has.
type readFlags uint8

const (
	hasIncome readFlags = 1 << iota
	hasBalance
)

// orderKey is a short form of an order number. It stays valid if the grant's twin takes over the order.
type orderKey struct {
	act  uint32
	play uint16
}

// key returns the order that grant i represents.
func (o *Oracle) key(i uint32) orderKey {
	g := o.grants.At(i)
	return orderKey{g.act, g.play}
}

// mark hashes an order to 64 bits, so that sums of marks distinguish sets of orders (the finaliser of SplitMix64).
// It is written out, because the oracle shares no code with what it judges.
func (k orderKey) mark() uint64 {
	z := (uint64(k.act)<<16 | uint64(k.play)) * 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// remember keeps a page until Final. A page whose cursor names no order of the person is dropped, because it cannot be judged.
func (o *Oracle) remember(a *ask, page wallet.Page, balance bool, now wallet.Instant) {
	r := read{income: page.Income, balance: page.Balance, flags: hasIncome}
	if balance {
		r.flags |= hasBalance
	}
	for _, c := range []struct {
		place wallet.Cursor
		to    *orderKey
	}{{a.after, &r.after}, {page.Next, &r.last}} {
		if c.place == (wallet.Cursor{}) {
			continue
		}
		i := o.owner(a.person, c.place.Order)
		if i == 0 {
			return
		}
		*c.to = o.key(i)
	}
	o.keep(a, o.shown, now, r)
}

// keep fills in the fields that every read has, and stores the read.
func (o *Oracle) keep(a *ask, shown []uint32, now wallet.Instant, r read) {
	r.start, r.end, r.person, r.stage, r.family = a.start, now, uint32(a.person), a.stage, a.family
	r.other = o.other(a.person, a.start)
	for _, i := range shown {
		r.shown += o.key(i).mark()
	}
	o.reads.Append(r)
}

// postedView judges the kept reads, once Final knows when each grant was posted: a grant posted before the read must be in
// it, one posted after it must not, and one posted during it may.
func (o *Oracle) postedView() {
	for n := uint32(1); int(n) <= o.reads.Len(); n++ {
		r := o.reads.At(n)
		if o.postedGrants(r) && r.flags&hasBalance != 0 {
			o.postedBalance(r)
		}
	}
}

// when compares the time of a posting with a read: sightSure before it, sightNever after it, sightMaybe during it.
func (o *Oracle) when(r *read, at wallet.Instant, s sight) sight {
	switch {
	case at == 0 || s == sightNever || at.Add(-o.cfg.Skew) > r.end:
		return sightNever
	case s == sightMaybe || at.Add(o.cfg.Skew) >= r.start:
		return sightMaybe
	}
	return sightSure
}

// postedGrants checks a read's lines and income, and returns false if they are wrong.
func (o *Oracle) postedGrants(r *read) bool {
	o.uncertain = o.uncertain[:0]
	income, shown, due := r.income, r.shown, wallet.Money(0)
	p := Person(r.person)
	for i := o.people.Get(p); i != 0; i = o.grants.At(i).next {
		g := o.grants.At(i)
		if o.plays.list[g.play-1].stage != r.stage || !g.has(inLedger) {
			continue
		}
		it := item{amount: g.money()}
		if r.flags&hasIncome == 0 {
			it.amount = 0
		}
		if o.within(r, i) {
			it.mark = o.key(i).mark()
		}
		switch o.when(r, g.seen, o.sight(p, i, r.family, r.other)) {
		case sightSure:
			income, shown, due = income-it.amount, shown-it.mark, due+it.amount
		case sightMaybe:
			o.uncertain = append(o.uncertain, it)
		}
	}
	right, tried := explain(o.uncertain, income, shown)
	if tried {
		o.evaluated(userView, 1)
	}
	if tried && !right {
		o.fail(userView, max(income, -income), "person %d, read of stage %s from %s to %s: its lines or its income of %d fen differ from the %d fen posted before it plus any subset of %d grants posted meanwhile",
			p, r.stage, r.start, r.end, r.income, due, len(o.uncertain))
	}
	return right
}

// within reports whether the grant's position is in the range that the read shows.
func (o *Oracle) within(r *read, i uint32) bool {
	at := o.place(r, o.key(i))
	return (r.after == (orderKey{}) || o.place(r, r.after).After(at.Opened, at.Order)) &&
		(r.last == (orderKey{}) || !o.place(r, r.last).After(at.Opened, at.Order))
}

// place returns an order's position in the list.
func (o *Oracle) place(r *read, k orderKey) wallet.Cursor {
	no := o.plays.order(k.play, wallet.ActID(k.act))
	if i := o.owner(Person(r.person), no); i != 0 {
		return wallet.Cursor{Opened: o.grants.At(i).opened, Order: no}
	}
	return wallet.Cursor{}
}

// postedBalance checks a read's balance: the income less the withdrawals and packets that the ledger had taken out.
func (o *Oracle) postedBalance(r *read) {
	o.uncertain = o.uncertain[:0]
	out := r.income - r.balance
	for i := o.withdrawn[Person(r.person)]; i != 0; i = o.withdrawals.At(i).next {
		w := o.withdrawals.At(i)
		if w.stage != r.stage {
			continue
		}
		s := sightSure
		if w.no.Account.Family != r.family {
			s = r.other
		}
		switch held, back := o.when(r, w.held, s), o.when(r, w.back, s); {
		case held == sightNever || back == sightSure:
		case held == sightSure && back == sightNever:
			out -= w.amount
		default:
			o.uncertain = append(o.uncertain, item{amount: w.amount})
		}
	}
	for _, s := range o.packets.shifts[Person(r.person)] {
		if s.stage != r.stage {
			continue
		}
		seen := sightSure
		if s.family != r.family {
			seen = r.other
		}
		switch o.when(r, s.at, seen) {
		case sightSure:
			out += s.amount
		case sightMaybe:
			o.uncertain = append(o.uncertain, item{amount: -s.amount})
		}
	}
	right, tried := explain(o.uncertain, out, 0)
	if !tried {
		return
	}
	o.evaluated(userView, 1)
	if !right || r.balance < 0 {
		o.fail(userView, max(out, -out), "person %d, read of stage %s from %s to %s: the balance is %d fen and the income %d fen, which differs by %d fen from what was withdrawn or sent",
			r.person, r.stage, r.start, r.end, r.balance, r.income, out)
	}
}
