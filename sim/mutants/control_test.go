package mutants

import "slices"

// control returns the mutants of daily limits and of withdrawals declined by the bank (B7).
func control() []mutant {
	return slices.Concat(declines(), dayLimits())
}

// declines returns the mutants of withdrawals that the bank declines.
func declines() []mutant {
	return []mutant{
		{
			name: "a refund is made once more when its answer gets lost", scenario: "withdraw-control", strategy: underToken,
			checks: []string{"withdraw-whole"},
			edits: []edit{
				{"reference/withdraw/drive.go", `	if err := wallet.Repeat(func() error { return s.Ledger.Transfer(ctx, refund(w)) }); err != nil {
		return w.State, err
	}`, `	if err := s.Ledger.Transfer(ctx, refund(w)); err != nil {
		again := refund(w)
		again.No.Step = wallet.TransferSettle
		if err := s.Ledger.Transfer(ctx, again); err != nil {
			return w.State, err
		}
	}`},
			},
		},
		{
			name: "a no without an answer goes back before it is known, and is paid", scenario: "withdraw-control", strategy: underSync,
			checks: []string{"withdraw-whole"},
			edits: []edit{{"reference/withdraw/drive.go", `	if err != nil {
		return w.State, err
	}
	return wallet.WithdrawalPaid`, `	if errors.Is(err, wallet.ErrUnknown) {
		return wallet.WithdrawalDeclined, nil
	}
	if err != nil {
		return w.State, err
	}
	return wallet.WithdrawalPaid`}},
		},
		{
			name: "what the bank declines is settled as paid", scenario: "withdraw-control", strategy: underAsync,
			checks: []string{"withdraw-whole"},
			edits: []edit{{"reference/withdraw/drive.go", `	case errors.Is(err, wallet.ErrDeclined):
		return wallet.WithdrawalDeclined, nil
`, `	case errors.Is(err, wallet.ErrDeclined):
		err = nil
`}},
		},
		{
			name: "what was declined is answered as a lack of money", scenario: "withdraw-control", strategy: underToken,
			checks: []string{"withdraw-whole"},
			edits: []edit{{"reference/withdraw/drive.go", `	case wallet.WithdrawalReturned:
		return wallet.ErrDeclined
`, `	case wallet.WithdrawalReturned:
		return wallet.ErrInsufficient
`}},
		},
	}
}

// dayLimits returns the mutants of the daily limit.
func dayLimits() []mutant {
	return []mutant{
		{
			name: "the limit of the day holds for joined wallets alone", scenario: "withdraw-control", strategy: underToken,
			checks: []string{"withdraw-whole"}, says: "above the limit",
			edits: []edit{{"reference/withdraw/drive.go", `	if s.Days != nil {
		now`, `	if s.Days != nil && len(w.Wallets) > 1 {
		now`}},
		},
		{
			name: "each try counts in the limit of the day", scenario: "withdraw-control", strategy: underSync,
			checks: []string{"withdraw-whole"}, says: "for the daily limit",
			edits: []edit{{"reference/store/mem/withdrawaldays.go", `	case counts:
		return nil
	case limited:
		return wallet.ErrDailyLimit
	case givenBack:`, `	case givenBack:`}},
		},
		{
			name: "what came to nothing stays in the limit of the day", scenario: "withdraw-control", strategy: underAsync,
			checks: []string{"withdraw-whole"}, says: "for the daily limit",
			edits: []edit{{"reference/withdraw/drive.go", `	return wallet.WithdrawalReturned, s.uncount(ctx, w)`, `	return wallet.WithdrawalReturned, nil`}},
		},
		{
			name: "former wallets have limits of their own", scenario: "withdraw-control", strategy: underToken,
			checks: []string{"withdraw-whole"}, says: "above the limit",
			edits: []edit{{"reference/store/mem/withdrawaldays.go", `		if id != w.Owner {`, `		if id < 0 {`}},
		},
		{
			name: "the day begins at midnight in London", scenario: "withdraw-control", strategy: underToken,
			checks: []string{"withdraw-whole"}, says: "for the daily limit",
			edits: []edit{{"reference/wallet/withdrawalday.go", `const dayZone = 8 * time.Hour`, `const dayZone = 0 * time.Hour`}},
		},
	}
}
