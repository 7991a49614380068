package oracle

import (
	"cmp"
	"errors"

	"hongbao/reference/wallet"
)

// WithdrawID identifies a withdrawal, including all repeats of its client.
type WithdrawID uint32

// withdrawal is one withdrawal that a person requested.
type withdrawal struct {
	no        wallet.WithdrawalNo
	amount    wallet.Money
	due       wallet.Money // StrategyToken: what the person had certainly won when it was sent
	sent      wallet.Instant
	acked     wallet.Instant // when a reply first reported it as held or paid; 0: none did
	refusedAt wallet.Instant // when an answer first refused it finally; 0: none did
	held      wallet.Instant // Final: when the ledger moved it out of the balance; 0: it did not
	back      wallet.Instant // Final: when it moved it back; 0: it did not
	person    Person
	next      uint32 // the person's previous withdrawal
	stage     wallet.Stage
	flags     withdrawalFlags
}

// withdrawalFlags holds what replies reported of a withdrawal.
type withdrawalFlags uint8

const (
	outUnknown  withdrawalFlags = 1 << iota // a try ended with an unknown outcome
	outNothing                              // a try was answered with "nothing was done"
	outRefused                              // finally refused: it moves nothing, or the money was returned
	outPaid                                 // acknowledged as paid
	outDeclined                             // an answer reported that the bank declined it
	outLimited                              // refused because of the daily limit
)

func (w *withdrawal) has(f withdrawalFlags) bool { return w.flags&f != 0 }

// mayMove reports whether the withdrawal may have moved money or may still do so. The result is certain only after its
// client has given up. Until then another try may be in progress, whatever the last answer was.
func (w *withdrawal) mayMove() bool {
	return !w.has(outRefused) && (w.acked != 0 || w.has(outUnknown) || !w.has(outNothing))
}

// mayBeOutSince reports, while the client may still try, whether the money may have been out of the balance at some time
// since t. For a declined withdrawal that is so until the client received the answer.
func (w *withdrawal) mayBeOutSince(t wallet.Instant) bool {
	return !w.has(outRefused) || w.has(outDeclined) && w.refusedAt >= t
}

// answeredAt returns when an answer first reported a final outcome or an acknowledgement; 0: none did.
func (w *withdrawal) answeredAt() wallet.Instant {
	if w.acked != 0 && (w.refusedAt == 0 || w.acked < w.refusedAt) {
		return w.acked
	}
	return w.refusedAt
}

// WithdrawSent records the first try of a withdrawal.
func (o *Oracle) WithdrawSent(p Person, r wallet.WithdrawRequest, now wallet.Instant) WithdrawID {
	w := withdrawal{
		no:     wallet.WithdrawalNo{Account: wallet.AccountOf(r.App, r.User), Request: r.Request},
		amount: r.Amount,
		sent:   now,
		person: p,
		next:   o.withdrawn[p],
		stage:  o.stage(cmp.Or(r.At, now)),
	}
	if _, taken := o.numbered[w.no]; taken {
		panic("oracle: withdrawal " + w.no.String() + " was sent twice as a new one")
	}
	if o.cfg.Strategy == wallet.StrategyToken {
		w.due = o.wonBy(p, w.stage, w.no.Account.Family, len(r.Tokens), now)
	}
	i := o.withdrawals.Append(w)
	o.withdrawn[p], o.numbered[w.no] = i, i
	return WithdrawID(i)
}

// wonBy returns what the person has certainly won until now in a stage, as seen from a family: acknowledged, or shown on a page
// (T6).
func (o *Oracle) wonBy(p Person, s wallet.Stage, f wallet.Family, tokens int, now wallet.Instant) wallet.Money {
	a := ask{person: p, start: now, stage: s, family: f, tokens: tokens}
	var sum wallet.Money
	for i := o.people.Get(p); i != 0; i = o.grants.At(i).next {
		g := o.grants.At(i)
		sure := g.act != 0 && !g.has(alias) && (g.acked != 0 || g.status() != statusNone)
		if sure && o.plays.list[g.play-1].stage == s && o.sight(p, i, f, o.other(p, now)) == sightSure && o.guarded(&a, g) {
			sum += g.money()
		}
	}
	return sum
}

