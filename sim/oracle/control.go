package oracle

import (
	"maps"
	"slices"
	"time"

	"hongbao/reference/wallet"
)

// Control describes the limits on withdrawals (B7).
type Control struct {
	Limit    wallet.DayLimit // per person, stage and day in China
	Declines bool            // the bank may finally decline a withdrawal
	Clocks   time.Duration   // the largest offset of an instance's clock, in both directions
}

// mayDecline reports whether the bank may finally decline a withdrawal.
func (o *Oracle) mayDecline() bool { return o.cfg.Control == nil || o.cfg.Control.Declines }

// declined records that an answer reported a withdrawal as declined by the bank.
func (o *Oracle) declined(w *withdrawal, now wallet.Instant) {
	w.flags |= outDeclined
	switch {
	case !o.mayDecline():
		o.fail(withdrawWhole, w.amount, "withdrawal %s of %d fen by person %d was reported as declined at %s, but this bank never declines", w.no, w.amount, w.person, now)
	case w.has(outPaid):
		o.fail(withdrawWhole, w.amount, "withdrawal %s of %d fen by person %d was acknowledged as paid, but reported as declined at %s", w.no, w.amount, w.person, now)
	}
}

// stays reports whether an acknowledged withdrawal can no longer be returned.
func (o *Oracle) stays(w *withdrawal) bool {
	return !w.has(outDeclined) && (w.has(outPaid) || !o.mayDecline())
}

// dayCount is the sum and the number of withdrawals in one day.
type dayCount struct {
	fen   wallet.Money
	times int
}

// above reports whether the count is above the limit.
func (c dayCount) above(l wallet.DayLimit) bool {
	return l.Fen > 0 && c.fen > l.Fen || l.Times > 0 && c.times > l.Times
}

// dayOf returns the day in China (UTC+8 all year) as the number of days since 1970.
func dayOf(at wallet.Instant) int64 {
	hours := time.UnixMicro(int64(at)).Add(8 * time.Hour).UTC()
	return hours.Truncate(24*time.Hour).Unix() / (24 * 60 * 60)
}

// days returns the first and the last day in which a withdrawal may count, as known now.
func (o *Oracle) days(w *withdrawal, now wallet.Instant) (first, last int64) {
	until, clocks := w.answeredAt(), o.cfg.Control.Clocks
	if until == 0 {
		until = now
	}
	return dayOf(w.sent.Add(-clocks)), dayOf(until.Add(clocks))
}

// limited checks a refusal because of the daily limit: on at least one day in which the withdrawal may count, it and
// every withdrawal that may have counted with it exceed the limit.
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
	o.fail(withdrawWhole, w.amount, "person %d asked at %s to withdraw %d fen and was refused at %s for the daily limit of %d fen and %d times, but the count of the day is at most %+v",
		w.person, w.sent, w.amount, now, c.Limit.Fen, c.Limit.Times, o.mayCount(w, first, now))
}

// mayCount returns the largest possible count of a day while w is in progress, including w. A withdrawal that was
// refused or returned is no longer counted when its client receives the answer.
func (o *Oracle) mayCount(w *withdrawal, day int64, now wallet.Instant) dayCount {
	sum := dayCount{w.amount, 1}
	for i := o.withdrawn[w.person]; i != 0; i = o.withdrawals.At(i).next {
		v := o.withdrawals.At(i)
		if v == w || v.stage != w.stage || v.has(outLimited) || v.refusedAt != 0 && v.refusedAt < w.sent ||
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

// group identifies the person's other withdrawals that certainly count together with one. Before the wallets are joined,
// these are the withdrawals of the same family; afterwards, all of them. Withdrawals that overlap the joining may not see
// each other.
type group uint8

const (
	alone  group = iota // with no other for certain; 1 and 2: with those of that family
	joined group = 3    // with all that were acknowledged before it
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

// limits checks that nobody withdrew more on one day than the limit allows, over all joined wallets (B7).
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

// limit checks one withdrawal together with all that certainly count with it.
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
	u.evaluated(withdrawWhole, 1)
	if l := u.cfg.Control.Limit; sum.above(l) {
		u.fail(withdrawWhole, sum.fen, "person %d withdrew %d fen in %d withdrawals on the day of withdrawal %s at %s, above the limit of %d fen and %d times",
			p, sum.fen, sum.times, w.no, u.moves[last].created, l.Fen, l.Times)
	}
}

// dated checks the time of creation in a record. That time decides the day in which the withdrawal counts.
func (u *audit) dated(w *withdrawal, created wallet.Instant) {
	c := u.cfg.Control
	if c == nil {
		return
	}
	if until := w.answeredAt(); created < w.sent.Add(-c.Clocks) || until != 0 && created > until.Add(c.Clocks) {
		u.fail(withdrawWhole, w.amount, "withdrawal %s of person %d, asked for at %s, is recorded as created at %s", w.no, w.person, w.sent, created)
	}
}
