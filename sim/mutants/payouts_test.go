package mutants

import "slices"

// payouts returns the mutants of payouts, and of the wallet's own reconciliation.
func payouts() []mutant {
	return slices.Concat(withdrawals(), reconciliations())
}

// withdrawals returns the mutants of withdrawals.
func withdrawals() []mutant {
	return []mutant{
		{
			name: "withdrawing posts nothing first", scenario: "unknown-outcomes", strategy: underToken,
			checks: []string{"withdraw-whole"},
			edits:  []edit{{"reference/withdraw/withdraw.go", `	if s.Tokens == nil || `, `	if s.Tokens == nil || who.ActID > 0 || `}},
		},
		{
			name: "the withdraw page posts nothing first", scenario: "phase-switch", strategy: underToken,
			checks: []string{"withdraw-whole"}, says: "withdraw page",
			edits: []edit{{"reference/node/node.go", `	if r.Withdraw {`, `	if r.Withdraw && r.Limit == 0 {`}},
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
			edits: []edit{{"reference/withdraw/drive.go", `		case wallet.WithdrawalAsked:
`, `		case wallet.WithdrawalAsked:
			_ = s.Bank.Pay(ctx, w.No, w.Amount)
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
			edits:  []edit{{"reference/withdraw/drive.go", `fromHold(w, wallet.TransferSettle, `, `fromHold(w, wallet.TransferHold, `}},
		},
		{
			name: "nobody drives a withdrawal that was left held", scenario: "outages", strategy: underToken,
			checks: []string{"withdraw-whole"},
			edits: []edit{{"reference/withdraw/drive.go", `	if s.on(wallet.SwitchHoldPayouts) {`,
				`	if s.on(wallet.SwitchHoldPayouts) || w.Created < s.Clock.Now().Add(-settleAfter) {`}},
		},
		{
			name: "a refusal after a try without an answer counts for both", scenario: "given-up", strategy: underToken,
			checks: []string{"withdraw-whole"},
			edits: []edit{{"reference/wallet/repeat.go", `		if err = step(); err != nil && nothingDone(err) {
			return AsUnknown(err)
		}`, `		err = step()`}},
		},
	}
}

// reconciliations returns the mutants of the wallet's own reconciliation.
func reconciliations() []mutant {
	return []mutant{
		{
			name: "reconciliation overlooks settled orders that are not in the ledger", scenario: "unknown-outcomes", strategy: underAsync,
			checks: []string{"reconciled"}, says: "omits it",
			edits: []edit{
				{"reference/reconcile/wallet.go", `	case n == 0 && o.State == wallet.OrderSettled:
`, `	case n == 0:
		return
	case n == 0 && o.State == wallet.OrderSettled:
`},
				{"reference/posting/posting.go", `posted, err = p.Ledger.Post(ctx, credits); return err`,
					`posted, err = p.Ledger.Post(ctx, credits[len(credits)/20:]); return err`},
			},
		},
		{
			name: "reconciliation counts void orders", scenario: "budget-stop", strategy: underSync,
			checks: []string{"reconciled"}, says: "reports sums that differ",
			edits: []edit{{"reference/reconcile/wallet.go", `if o.State.Pays() {`, `if o.Amount > 0 {`}},
		},
	}
}