// WithdrawAnswered records the result of one try; wallet.ErrUnknown if there was no answer.
func (o *Oracle) WithdrawAnswered(id WithdrawID, reply wallet.WithdrawReply, err error, now wallet.Instant) {
	w := o.withdrawals.At(uint32(id))
	if err == nil {
		err = refusal(reply.State)
	}
	if err != nil {
		o.notWithdrawn(w, err, now)
		return
	}
	o.evaluated(withdrawWhole, 1)
	if reply.No != w.no || reply.Amount != w.amount {
		w.flags |= outUnknown
		o.fail(withdrawWhole, w.amount, "person %d asked for withdrawal %[3]s of %[4]d fen, but the answer at %[2]s is withdrawal %[5]s of %[6]d fen", w.person, now, w.no, w.amount, reply.No, reply.Amount)
		return
	}
	if w.has(outRefused) {
		o.fail(withdrawWhole, w.amount, "withdrawal %s of %d fen by person %d was refused, but acknowledged at %s", w.no, w.amount, w.person, now)
	}
	switch reply.State {
	case wallet.WithdrawalAsked:
		w.flags |= outUnknown
		return
	case wallet.WithdrawalDeclined:
		o.declined(w, now)
		return
	case wallet.WithdrawalPaid:
		if w.flags |= outPaid; w.has(outDeclined) {
			o.fail(withdrawWhole, w.amount, "withdrawal %s of %d fen by person %d was declined, but acknowledged as paid at %s", w.no, w.amount, w.person, now)
		}
	}
	if w.acked == 0 {
		w.acked = now
	}
}

// refusal returns the error of a final state in which nothing is paid, nil for other states.
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

// notWithdrawn records an answer that is not an acknowledgement.
func (o *Oracle) notWithdrawn(w *withdrawal, err error, now wallet.Instant) {
	switch wallet.CodeOf(err) {
	case wallet.CodeUnknown, wallet.CodeInternal:
		w.flags |= outUnknown
	case wallet.CodeRefused:
		o.evaluated(withdrawWhole, 1)
		declined := errors.Is(err, wallet.ErrDeclined)
		if w.acked != 0 && !declined {
			o.fail(withdrawWhole, w.amount, "withdrawal %s of %d fen by person %d was acknowledged at %s, but refused at %s", w.no, w.amount, w.person, w.acked, now)
			return
		}
		if w.flags |= outRefused; w.refusedAt == 0 {
			w.refusedAt = now
		}
		switch {
		case declined:
			o.declined(w, now)
		case errors.Is(err, wallet.ErrDailyLimit):
			w.flags |= outLimited
			o.limited(w, now)
		case errors.Is(err, wallet.ErrInsufficient):
			o.insufficient(w, now)
		}
	default:
		w.flags |= outNothing
	}
}

// insufficient checks a refusal for lack of money (T6): everything that the person had been shown is due, less what the
// person's other withdrawals and packets may have taken.
func (o *Oracle) insufficient(w *withdrawal, now wallet.Instant) {
	if o.cfg.mayBeOn(wallet.SwitchSkipForcedPost, w.sent, now) {
		return // the switch skips the posting before a withdrawal
	}
	if w.sent <= o.lost {
		return // The server's copies were lost meanwhile: the wallet may no longer have known what was due.
	}
	left := w.due - o.maybeGone(w.person, w.stage, w.sent, w, nil)
	if o.cfg.Strategy == wallet.StrategyToken && w.amount <= left {
		o.fail(withdrawWhole, w.amount, "person %d asked at %s to withdraw %d fen, had %d fen due, and was refused at %s as insufficient", w.person, w.sent, w.amount, left, now)
	}
}

// forced checks a line of the withdraw page: a grant acknowledged before the page was requested is posted (T6).
func (o *Oracle) forced(a *ask, i uint32, l *wallet.Line, now wallet.Instant) {
	g := o.grants.At(i)
	if !a.withdraw || o.cfg.Strategy != wallet.StrategyToken || g.acked == 0 || g.acked >= a.start || !o.guarded(a, g) ||
		o.cfg.mayBeOn(wallet.SwitchSkipForcedPost, a.start, now) {
		return
	}
	o.evaluated(withdrawWhole, 1)
	if l.Status != wallet.TokenSuccess {
		o.fail(withdrawWhole, l.Amount, "person %d, withdraw page read from %s to %s: order %s of %d fen, acknowledged at %s, is not posted",
			a.person, a.start, now, l.Order, l.Amount, g.acked)
	}
}
