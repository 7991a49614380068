package withdraw

import (
	"context"
	"errors"

	"hongbao/reference/wallet"
)

// drive moves a withdrawal as far as possible: asked → held → paid; or to refused, limited, or returned if the bank
// declines it. Idempotent: each step is idempotent by the withdrawal's number, and its result is recorded before the
// next step begins. A withdrawal that has to wait is returned in its present state, and Settle drives it later.
func (s *Service) drive(ctx context.Context, w wallet.Withdrawal) (wallet.Withdrawal, error) {
	for {
		var to wallet.WithdrawalState
		var err error
		switch w.State {
		case wallet.WithdrawalAsked:
			if to, err = s.hold(ctx, w); err != nil {
				return w, wallet.AsUnknown(err) // the client does not know whether the money was held
			}
		case wallet.WithdrawalHeld:
			to, err = s.pay(ctx, w)
		case wallet.WithdrawalDeclined:
			to, err = s.refund(ctx, w)
		default:
			return w, outcome(w.State)
		}
		if err == nil && to != w.State {
			err = wallet.Repeat(func() error { return s.Withdrawals.Advance(ctx, w.No, to) })
		}
		switch {
		case err != nil && w.State == wallet.WithdrawalAsked:
			return w, wallet.AsUnknown(err)
		case err != nil || to == w.State:
			return w, nil // on record in this state: Settle or a repeat continues from here
		}
		w.State = to
	}
}

// outcome returns the error that a client gets for a final state.
func outcome(s wallet.WithdrawalState) error {
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

// hold counts the withdrawal for its day, and moves its money from the balance to the hold account.
func (s *Service) hold(ctx context.Context, w wallet.Withdrawal) (wallet.WithdrawalState, error) {
	if s.Days != nil {
		now := s.Settings()
		limit := wallet.DayLimit{Fen: now.WithdrawPerDay, Times: now.WithdrawTimes}
		err := wallet.Repeat(func() error { return s.Days.Take(ctx, w, limit) })
		switch {
		case errors.Is(err, wallet.ErrDailyLimit):
			return wallet.WithdrawalLimited, nil
		case errors.Is(err, wallet.ErrInsufficient):
			return s.terminalState(ctx, w)
		case err != nil:
			return 0, err
		}
	}
	err := wallet.Repeat(func() error { return s.Ledger.Transfer(ctx, hold(w)) })
	if errors.Is(err, wallet.ErrInsufficient) {
		return wallet.WithdrawalRefused, s.uncount(ctx, w)
	}
	return wallet.WithdrawalHeld, err
}

// terminalState re-reads a withdrawal whose earlier attempt was rejected. It is refused if the record has no final
// state yet.
func (s *Service) terminalState(ctx context.Context, w wallet.Withdrawal) (wallet.WithdrawalState, error) {
	err := wallet.Repeat(func() (err error) { w, err = s.Withdrawals.Get(ctx, w.No); return err })
	if w.State == wallet.WithdrawalAsked {
		return wallet.WithdrawalRefused, err
	}
	return w.State, err
}

// pay sends the held money to the person, and moves it to the paid account.
func (s *Service) pay(ctx context.Context, w wallet.Withdrawal) (wallet.WithdrawalState, error) {
	if s.on(wallet.SwitchHoldPayouts) {
		return w.State, nil
	}
	err := wallet.Repeat(func() error { return s.Bank.Pay(ctx, w.No, w.Amount) })
	switch {
	case errors.Is(err, wallet.ErrDeclined):
		return wallet.WithdrawalDeclined, nil
	case errors.Is(err, wallet.ErrConflict):
		s.Alarm(wallet.AlarmPayoutConflict, w.No.String())
	}
	if err != nil {
		return w.State, err
	}
	return wallet.WithdrawalPaid, wallet.Repeat(func() error { return s.Ledger.Transfer(ctx, settle(w)) })
}

// refund returns the money of a declined withdrawal to the balance, once.
func (s *Service) refund(ctx context.Context, w wallet.Withdrawal) (wallet.WithdrawalState, error) {
	if err := wallet.Repeat(func() error { return s.Ledger.Transfer(ctx, refund(w)) }); err != nil {
		return w.State, err
	}
	return wallet.WithdrawalReturned, s.uncount(ctx, w)
}

// uncount removes a failed withdrawal from the day's count.
func (s *Service) uncount(ctx context.Context, w wallet.Withdrawal) error {
	if s.Days == nil {
		return nil
	}
	return wallet.Repeat(func() error { return s.Days.GiveBack(ctx, w) })
}

// Settle drives one bounded step of unfinished withdrawals, and returns the number that it finished. It scans them in
// order of age and starts again after the last, so withdrawals that cannot be finished do not block those after them.
// Concurrent calls are safe. Errors are those of the store.
func (s *Service) Settle(ctx context.Context, limit int) (int, error) {
	from := wallet.ScanCursor(s.cursor.Load())
	ws, next, err := s.Withdrawals.Unfinished(ctx, s.Clock.Now().Add(-settleAfter), from, limit)
	if err != nil {
		return 0, err
	}
	s.cursor.Store(int64(next))
	done := 0
	for _, w := range ws {
		if w, _ := s.drive(ctx, w); w.State.Final() {
			done++
		}
	}
	return done, nil
}

// hold returns the transfer from the person's wallets to the hold account.
func hold(w wallet.Withdrawal) wallet.Transfer {
	t := wallet.Transfer{
		No:   wallet.TransferNo{Withdrawal: w.No, Step: wallet.TransferHold},
		Legs: []wallet.Leg{{Account: account(w, wallet.HoldAccount), Amount: w.Amount}},
		Take: w.Amount,
	}
	for _, id := range w.Wallets {
		t.Pool = append(t.Pool, wallet.AccountNo{Kind: wallet.PersonalAccount, Stage: w.Stage, Owner: int64(id)})
	}
	return t
}

// settle returns the transfer from the hold account to the paid account.
func settle(w wallet.Withdrawal) wallet.Transfer {
	return fromHold(w, wallet.TransferSettle, wallet.PaidAccount)
}

// refund returns the transfer from the hold account back to the balance: all of it to the wallet that asked, to which
// the others were joined.
func refund(w wallet.Withdrawal) wallet.Transfer {
	return fromHold(w, wallet.TransferRefund, wallet.PersonalAccount)
}

func fromHold(w wallet.Withdrawal, step wallet.TransferStep, to wallet.AccountKind) wallet.Transfer {
	return wallet.Transfer{No: wallet.TransferNo{Withdrawal: w.No, Step: step}, Legs: []wallet.Leg{
		{Account: account(w, wallet.HoldAccount), Amount: -w.Amount},
		{Account: account(w, to), Amount: w.Amount},
	}}
}

// account returns the withdrawal's account of a kind.
func account(w wallet.Withdrawal, k wallet.AccountKind) wallet.AccountNo {
	return wallet.AccountNo{Kind: k, Stage: w.Stage, Owner: int64(w.Owner)}
}
