package oracle

import (
	"context"

	"hongbao/reference/wallet"
)

// moves is what ledger, bank and records contain of one withdrawal.
type moves struct {
	fromBalance, toHold wallet.Money // MoveHold
	fromHold, toPaid    wallet.Money // MoveSettle
	unheld, back        wallet.Money // MoveRefund: out of the hold account, into the balance
	bank                wallet.Money
	payments            int32
	records             int32
	state               wallet.WithdrawalState
	created             wallet.Instant // from its record
}

// took reports whether it took money that was not returned.
func (m *moves) took() bool { return m.payments > 0 || m.fromBalance > m.back }

// outside reads the records of withdrawals and the bank's statement.
func (u *audit) outside(ctx context.Context, b Sources) error {
	err := b.Withdrawals.Withdrawals(ctx, func(r wallet.Withdrawal) bool {
		i := u.numbered[r.No]
		if i == 0 {
			u.fail(withdrawWhole, r.Amount, "withdrawal %s of %d fen is on record, but nobody asked for it", r.No, r.Amount)
			return true
		}
		w, m := u.withdrawals.At(i), &u.moves[i]
		m.records++
		m.state, m.created = r.State, r.Created
		u.dated(w, r.Created)
		if m.records > 1 || r.Amount != w.amount || r.Stage != w.stage {
			u.fail(withdrawWhole, w.amount, "withdrawal %s: person %d asked for %d fen in stage %s, but record number %d is of %d fen in stage %s",
				w.no, w.person, w.amount, w.stage, m.records, r.Amount, r.Stage)
		}
		return true
	})
	if err != nil {
		return err
	}
	return b.Bank.Payments(ctx, func(no wallet.WithdrawalNo, amount wallet.Money) bool {
		i := u.numbered[no]
		if i == 0 {
			u.fail(withdrawWhole, amount, "the bank paid %d fen for withdrawal %s, but nobody asked for it", amount, no)
			return true
		}
		u.moves[i].bank += amount
		u.moves[i].payments++
		return true
	})
}

// move records one leg of a withdrawal.
func (u *audit) move(e *wallet.Entry) {
	i := u.numbered[e.Transfer.Withdrawal]
	if i == 0 {
		u.fail(withdrawWhole, max(e.Amount, -e.Amount), "the ledger moved %d fen of wallet %d for withdrawal %s, but nobody asked for it", e.Amount, e.Account.Owner, e.Transfer.Withdrawal)
		return
	}
	w, m := u.withdrawals.At(i), &u.moves[i]
	u.evaluated(phaseIsolation, 1)
	if e.Account.Stage != w.stage {
		u.fail(phaseIsolation, max(e.Amount, -e.Amount), "withdrawal %s of stage %s moved %d fen of stage %s", w.no, w.stage, e.Amount, e.Account.Stage)
	}
	if holder := u.owners.Get(e.Account.Owner); holder != 0 && Person(holder)-1 != w.person {
		u.fail(withdrawWhole, max(e.Amount, -e.Amount), "withdrawal %s of person %d moved %d fen of wallet %d, which belongs to person %d", w.no, w.person, e.Amount, e.Account.Owner, holder-1)
	}
	switch {
	case e.Transfer.Step == wallet.TransferHold && e.Account.Kind == wallet.PersonalAccount:
		m.fromBalance -= e.Amount
		w.held = e.Posted
	case e.Transfer.Step == wallet.TransferHold && e.Account.Kind == wallet.HoldAccount:
		m.toHold += e.Amount
	case e.Transfer.Step == wallet.TransferSettle && e.Account.Kind == wallet.HoldAccount:
		m.fromHold -= e.Amount
	case e.Transfer.Step == wallet.TransferSettle && e.Account.Kind == wallet.PaidAccount:
		m.toPaid += e.Amount
	case e.Transfer.Step == wallet.TransferRefund && e.Account.Kind == wallet.HoldAccount:
		m.unheld -= e.Amount
	case e.Transfer.Step == wallet.TransferRefund && e.Account.Kind == wallet.PersonalAccount:
		m.back += e.Amount
		w.back = e.Posted
	default:
		u.fail(withdrawWhole, max(e.Amount, -e.Amount), "withdrawal %s moved %d fen in account %d in step %d, which does not use that account", w.no, e.Amount, e.Account.Kind, e.Transfer.Step)
	}
}

// settled checks every withdrawal: it was paid, moved and recorded once and in full, or returned once and in full because
// the bank declined, or had no effect (T6, B7).
func (u *audit) settled(declined func(wallet.WithdrawalNo) bool) {
	for i := uint32(1); int(i) <= u.withdrawals.Len(); i++ {
		w, m := u.withdrawals.At(i), u.moves[i]
		u.evaluated(withdrawWhole, 1)
		no := declined == nil || declined(w.no)
		whole, returned, nothing := m.whole(w.amount), no && m.returned(w.amount), m.nothing()
		outcome := "left open"
		right := whole || returned || nothing || m.onItsWay(w.amount)
		switch {
		case w.has(outDeclined):
			outcome, right = "declined", returned
		case w.has(outPaid):
			outcome, right = "acknowledged as paid", whole
		case w.acked != 0:
			outcome, right = "acknowledged", whole || returned
		case !w.mayMove():
			outcome, right = "refused", nothing
		}
		if !right {
			u.fail(withdrawWhole, w.amount, "withdrawal %s of %d fen by person %d was %s, but the bank paid %d fen in %d payments, %d fen were held, %d fen settled, %d fen returned, and the record has state %d",
				w.no, w.amount, w.person, outcome, m.bank, m.payments, m.fromBalance, m.toPaid, m.back, m.state)
		}
	}
}

// held reports whether the amount was moved out of the balance once and in full.
func (m *moves) held(amount wallet.Money) bool { return m.fromBalance == amount && m.toHold == amount }

// whole reports whether the amount was paid, moved and recorded, and nothing was returned.
func (m *moves) whole(amount wallet.Money) bool {
	return m.held(amount) && m.payments == 1 && m.bank == amount && m.fromHold == amount && m.toPaid == amount &&
		m.unheld == 0 && m.back == 0 && m.state == wallet.WithdrawalPaid
}

// returned reports whether the amount was returned once and in full, and nothing was paid.
func (m *moves) returned(amount wallet.Money) bool {
	return m.held(amount) && m.payments == 0 && m.fromHold == 0 && m.toPaid == 0 &&
		m.unheld == amount && m.back == amount && m.state == wallet.WithdrawalReturned
}

// nothing reports whether nothing was moved.
func (m *moves) nothing() bool {
	still := m.payments == 0 && m.fromBalance == 0 && m.toHold == 0 && m.fromHold == 0 && m.toPaid == 0 && m.unheld == 0 && m.back == 0
	return still && (m.state == 0 || m.state == wallet.WithdrawalRefused || m.state == wallet.WithdrawalLimited || m.state == wallet.WithdrawalAsked)
}

// onItsWay reports whether the money is out of the balance in full, or back in it, and the record is not final. This is a
// valid end of a withdrawal whose client never learned the outcome.
func (m *moves) onItsWay(amount wallet.Money) bool {
	if !m.held(amount) || m.fromHold != 0 || m.toPaid != 0 || m.unheld != m.back {
		return false
	}
	if m.state == wallet.WithdrawalDeclined {
		return m.payments == 0 && (m.back == 0 || m.back == amount)
	}
	paid := m.payments == 1 && m.bank == amount
	return m.back == 0 && (paid || m.payments == 0) && m.state < wallet.WithdrawalPaid
}
