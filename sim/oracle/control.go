package oracle

import (
	"maps"
	"slices"
	"time"

	"hongbao/reference/wallet"
)

// Control is how withdrawing is controlled (B7).
type Control struct {
	Limit    wallet.DayLimit // of one person in one day of China and one stage
	Declines bool            // the bank may say no for good
	Clocks   time.Duration   // how far an instance's clock may be off, either way
}

// mayDecline says whether the bank may say no for good.
func (o *Oracle) mayDecline() bool { return o.cfg.Control == nil || o.cfg.Control.Declines }

// declined takes in that the bank has said no to a withdrawal, as an answer says.
func (o *Oracle) declined(w *withdrawal, now wallet.Instant) {
	w.is |= outDeclined
	switch {
	case !o.mayDecline():
		o.fail(withdrawWhole, w.amount, "withdrawal %s of %d fen by person %d was answered at %s as declined by a bank that declines nothing", w.no, w.amount, w.person, now)
	case w.has(outPaid):
		o.fail(withdrawWhole, w.amount, "withdrawal %s of %d fen by person %d was acknowledged as paid, and declined at %s", w.no, w.amount, w.person, now)
	}
}

// stays says whether an acknowledged withdrawal is sure never to come back.
func (o *Oracle) stays(w *withdrawal) bool {
	return !w.has(outDeclined) && (w.has(outPaid) || !o.mayDecline())
}

// dayCount is what withdrawals come to in one day.
type dayCount struct {
	fen   wallet.Money
	times int
}

// above says whether it is above the limit.
func (c dayCount) above(l wallet.DayLimit) bool {
	return l.Fen > 0 && c.fen > l.Fen || l.Times > 0 && c.times > l.Times
}

// dayOf returns the day of China, which is eight hours ahead all year, as the number of its days since 1970.
func dayOf(at wallet.Instant) int64 {
	hours := time.UnixMicro(int64(at)).Add(8 * time.Hour).UTC()
	return hours.Truncate(24*time.Hour).Unix() / (24 * 60 * 60)
}

// days returns the first and the last day that a withdrawal may be of, as of now.
func (o *Oracle) days(w *withdrawal, now wallet.Instant) (first, last int64) {
	until, clocks := w.heard(), o.cfg.Control.Clocks
	if until == 0 {
		until = now
	}
	return dayOf(w.sent.Add(-clocks)), dayOf(until.Add(clocks))
}

// limited judges a refusal for the limit of the day: on some day that it may be of, it and everything that may have
// counted beside it are above the limit.
func (o *Oracle) limited(w *withdrawal, now wallet.Instant) {
	c := o.cfg.Control
	if c == nil {
		return
	}
	first, last := o.days(w, now)
	for day := first; day <= last; day++ {
		if o.mayCount(w, day, now).above(c.Limit) {
			return
		}
	}
	o.fail(withdrawWhole, w.amount, "person %d asked at %s to withdraw %d fen and was refused at %s for the limit of the day, of %d fen and %d times, with at most %+v",
		w.person, w.sent, w.amount, now, c.Limit.Fen, c.Limit.Times, o.mayCount(w, first, now))
}

// mayCount returns the most that may count on a day while w is on its way, w included: what was refused before, or came to
// nothing, is out of the count by the time its client is told.
func (o *Oracle) mayCount(w *withdrawal, day int64, now wallet.Instant) dayCount {
	sum := dayCount{w.amount, 1}
	for i := o.withdrawn[w.person]; i != 0; i = o.withdrawals.At(i).next {
		v := o.withdrawals.At(i)
		if v == w || v.stage != w.stage || v.has(outLimited) || v.told != 0 && v.told < w.sent ||
			o.sees(w.person, w.no.Account.Family, v.no.Account.Family, now) == sightNever {
			continue
		}
		if first, last := o.days(v, now); first <= day && day <= last {
			sum.fen += v.amount
			sum.times++
		}
	}
	return sum
}

// group says with which of the person's other withdrawals one surely counts together: with all of a family's while nothing
// joins the wallets, and with all of them once they are joined. Those asked while they are being joined may not see each
// other.
type group uint8

const (
	alone  group = iota // with none for sure; 1 and 2: with those of that family
	joined group = 3    // with all that were told of before it
)

func (o *Oracle) group(w *withdrawal) group {
	b := o.bindings[w.person]
	switch {
	case b == nil && o.other(w.person, w.sent) == sightSure, b != nil && b.joined != 0 && b.joined < w.sent:
		return joined
	case b == nil, w.acked != 0 && w.acked < b.began:
		return group(w.no.Account.Family)
	}
	return alone
}

// limits judges that nobody has taken more on one day than the limit allows, over all wallets that are joined (B7).
func (u *audit) limits() {
	if u.cfg.Control == nil || u.cfg.Control.Limit == (wallet.DayLimit{}) {
		return
	}
	for _, p := range slices.Sorted(maps.Keys(u.withdrawn)) {
		for i := u.withdrawn[p]; i != 0; i = u.withdrawals.At(i).next {
			if u.moves[i].took() {
				u.limit(p, i)
			}
		}
	}
}

// limit judges one withdrawal with all that surely counted together with it.
func (u *audit) limit(p Person, last uint32) {
	w, day, g := u.withdrawals.At(last), dayOf(u.moves[last].created), u.group(u.withdrawals.At(last))
	var sum dayCount
	for i := u.withdrawn[p]; i != 0; i = u.withdrawals.At(i).next {
		v, m := u.withdrawals.At(i), u.moves[i]
		if !m.took() || v.stage != w.stage || dayOf(m.created) != day {
			continue
		}
		before := g == joined && v.acked != 0 && v.acked < w.sent
		if i == last || before || g != alone && u.group(v) == g {
			sum.fen += v.amount
			sum.times++
		}
	}
	u.saw(withdrawWhole, 1)
	if l := u.cfg.Control.Limit; sum.above(l) {
		u.fail(withdrawWhole, sum.fen, "person %d took %d fen in %d withdrawals on the day of withdrawal %s at %s, above the limit of %d fen and %d times",
			p, sum.fen, sum.times, w.no, u.moves[last].created, l.Fen, l.Times)
	}
}

// dated judges that a record is of the moment at which its withdrawal was asked: that decides which day it counts in.
func (u *audit) dated(w *withdrawal, created wallet.Instant) {
	c := u.cfg.Control
	if c == nil {
		return
	}
	if until := w.heard(); created < w.sent.Add(-c.Clocks) || until != 0 && created > until.Add(c.Clocks) {
		u.fail(withdrawWhole, w.amount, "withdrawal %s of person %d, asked at %s, is on record as of %s", w.no, w.person, w.sent, created)
	}
}
