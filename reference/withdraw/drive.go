package withdraw

import (
	"context"
	"errors"

	"hongbao/reference/wallet"
)

// drive brings a withdrawal as far as it will go: asked → held → paid, or refused. Driving one again is safe: each
// step is idempotent by the withdrawal's number.
func (s *Service) drive(ctx context.Context, w wallet.Withdrawal) (wallet.Withdrawal, error) {
	if w.State == wallet.WithdrawalAsked {
		err := wallet.Repeat(func() error { return s.Ledger.Transfer(ctx, hold(w)) })
		switch {
		case errors.Is(err, wallet.ErrInsufficient):
			w.State = wallet.WithdrawalRefused
		case err != nil:
			return w, wallet.Unsettled(err)
		default:
			w.State = wallet.WithdrawalHeld
		}
		if err := s.advance(ctx, w); err != nil {
			return w, wallet.Unsettled(err)
		}
	}
	if w.State == wallet.WithdrawalRefused {
		return w, wallet.ErrInsufficient
	}
	if w.State == wallet.WithdrawalHeld {
		err := wallet.Repeat(func() error { return s.Bank.Pay(ctx, w.No, w.Amount) })
		if errors.Is(err, wallet.ErrConflict) {
			s.Alarm(wallet.AlarmPayoutConflict, w.No.String())
		}
		if err != nil {
			return w, nil // held, on record: Settle pays it out later
		}
		if err := wallet.Repeat(func() error { return s.Ledger.Transfer(ctx, settle(w)) }); err != nil {
			return w, nil
		}
		paid := w
		paid.State = wallet.WithdrawalPaid
		if err := s.advance(ctx, paid); err != nil {
			return w, nil // held on record: Settle comes here again, and so does a repeat
		}
		return paid, nil
	}
	return w, nil
}

// Settle drives one bounded step of unfinished withdrawals, oldest first, and returns how many it finished.
func (s *Service) Settle(ctx context.Context, limit int) (int, error) {
	ws, err := s.Withdrawals.Unfinished(ctx, s.Clock.Now().Add(-settleAfter), limit)
	if err != nil {
		return 0, err
	}
	done := 0
	for _, w := range ws {
		switch w, err := s.drive(ctx, w); {
		case err == nil && w.State == wallet.WithdrawalPaid, errors.Is(err, wallet.ErrInsufficient):
			done++
		}
	}
	return done, nil
}

// advance records the state.
func (s *Service) advance(ctx context.Context, w wallet.Withdrawal) error {
	return wallet.Repeat(func() error { return s.Withdrawals.Advance(ctx, w.No, w.State) })
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
	return wallet.Transfer{No: wallet.MoveNo{Withdrawal: w.No, Step: wallet.MoveSettle}, Legs: []wallet.Leg{
		{Account: account(w, wallet.HoldAccount), Amount: -w.Amount},
		{Account: account(w, wallet.PaidAccount), Amount: w.Amount},
	}}
}

// account returns the withdrawal's own account of a kind.
func account(w wallet.Withdrawal, k wallet.AccountKind) wallet.AccountNo {
	return wallet.AccountNo{Kind: k, Stage: w.Stage, Owner: int64(w.Owner)}
}
