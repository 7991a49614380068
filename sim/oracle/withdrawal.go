package oracle

import (
	"errors"

	"hongbao/reference/wallet"
)

// WithdrawID names a withdrawal, however often its client repeats it.
type WithdrawID uint32

// withdrawal is one withdrawal that a person asked for.
type withdrawal struct {
	no     wallet.WithdrawalNo
	amount wallet.Money
	due    wallet.Money   // StrategyToken: what the person had won for certain when it was sent
	sent   wallet.Instant //
	acked  wallet.Instant // held or paid, as a reply said; 0: no reply did
	told   wallet.Instant // refused for good, as an answer said; 0: none did
	held   wallet.Instant // Final: when the ledger moved it out of the balance; 0: it did not
	back   wallet.Instant // Final: when it moved it back; 0: it did not
	person Person
	next   uint32 // the person's withdrawal before this one
	stage  wallet.Stage
	is     withdrawalIs
}

// withdrawalIs holds what replies said of a withdrawal.
type withdrawalIs uint8

const (
	outUnknown  withdrawalIs = 1 << iota // a try ended without telling what became of it
	outNothing                           // a try was answered: nothing was done
	outRefused                           // answered for good: it moves nothing, or what it moved is back
	outPaid                              // acknowledged as paid
	outDeclined                          // an answer said that the bank has said no
	outLimited                           // refused for the limit of the day
)

func (w *withdrawal) has(f withdrawalIs) bool { return w.is&f != 0 }

// mayMove says whether the withdrawal may have moved money, or will; for sure only once its client has given up. Until
// then another try may be on its way, whatever the last one was answered.
func (w *withdrawal) mayMove() bool {
	return !w.has(outRefused) && (w.acked != 0 || w.has(outUnknown) || !w.has(outNothing))
}

// mayBeOutSince says, while the client may still try, whether its money may have been out of the balance at some time since a moment. What the bank has
// declined was, until the client was told so.
func (w *withdrawal) mayBeOutSince(t wallet.Instant) bool {
	return !w.has(outRefused) || w.has(outDeclined) && w.told >= t
}

// heard returns when an answer first told what became of it; 0: none did.
func (w *withdrawal) heard() wallet.Instant {
	if w.acked != 0 && (w.told == 0 || w.acked < w.told) {
		return w.acked
	}
	return w.told
}

// WithdrawSent tells of a withdrawal's first try.
func (o *Oracle) WithdrawSent(p Person, r wallet.WithdrawRequest, now wallet.Instant) WithdrawID {
	at := r.At
	if at == 0 {
		at = now
	}
	w := withdrawal{
		no:     wallet.WithdrawalNo{Account: wallet.AccountOf(r.App, r.User), Request: r.Request},
		amount: r.Amount,
		sent:   now,
		person: p,
		next:   o.withdrawn[p],
		stage:  o.stage(at),
	}
	if _, taken := o.numbered[w.no]; taken {
		panic("oracle: withdrawal " + w.no.String() + " was sent twice as a new one")
	}
	if o.cfg.Strategy == wallet.StrategyToken {
		w.due = o.wonBy(p, &w, len(r.Tokens), now)
	}
	i := o.withdrawals.Append(w)
	o.withdrawn[p], o.numbered[w.no] = i, i
	return WithdrawID(i)
}

// wonBy returns what the person had surely won when w was sent: acknowledged, or shown on a page (T6).
func (o *Oracle) wonBy(p Person, w *withdrawal, tokens int, now wallet.Instant) wallet.Money {
	a := ask{person: p, start: now, stage: w.stage, family: w.no.Account.Family, tokens: tokens}
	var sum wallet.Money
	for i := o.people.Get(p); i != 0; i = o.grants.At(i).next {
		g := o.grants.At(i)
		sure := g.act != 0 && !g.has(alias) && (g.acked != 0 || g.status() != statusNone)
		if sure && o.plays.list[g.play-1].stage == w.stage && o.sight(p, i, a.family, o.other(p, now)) == sightSure && o.guarded(&a, g) {
			sum += g.money()
		}
	}
	return sum
}

