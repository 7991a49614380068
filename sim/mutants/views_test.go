package mutants

import "slices"

// views returns the mutants of the pages that people see, and of identities.
func views() []mutant {
	return slices.Concat(pages(), clientTokens(), bindings())
}

// pages returns the mutants of the wallet page.
func pages() []mutant {
	return []mutant{
		{
			name: "a token that is posted counts once more", scenario: "budget-stop", strategy: underToken,
			checks: []string{"user-view"},
			edits: []edit{{"reference/walletpage/page.go", `		if view.Posted[i] {
			continue`, `		if view.Posted[i] && t.Status == wallet.TokenSuccess {
			continue`}},
		},
		{
			name: "the source's formula by the letter: a token under way is in no list", scenario: "outages", strategy: underToken,
			checks: []string{"user-view"},
			edits: []edit{{"reference/walletpage/page.go", `if !view.Posted[i] && r.After.After`,
				`if !view.Posted[i] && t.Status == wallet.TokenIssued && r.After.After`}},
		},
		{
			name: "the ledger is read before the tokens", scenario: "slow-tokens", strategy: underToken,
			checks: []string{"user-view"},
			edits: []edit{{"reference/walletpage/page.go", `	if err := p.sum(&page, view, held); err != nil {`,
				`	if p.Tokens != nil {
		held = p.Tokens.Collect(ctx, who, child.Stage, r.Tokens)
		view.Posted = make([]bool, len(held.Tokens))
		for i, t := range held.Tokens {
			view.Posted[i] = slices.ContainsFunc(view.Grants, func(e wallet.Entry) bool { return e.Order == t.Order })
		}
	}
	if err := p.sum(&page, view, held); err != nil {`}},
		},
		{
			name: "a page of tokens begins with the last one's last line", scenario: "unknown-outcomes", strategy: underToken,
			checks: []string{"user-view"},
			edits: []edit{{"reference/walletpage/page.go", `r.After.After(t.Opened, t.Order) {`,
				`(r.After.After(t.Opened, t.Order) || r.After.Order == t.Order) {`}},
		},
		{
			name: "a full page counts as the last one", scenario: "unknown-outcomes", strategy: underSync,
			checks: []string{"user-view"},
			edits:  []edit{{"reference/walletpage/page.go", `Limit: r.Limit + 1}`, `Limit: r.Limit}`}},
		},
		{
			name: "the page shows the stage of the instance's clock", scenario: "phase-switch", strategy: underSync,
			checks: []string{"phase-isolation"},
			edits: []edit{{"reference/walletpage/page.go", `	at := r.At
	if at == 0 {
		at = p.Clock.Now()
	}`, `	at := p.Clock.Now()`}},
		},
	}
}

// clientTokens returns the mutants of the tokens that a page reads.
func clientTokens() []mutant {
	return []mutant{
		{
			name: "tokens of former wallets are not read", scenario: "phase-switch", strategy: underToken,
			checks: []string{"user-view"},
			edits: []edit{{"reference/walletpage/collector.go", `for _, id := range who.Wallets() {`,
				`for _, id := range []wallet.ActID{who.ActID} {`}},
		},
		{
			name: "a client's copy counts beside the server's", scenario: "unknown-outcomes", strategy: underToken,
			checks: []string{"user-view"},
			edits: []edit{{"reference/walletpage/collector.go", `return u.Order == t.Order }) {`,
				`return u.Order == t.Order && u.Status == wallet.TokenProcessing }) {`}},
		},
		{
			name: "a client's token of another stage is shown", scenario: "phase-switch", strategy: underToken,
			checks: []string{"phase-isolation"},
			edits:  []edit{{"reference/walletpage/collector.go", `if t.Order.Stage != s || slices`, `if slices`}},
		},
		{
			name: "another person's token is accepted", scenario: "unknown-outcomes", strategy: underToken,
			checks: []string{"user-view"},
			edits:  []edit{{"reference/token/policy.go", `case !who.Owns(owner):`, `case owner == 0:`}},
		},
	}
}

// bindings returns the mutants of bound phones, and of cursors.
func bindings() []mutant {
	return []mutant{
		{
			name: "binding a phone loses the wallet that the account had", scenario: "phase-switch", strategy: underToken,
			checks: []string{"user-view"},
			edits:  []edit{{"reference/identity/rules.go", `c.Join = row.ActID //`, `_ = row.ActID //`}},
		},
		{
			name: "binding a phone joins the wallets the wrong way round", scenario: "unknown-outcomes", strategy: underSync,
			checks: []string{"user-view"},
			edits:  []edit{{"reference/identity/rules.go", `c.Join = row.ActID //`, `c.Wallet, c.Join = row.ActID, holder //`}},
		},
		{
			name: "a cursor includes the line that it names", scenario: "unknown-outcomes", strategy: underToken,
			checks: []string{"user-view"},
			edits:  []edit{{"reference/wallet/ledger.go", `return no.Compare(c.Order) > 0`, `return no.Compare(c.Order) >= 0`}},
		},
	}
}
