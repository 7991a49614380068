package oracle

import (
	"context"

	"hongbao/reference/wallet"
)

// moves is what the books say of one withdrawal.
type moves struct {
	fromBalance, toHold wallet.Money // MoveHold
	fromHold, toPaid    wallet.Money // MoveSettle
	bank                wallet.Money
	payments            int32
	records             int32
	state               wallet.WithdrawalState
}

// outside reads the withdrawals of record and the bank's statement.
func (u *audit) outside(ctx context.Context, b Books) error {
	err := b.Withdrawals.Withdrawals(ctx, func(r wallet.Withdrawal) bool {
		i := u.numbered[r.No]
		if i == 0 {
			u.fail(withdrawWhole, r.Amount, "withdrawal %s of %d fen is on record, and nobody asked for it", r.No, r.Amount)
			return true
		}
		w, m := u.withdrawals.At(i), &u.moves[i]
		m.records++
		m.state = r.State
		if m.records > 1 || r.Amount != w.amount || r.Stage != w.stage {
			u.fail(withdrawWhole, w.amount, "withdrawal %s: person %d asked for %d fen in stage %s; on record is number %d of %d fen in stage %s",
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
			u.fail(withdrawWhole, amount, "the bank paid %d fen for withdrawal %s, and nobody asked for it", amount, no)
			return true
		}
		u.moves[i].bank += amount
		u.moves[i].payments++
		return true
	})
}

// move takes in one leg of a withdrawal.
func (u *audit) move(e *wallet.Entry) {
	i := u.numbered[e.Move.Withdrawal]
	if i == 0 {
		u.fail(withdrawWhole, max(e.Amount, -e.Amount), "the ledger moved %d fen of wallet %d for withdrawal %s, and nobody asked for it", e.Amount, e.Account.Owner, e.Move.Withdrawal)
		return
	}
	w, m := u.withdrawals.At(i), &u.moves[i]
	u.saw(phaseIsolation, 1)
	if e.Account.Stage != w.stage {
		u.fail(phaseIsolation, max(e.Amount, -e.Amount), "withdrawal %s of stage %s moved %d fen of stage %s", w.no, w.stage, e.Amount, e.Account.Stage)
	}
	if holder := u.owners.Get(e.Account.Owner); holder != 0 && Person(holder)-1 != w.person {
		u.fail(withdrawWhole, max(e.Amount, -e.Amount), "withdrawal %s of person %d moved %d fen of wallet %d of person %d", w.no, w.person, e.Amount, e.Account.Owner, holder-1)
	}
	switch {
	case e.Move.Step == wallet.MoveHold && e.Account.Kind == wallet.PersonalAccount:
		m.fromBalance -= e.Amount
		w.held = e.Posted
	case e.Move.Step == wallet.MoveHold && e.Account.Kind == wallet.HoldAccount:
		m.toHold += e.Amount
	case e.Move.Step == wallet.MoveSettle && e.Account.Kind == wallet.HoldAccount:
		m.fromHold -= e.Amount
	case e.Move.Step == wallet.MoveSettle && e.Account.Kind == wallet.PaidAccount:
		m.toPaid += e.Amount
	default:
		u.fail(withdrawWhole, max(e.Amount, -e.Amount), "withdrawal %s moved %d fen in account %d in step %d", w.no, e.Amount, e.Account.Kind, e.Move.Step)
	}
}

// settled judges every withdrawal: paid, moved and recorded whole and once, or not at all (T6).
func (u *audit) settled() {
	for i := uint32(1); int(i) <= u.withdrawals.Len(); i++ {
		w, m := u.withdrawals.At(i), u.moves[i]
		u.saw(withdrawWhole, 1)
		paid := m.payments == 1 && m.bank == w.amount
		held := m.fromBalance == w.amount && m.toHold == w.amount
		finished := m.fromHold == w.amount && m.toPaid == w.amount
		whole := paid && held && finished && m.state == wallet.WithdrawalPaid
		nothing := m.payments == 0 && m.fromBalance == 0 && m.toHold == 0 && m.fromHold == 0 && m.toPaid == 0 &&
			(m.state == 0 || m.state == wallet.WithdrawalRefused || m.state == wallet.WithdrawalAsked)
		// One whose client never learnt how it ended may be on its way: the money is out of the balance and whole.
		onItsWay := held && m.fromHold == 0 && m.toPaid == 0 && (paid || m.payments == 0) && m.state < wallet.WithdrawalPaid
		said := "left open"
		right := whole || nothing || onItsWay
		switch {
		case w.acked != 0:
			said, right = "acknowledged", whole
		case !w.mayMove():
			said, right = "refused", nothing
		}
		if !right {
			u.fail(withdrawWhole, w.amount, "withdrawal %s of %d fen by person %d was %s: the bank paid %d fen in %d payments, %d fen were held, %d fen settled, on record is state %d",
				w.no, w.amount, w.person, said, m.bank, m.payments, m.fromBalance, m.toPaid, m.state)
		}
	}
}
