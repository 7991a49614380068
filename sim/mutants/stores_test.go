package mutants

import "slices"

// stores returns the mutants of the stores.
func stores() []mutant {
	return slices.Concat(moneyStores(), orderStores(), withdrawalStores())
}

// moneyStores returns the mutants of budgets and of the ledger.
func moneyStores() []mutant {
	return []mutant{
		{
			name: "a repeated order takes its budget again", scenario: "outages", strategy: underAsync,
			checks: []string{"budget-accuracy"},
			edits:  []edit{{"reference/store/mem/budgets.go", `if *word&bit != 0 {`, `if *word == ^uint64(0) {`}},
		},
		{
			name: "the last grant may exceed the budget", scenario: "budget-stop", strategy: underAsync,
			checks: []string{"no-over-issuance"},
			edits: []edit{{"reference/store/mem/budgets.go", `if budget < *spent || amount > budget-*spent {`,
				`if budget <= *spent {`}},
		},
		{
			name: "the ledger writes an order again", scenario: "unknown-outcomes", strategy: underAsync,
			checks: []string{"order-once", "user-view"},
			edits: []edit{{"reference/store/mem/ledger.go", `		case e.kind == kind && e.amount == c.Amount:
			return wallet.PostedBefore, nil
		case e.kind == kind:
			return wallet.PostRefused, nil
`, `		case e.kind == kind && e.amount != c.Amount:
			return wallet.PostRefused, nil
`}},
		},
		{
			name: "the cost account pays for repeated credits too", scenario: "outages", strategy: underToken,
			checks: []string{"zero-sum"},
			edits: []edit{{"reference/store/mem/ledger.go", `		if posted != wallet.PostedNow {
			continue`, `		if posted == wallet.PostRefused {
			continue`}},
		},
		{
			name: "a look adds up all stages", scenario: "phase-switch", strategy: underSync,
			checks: []string{"user-view"},
			edits: []edit{{"reference/store/mem/view.go", `if e.account != wallet.PersonalAccount || e.stage != q.Stage {`,
				`if e.account != wallet.PersonalAccount {`}},
		},
	}
}

// orderStores returns the mutants of orders, tokens and held postings.
func orderStores() []mutant {
	return []mutant{
		{
			name: "an open order is recorded again", scenario: "unknown-outcomes", strategy: underToken,
			checks: []string{"state-machine", "reconciled"},
			edits: []edit{{"reference/store/mem/orders.go", `if i := s.find(o.No.ActID, kind); i != 0 {`,
				`if i := s.find(o.No.ActID, kind); i != 0 && s.records.At(i).state != wallet.OrderOpen {`}},
		},
		{
			name: "an order takes over the amount of a later request", scenario: "budget-stop", strategy: underAsync,
			checks: []string{"order-once"},
			edits: []edit{{"reference/store/mem/orders.go", `	if i := s.find(o.No.ActID, kind); i != 0 {
`, `	if i := s.find(o.No.ActID, kind); i != 0 {
		s.records.At(i).amount = o.Amount
`}},
		},
		{
			name: "a token is listed again", scenario: "budget-stop", strategy: underToken,
			checks: []string{"user-view", "state-machine"},
			edits: []edit{{"reference/store/mem/tokens.go", `		if s.records.At(i).kind == kind {
			return nil`, `		if s.records.At(i).kind == kind && s.records.At(i).status() != wallet.TokenIssued {
			return nil`}},
		},
		{
			name: "what a dead poster took never comes back", scenario: "given-up", strategy: underAsync,
			checks: []string{"nothing-lost"},
			edits: []edit{
				{"reference/store/mem/shard.go", `		if l.until <= now {
`, `		if l.until < 0 {
`},
				{"reference/store/mem/shard.go", `if l.until <= now && (ended`, `if l.until < 0 && (ended`},
			},
		},
	}
}

// withdrawalStores returns the mutants of transfers, withdrawals and identities.
func withdrawalStores() []mutant {
	return []mutant{
		{
			name: "a transfer is made again under its number", scenario: "outages", strategy: underToken,
			checks: []string{"withdraw-whole"},
			edits: []edit{{"reference/store/mem/transfer.go", `if m := l.moves.At(i); m.no() == t.No {`,
				`if m := l.moves.At(i); m.no() == t.No && m.legs == 0 {`}},
		},
		{
			name: "a pool gives more than it has", scenario: "phase-switch", strategy: underToken,
			checks: []string{"withdraw-whole", "zero-sum"},
			edits:  []edit{{"reference/store/mem/transfer.go", `	if rest > 0 {`, `	if rest > 1<<40 {`}},
		},
		{
			name: "a held withdrawal is recorded again", scenario: "phase-switch", strategy: underToken,
			checks: []string{"withdraw-whole"},
			edits: []edit{{"reference/store/mem/withdrawals.go", `if i := s.find(w.No); i != 0 {`,
				`if i := s.find(w.No); i != 0 && s.records.At(i).state != wallet.WithdrawalHeld {`}},
		},
		{
			name: "a wallet is handed out for a reading that is out of date", scenario: "phase-switch", strategy: underAsync,
			checks: []string{"order-once"},
			edits: []edit{{"reference/store/mem/identities.go",
				`if s.row(c.Account) != c.Before || c.Phone != 0 && s.holder(c.Phone) != c.Holder {`, `if c.Wallet < 0 {`}},
		},
	}
}
