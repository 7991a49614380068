package oracle

import (
	"slices"

	"hongbao/reference/wallet"
)

// fewWithdrawals is the number of withdrawals that a page must list in full; a wallet may cut longer lists.
const fewWithdrawals = 16

// payouts checks the withdrawals on the first page, and reports whether they are right.
func (o *Oracle) payouts(a *ask, page wallet.Page, whole bool, now wallet.Instant) bool {
	for n := range page.Withdrawals {
		l := &page.Withdrawals[n]
		if !o.asked(a, l) {
			o.fail(userView, l.Amount, "person %d, page of stage %s read from %s to %s: the page shows withdrawal %s of %d fen, which this person did not request in this stage", a.person, a.stage, a.start, now, l.No, l.Amount)
			return false
		}
		if w := o.withdrawals.At(o.numbered[l.No]); w.refusedAt != 0 && w.refusedAt < a.start && refusal(l.State) == nil {
			o.fail(userView, l.Amount, "person %d, page read from %s to %s: the page shows withdrawal %s of %d fen, refused at %s, in state %d", a.person, a.start, now, l.No, l.Amount, w.refusedAt, l.State)
			return false
		}
		if listed(page.Withdrawals[:n], l.No) {
			o.fail(userView, l.Amount, "person %d, page read from %s to %s: the page shows withdrawal %s twice", a.person, a.start, now, l.No)
			return false
		}
	}
	if !whole || a.after != (wallet.Cursor{}) {
		return true
	}
	known := 0
	for i := o.withdrawn[a.person]; i != 0; i = o.withdrawals.At(i).next {
		if known++; known > fewWithdrawals {
			return true
		}
	}
	for i := o.withdrawn[a.person]; i != 0; i = o.withdrawals.At(i).next {
		w := o.withdrawals.At(i)
		known := w.acked
		if known == 0 && w.has(outDeclined) {
			known = w.refusedAt
		}
		due := known != 0 && known < a.start && w.stage == a.stage && o.sees(a.person, a.family, w.no.Account.Family, a.start) == sightSure
		if due && !listed(page.Withdrawals, w.no) {
			o.fail(userView, w.amount, "person %d, page read from %s to %s: the page lacks withdrawal %s of %d fen, acknowledged at %s", a.person, a.start, now, w.no, w.amount, known)
			return false
		}
	}
	return true
}

// asked reports whether the person asked for the withdrawal and may see it on this page.
func (o *Oracle) asked(a *ask, l *wallet.Withdrawal) bool {
	i := o.numbered[l.No]
	if i == 0 {
		return false
	}
	w := o.withdrawals.At(i)
	return w.person == a.person && w.amount == l.Amount && w.stage == a.stage &&
		o.sees(a.person, a.family, w.no.Account.Family, a.start) != sightNever
}

// listed reports whether the number is in the list.
func listed(ws []wallet.Withdrawal, no wallet.WithdrawalNo) bool {
	return slices.ContainsFunc(ws, func(w wallet.Withdrawal) bool { return w.No == no })
}
