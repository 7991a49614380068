package mutants

// payouts returns the mutants on money's way out, and of the wallet's own reconciliation.
func payouts() []mutant {
	return []mutant{
		{
			name: "withdrawing posts nothing first", scenario: "unknown-outcomes", strategy: underToken,
			checks: []string{"withdraw-whole"},
			edits: []edit{{"reference/withdraw/withdraw.go", `	if s.Purse == nil {
`, `	if s.Purse == nil || who.ActID > 0 {
`}},
		},
		{
			name: "every try is a withdrawal of its own", scenario: "outages", strategy: underSync,
			checks: []string{"withdraw-whole"},
			edits:  []edit{{"reference/withdraw/withdraw.go", `Request: r.Request}, Owner`, `Request: int64(s.Clock.Now())}, Owner`}},
		},
		{
			name: "former wallets give nothing", scenario: "phase-switch", strategy: underToken,
			checks: []string{"withdraw-whole"},
			edits: []edit{{"reference/withdraw/withdraw.go", `Wallets: who.Wallets(), Created`,
				`Wallets: []wallet.ActID{who.ActID}, Created`}},
		},
		{
			name: "the bank pays before the money is held", scenario: "phase-switch", strategy: underSync,
			checks: []string{"withdraw-whole"},
			edits: []edit{{"reference/withdraw/drive.go", `	if w.State == wallet.WithdrawalAsked {
`, `	_ = s.Bank.Pay(ctx, w.No, w.Amount)
	if w.State == wallet.WithdrawalAsked {
`}},
		},
		{
			name: "a payout without an answer counts as paid", scenario: "unknown-outcomes", strategy: underToken,
			checks: []string{"withdraw-whole"},
			edits: []edit{{"reference/withdraw/drive.go",
				`err := wallet.Repeat(func() error { return s.Bank.Pay(ctx, w.No, w.Amount) })`,
				`err := s.Bank.Pay(ctx, w.No, w.Amount)
		if errors.Is(err, wallet.ErrUnknown) {
			err = nil
		}`}},
		},
		{
			name: "holding and settling share one number", scenario: "budget-stop", strategy: underToken,
			checks: []string{"withdraw-whole"},
			edits:  []edit{{"reference/withdraw/drive.go", `Step: wallet.MoveSettle}, Legs`, `Step: wallet.MoveHold}, Legs`}},
		},
		{
			name: "nobody drives a withdrawal that was left held", scenario: "outages", strategy: underToken,
			checks: []string{"withdraw-whole"},
			edits: []edit{{"reference/withdraw/drive.go", `	if w.State == wallet.WithdrawalHeld {
`, `	if w.State == wallet.WithdrawalHeld && w.Created > s.Clock.Now().Add(-settleAfter) {
`}},
		},
		{
			name: "a refusal after a try without an answer counts for both", scenario: "given-up", strategy: underToken,
			checks: []string{"withdraw-whole"},
			edits: []edit{{"reference/wallet/repeat.go", `		if err = step(); err != nil && nothingDone(err) {
			return Unsettled(err)
		}`, `		err = step()`}},
		},
		{
			name: "reconciliation counts void orders", scenario: "budget-stop", strategy: underSync,
			checks: []string{"reconciled"}, says: "reports what the books do not show",
			edits: []edit{{"reference/reconcile/wallet.go", `if o.State != wallet.OrderVoid {`, `if o.Amount > 0 {`}},
		},
	}
}
