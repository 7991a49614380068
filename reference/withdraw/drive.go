package withdraw

import (
	"context"
	"errors"

	"hongbao/reference/wallet"
)

// drive brings a withdrawal as far as it will go: asked → held → paid; or refused, limited, or returned when the bank says
// no. Driving one again is safe: each step is idempotent by the withdrawal's number, and its state is on record before the
// next one begins. One that has to wait is returned as it stands, and Settle comes back to it.
func (s *Service) drive(ctx context.Context, w wallet.Withdrawal) (wallet.Withdrawal, error) {
	for {
		var to wallet.WithdrawalState
		var err error
		switch w.State {
		case wallet.WithdrawalAsked:
			if to, err = s.hold(ctx, w); err != nil {
				return w, wallet.Unsettled(err) // the client does not know yet whether anything was held
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
			return w, wallet.Unsettled(err)
		case err != nil || to == w.State:
			return w, nil // on record as it is: Settle goes on from here, and so does a repeat
		}
		w.State = to
	}
}

// outcome returns what a client is told of a final state.
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

// hold counts the withdrawal in its day, and takes its money out of the balance.
func (s *Service) hold(ctx context.Context, w wallet.Withdrawal) (wallet.WithdrawalState, error) {
	if s.Days != nil {
		now := s.Settings()
		limit := wallet.DayLimit{Fen: now.WithdrawPerDay, Times: now.WithdrawTimes}
		err := wallet.Repeat(func() error { return s.Days.Take(ctx, w, limit) })
		switch {
		case errors.Is(err, wallet.ErrDailyLimit):
			return wallet.WithdrawalLimited, nil
		case errors.Is(err, wallet.ErrInsufficient):
			return s.nothing(ctx, w)
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

// nothing returns how a withdrawal stands that came to nothing before: as on record, or refused if that is not there yet.
func (s *Service) nothing(ctx context.Context, w wallet.Withdrawal) (wallet.WithdrawalState, error) {
	err := wallet.Repeat(func() (err error) { w, err = s.Withdrawals.Get(ctx, w.No); return err })
	if w.State == wallet.WithdrawalAsked {
		return wallet.WithdrawalRefused, err
	}
	return w.State, err
}

// pay sends the held money to the person, and out of the wallet.
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

// refund puts the money back that the bank has declined, once.
func (s *Service) refund(ctx context.Context, w wallet.Withdrawal) (wallet.WithdrawalState, error) {
	if err := wallet.Repeat(func() error { return s.Ledger.Transfer(ctx, refund(w)) }); err != nil {
		return w.State, err
	}
	return wallet.WithdrawalReturned, s.uncount(ctx, w)
}

// uncount takes a withdrawal that came to nothing out of the day's count.
func (s *Service) uncount(ctx context.Context, w wallet.Withdrawal) error {
	if s.Days == nil {
		return nil
	}
	return wallet.Repeat(func() error { return s.Days.GiveBack(ctx, w) })
}

// Settle drives one bounded step of unfinished withdrawals, and returns how many it finished. It goes through them from
// place to place, oldest first, and begins anew after the last: those that cannot be finished, however many, do not bar the
// way to those behind them. Several may call it at the same time.
func (s *Service) Settle(ctx context.Context, limit int) (int, error) {
	from := wallet.OpenPlace(s.place.Load())
	ws, next, err := s.Withdrawals.Unfinished(ctx, s.Clock.Now().Add(-settleAfter), from, limit)
	if err != nil {
		return 0, err
	}
	s.place.Store(int64(next))
	done := 0
	for _, w := range ws {
		if w, _ := s.drive(ctx, w); w.State.Final() {
			done++
		}
	}
	return done, nil
}

// hold moves the amount from the person's wallets to where it waits for the bank.
func hold(w wallet.Withdrawal) wallet.Transfer {
	t := wallet.Transfer{
		No:   wallet.MoveNo{Withdrawal: w.No, Step: wallet.MoveHold},
		Legs: []wallet.Leg{{Account: account(w, wallet.HoldAccount), Amount: w.Amount}},
		Take: w.Amount,
	}
	for _, id := range w.Wallets {
		t.Pool = append(t.Pool, wallet.AccountNo{Kind: wallet.PersonalAccount, Stage: w.Stage, Owner: int64(id)})
	}
	return t
}

// settle moves the held amount out of the wallet for good.
func settle(w wallet.Withdrawal) wallet.Transfer {
	return fromHold(w, wallet.MoveSettle, wallet.PaidAccount)
}

// refund moves the held amount back to the balance: all of it to the wallet that asked, which the others were joined to.
func refund(w wallet.Withdrawal) wallet.Transfer {
	return fromHold(w, wallet.MoveRefund, wallet.PersonalAccount)
}

func fromHold(w wallet.Withdrawal, step wallet.MoveStep, to wallet.AccountKind) wallet.Transfer {
	return wallet.Transfer{No: wallet.MoveNo{Withdrawal: w.No, Step: step}, Legs: []wallet.Leg{
		{Account: account(w, wallet.HoldAccount), Amount: -w.Amount},
		{Account: account(w, to), Amount: w.Amount},
	}}
}

// account returns the withdrawal's own account of a kind.
func account(w wallet.Withdrawal, k wallet.AccountKind) wallet.AccountNo {
	return wallet.AccountNo{Kind: k, Stage: w.Stage, Owner: int64(w.Owner)}
}
