package oracle

import (
	"slices"

	"hongbao/reference/wallet"
)

// A wallet whose API is all that can be seen is judged by what people see after the drain, and by its own totals. The
// checks are those of Final; what cannot be seen from outside stays unknown.

// What replies and the lists read after the drain showed of a grant, in the bits above its last status.
const (
	shownAtEnd grantFlags = 1 << (statusShift + 2 + iota) // a whole list of its owner shows it
	readAtEnd                                             // a whole list of its owner was read that should show it
	tokenOnly                                             // acknowledged, but no try reported a copy on the server (see guarded)
)

// List is a person's whole list of grants, read after the drain.
type List struct {
	Person Person
	Family wallet.Family  // of the app in which it was read
	Start  wallet.Instant // when its first page was requested
	Pages  []wallet.Page  // from first to last
}

// Whole reports whether the list can be judged: it has an end, and no source was missing.
func (l List) Whole() bool {
	n := len(l.Pages)
	return n > 0 && l.Pages[n-1].Next == (wallet.Cursor{}) && !slices.ContainsFunc(l.Pages, func(p wallet.Page) bool { return len(p.Missing) > 0 })
}

// NextPerson returns the next person after one who asked for a grant, won another reward, or sent or received a packet,
// and the families (by number, from 1) whose lists have to be read to see all of that. ok is false at the end. Start
// with -1.
func (o *Oracle) NextPerson(after Person, now wallet.Instant) (p Person, read [3]bool, ok bool) {
	p, ok = o.people.Next(after)
	if q, there := o.others.Next(after); there && (!ok || q < p) {
		p, ok = q, true
	}
	if !ok {
		return 0, read, false
	}
	for i := o.people.Get(p); i != 0; i = o.grants.At(i).next {
		read[o.grants.At(i).family()] = true
	}
	for i := o.rewards.of[p]; i != 0; i = o.rewards.list[i].next {
		read[o.rewards.list[i].account.Family] = true
	}
	for i := o.packets.sent[p]; i != 0; i = o.packets.list[i].next {
		read[o.packets.list[i].no.Account.Family] = true
	}
	for _, r := range o.packets.received[p] {
		read[o.packets.list[r.packet].shares[r.share].account.Family] = true
	}
	if o.other(p, now) == sightSure && read[wallet.DouyinFamily] {
		read[wallet.ToutiaoFamily] = false // one list shows all
	}
	return p, read, true
}

// JudgeList judges a whole list after the drain: every acknowledged grant is in it once and posted, nothing else is in it,
// and the sums match the lines and the withdrawals. Its pages are also passed to PageAnswered, which judges each page
// alone. It returns false, and judges nothing, if the list is not whole.
func (o *Oracle) JudgeList(l List, now wallet.Instant) bool {
	if !l.Whole() {
		return false
	}
	s := settled{Oracle: o, List: l, stage: l.Pages[0].Stage, now: now}
	s.lines()
	s.missing()
	s.sums()
	return true
}

// settled is one list being judged.
type settled struct {
	*Oracle
	List
	stage  wallet.Stage
	now    wallet.Instant
	listed []wallet.OrderNo
	sum    wallet.Money // of the lines
}

// lines checks each line, and records which grants are shown.
func (s *settled) lines() {
	for _, page := range s.Pages {
		s.evaluated(phaseIsolation, 1)
		if page.Stage != s.stage {
			s.fail(phaseIsolation, page.Income, "person %d, list read at %s: the list begins in stage %s but continues in stage %s", s.Person, s.Start, s.stage, page.Stage)
		}
		for n := range page.Grants {
			s.line(&page.Grants[n])
		}
	}
}

func (s *settled) line(l *wallet.Line) {
	s.evaluated(orderOnce, 1)
	if slices.Contains(s.listed, l.Order) {
		s.fail(orderOnce, l.Amount, "person %d, list read at %s: order %s of %d fen is in the list more than once", s.Person, s.Start, l.Order, l.Amount)
	}
	s.listed = append(s.listed, l.Order)
	sum, err := s.sum.Add(l.Amount)
	if err != nil {
		s.fail(userView, l.Amount, "person %d, list read at %s: adding %d fen overflows the sum of its lines", s.Person, s.Start, l.Amount)
	} else {
		s.sum = sum
	}
	s.evaluated(stateMachine, 1)
	if l.Status != wallet.TokenSuccess {
		s.fail(stateMachine, l.Amount, "person %d, list read at %s: after the drain order %s of %d fen has status %d", s.Person, s.Start, l.Order, l.Amount, l.Status)
	}
	i := s.owner(s.Person, l.Order)
	if i == 0 {
		return // judged with its page
	}
	g := s.grants.At(i)
	g.flags |= shownAtEnd
	s.evaluated(noOverIssuance, 1)
	if g.acked == 0 && !g.mayBeOnRecord() {
		s.fail(noOverIssuance, l.Amount, "person %d, list read at %s: the list shows order %s of %d fen, although every try was refused", s.Person, s.Start, l.Order, l.Amount)
	}
}