// WithdrawAnswered tells what came back from one try; wallet.ErrUnknown where nothing did.
func (o *Oracle) WithdrawAnswered(id WithdrawID, reply wallet.WithdrawReply, err error, now wallet.Instant) {
	w := o.withdrawals.At(uint32(id))
	if err == nil {
		err = refusal(reply.State)
	}
	if err != nil {
		o.notWithdrawn(w, err, now)
		return
	}
	o.saw(withdrawWhole, 1)
	if reply.No != w.no || reply.Amount != w.amount {
		w.is |= outUnknown
		o.fail(withdrawWhole, w.amount, "person %d asked at %s for withdrawal %s of %d fen and was answered %s of %d fen", w.person, now, w.no, w.amount, reply.No, reply.Amount)
		return
	}
	if w.has(outRefused) {
		o.fail(withdrawWhole, w.amount, "withdrawal %s of %d fen by person %d was refused, and acknowledged at %s", w.no, w.amount, w.person, now)
	}
	switch reply.State {
	case wallet.WithdrawalAsked:
		w.is |= outUnknown
		return
	case wallet.WithdrawalDeclined:
		o.declined(w, now)
		return
	case wallet.WithdrawalPaid:
		if w.is |= outPaid; w.has(outDeclined) {
			o.fail(withdrawWhole, w.amount, "withdrawal %s of %d fen by person %d was declined, and acknowledged as paid at %s", w.no, w.amount, w.person, now)
		}
	}
	if w.acked == 0 {
		w.acked = now
	}
}

// refusal returns what a final state in which nothing is paid says, as an error.
func refusal(s wallet.WithdrawalState) error {
	switch s {
	case wallet.WithdrawalRefused:
		return wallet.ErrInsufficient
	case wallet.WithdrawalLimited:
		return wallet.ErrDailyLimit
	case wallet.WithdrawalReturned:
		return wallet.ErrDeclined
	}
	return nil
}

// notWithdrawn takes in an answer that is no acknowledgement.
func (o *Oracle) notWithdrawn(w *withdrawal, err error, now wallet.Instant) {
	switch wallet.CodeOf(err) {
	case wallet.CodeUnknown, wallet.CodeInternal:
		w.is |= outUnknown
	case wallet.CodeRefused:
		o.saw(withdrawWhole, 1)
		declined := errors.Is(err, wallet.ErrDeclined)
		if w.acked != 0 && !declined {
			o.fail(withdrawWhole, w.amount, "withdrawal %s of %d fen by person %d was acknowledged at %s and refused at %s", w.no, w.amount, w.person, w.acked, now)
			return
		}
		if w.is |= outRefused; w.told == 0 {
			w.told = now
		}
		switch {
		case declined:
			o.declined(w, now)
		case errors.Is(err, wallet.ErrDailyLimit):
			w.is |= outLimited
			o.limited(w, now)
		case errors.Is(err, wallet.ErrInsufficient):
			o.insufficient(w, now)
		}
	default:
		w.is |= outNothing
	}
}

// insufficient judges a refusal for want of money (T6): everything the person had been shown is due, less what the
// person's other withdrawals may have taken.
func (o *Oracle) insufficient(w *withdrawal, now wallet.Instant) {
	if o.cfg.mayBeOn(wallet.SwitchSkipForcedPost, w.sent, now) {
		return // what is due was not posted first
	}
	if w.sent <= o.lost {
		return // The server's copies were lost while it was on its way: what was due may not have been known any more.
	}
	left := w.due - o.maybeGone(w.person, w.stage, w, nil)
	if o.cfg.Strategy == wallet.StrategyToken && w.amount <= left {
		o.fail(withdrawWhole, w.amount, "person %d asked at %s to withdraw %d fen of %d fen due and was refused at %s as insufficient", w.person, w.sent, w.amount, left, now)
	}
}

// forced judges a line of the withdraw page: what was acknowledged before the person entered it is posted (T6).
func (o *Oracle) forced(a *ask, i uint32, l *wallet.Line, now wallet.Instant) {
	g := o.grants.At(i)
	if !a.withdraw || o.cfg.Strategy != wallet.StrategyToken || g.acked == 0 || g.acked >= a.start || !o.guarded(a, g) ||
		o.cfg.mayBeOn(wallet.SwitchSkipForcedPost, a.start, now) {
		return
	}
	o.saw(withdrawWhole, 1)
	if l.Status != wallet.TokenSuccess {
		o.fail(withdrawWhole, l.Amount, "person %d, withdraw page of %s to %s: order %s of %d fen, acknowledged at %s, is not posted",
			a.person, a.start, now, l.Order, l.Amount, g.acked)
	}
}