// missing checks that no grant is missing.
func (s *settled) missing() {
	for i := s.people.Get(s.Person); i != 0; i = s.grants.At(i).next {
		g := s.grants.At(i)
		if s.plays.list[g.play-1].stage != s.stage || s.sight(s.Person, i, s.Family, s.other(s.Person, s.Start)) != sightSure {
			continue
		}
		g.flags |= readAtEnd
		if g.acked == 0 || g.act == 0 {
			continue // Not acknowledged, or acknowledged as an order that another grant represents.
		}
		s.evaluated(nothingLost, 1)
		if !g.has(shownAtEnd) {
			s.fail(nothingLost, g.money(), "order %s of person %d, %d fen acknowledged at %s, is missing from the list read at %s after the drain",
				s.plays.order(g.play, wallet.ActID(g.act)), s.Person, g.amount, g.acked, s.Start)
		}
	}
}

// sums checks income, withdrawals and balance.
func (s *settled) sums() {
	for _, page := range s.Pages {
		s.evaluated(userView, 1)
		if page.Income != s.sum {
			s.fail(userView, max(page.Income-s.sum, s.sum-page.Income), "person %d, list read at %s: after the drain the income is %d fen, but its lines sum to %d fen",
				s.Person, s.Start, page.Income, s.sum)
			return
		}
	}
	first := s.Pages[0]
	out, whole := s.paidOut(first.Withdrawals)
	sent, known := s.carried(first.Packets)
	if !whole || !known {
		return
	}
	s.evaluated(userView, 1)
	if want := first.Income - out - sent; first.Balance != want || first.Balance < 0 {
		s.fail(userView, max(first.Balance-want, want-first.Balance), "person %d, list read at %s: after the drain the balance is %d fen, but the income is %d fen, with %d fen withdrawn and %d fen net sent in packets",
			s.Person, s.Start, first.Balance, first.Income, out, sent)
	}
}

// paidOut checks the withdrawals in the list and returns the sum that they took. whole is false for a person with more
// withdrawals than a wallet has to list.
func (s *settled) paidOut(shown []wallet.Withdrawal) (out wallet.Money, whole bool) {
	known := 0
	for i := s.withdrawn[s.Person]; i != 0; i = s.withdrawals.At(i).next {
		known++
	}
	if known > fewWithdrawals {
		return 0, false
	}
	for i := range shown {
		if st := shown[i].State; st == wallet.WithdrawalHeld || st == wallet.WithdrawalPaid {
			out += shown[i].Amount // each was requested by the person: the check of its page made sure of that
		} else if st == wallet.WithdrawalDeclined {
			return 0, false // the money may or may not be returned yet
		}
	}
	for i := s.withdrawn[s.Person]; i != 0; i = s.withdrawals.At(i).next {
		w := s.withdrawals.At(i)
		if w.stage != s.stage || s.sees(s.Person, s.Family, w.no.Account.Family, s.Start) != sightSure {
			continue
		}
		state := wallet.WithdrawalState(0)
		if at := slices.IndexFunc(shown, func(v wallet.Withdrawal) bool { return v.No == w.no }); at >= 0 {
			state = shown[at].State
		}
		s.evaluated(withdrawWhole, 1)
		switch {
		case w.has(outDeclined) && w.refusedAt != 0 && state != wallet.WithdrawalReturned:
			s.fail(withdrawWhole, w.amount, "withdrawal %s of %d fen by person %d was reported as declined at %s, but is in state %d after the drain", w.no, w.amount, s.Person, w.refusedAt, state)
		case w.acked != 0 && state != wallet.WithdrawalPaid && (state != wallet.WithdrawalReturned || s.stays(w)):
			s.fail(withdrawWhole, w.amount, "withdrawal %s of %d fen by person %d was acknowledged at %s, but is in state %d after the drain", w.no, w.amount, s.Person, w.acked, state)
		case !w.mayMove() && (state == wallet.WithdrawalHeld || state == wallet.WithdrawalPaid):
			s.fail(withdrawWhole, w.amount, "withdrawal %s of %d fen by person %d was refused, but is in state %d after the drain", w.no, w.amount, s.Person, state)
		}
	}
	return out, true
}
