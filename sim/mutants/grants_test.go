package mutants

import "slices"

// grants returns the mutants on the path of a grant into the ledger.
func grants() []mutant {
	return slices.Concat(orderGrants(), limitedGrants(), grantReplies(), finishedGrants())
}

// orderGrants returns the mutants of the number and the record of an order.
func orderGrants() []mutant {
	return []mutant{
		{
			name: "a posting without an answer counts as made", scenario: "unknown-outcomes", strategy: underToken,
			checks: []string{"nothing-lost", "state-machine", "budget-accuracy"},
			edits: []edit{{"reference/posting/posting.go",
				`	if err := wallet.Repeat(func() (err error) { posted, err = p.Ledger.Post(ctx, credits); return err }); err != nil {`,
				`	posted, err = p.Ledger.Post(ctx, credits)
	if err != nil && !errors.Is(err, wallet.ErrUnknown) {`}},
		},
		{
			name: "the order number leaves out the rain", scenario: "unknown-outcomes", strategy: underSync,
			checks: []string{"order-once"},
			edits:  []edit{{"reference/assetcenter/center.go", `Scene: r.Scene, Rain: r.Rain, Award`, `Scene: r.Scene, Award`}},
		},
		{
			name: "a person who joined wallets wins again what the former wallet won", scenario: "phase-switch", strategy: underAsync,
			checks: []string{"order-once"},
			edits:  []edit{{"reference/assetcenter/moved.go", `wallets := who.Wallets()`, `wallets := []wallet.ActID{who.ActID}`}},
		},
		{
			name: "a try on its way while wallets are joined wins what its repeat has won", scenario: "joining", strategy: underAsync,
			checks: []string{"no-over-issuance"},
			edits:  []edit{{"reference/assetcenter/moved.go", `range nos[1:own]`, `range nos[1:1]`}},
		},
		{
			name: "a grant goes on though its order may not be on record", scenario: "unknown-outcomes", strategy: underAsync,
			checks: []string{"nothing-lost"},
			edits: []edit{{"reference/assetcenter/center.go", `		err = wallet.Repeat(func() (err error) { onRecord, _, err = c.Orders.Create(ctx, o); return err })
		if err != nil {
			return o, err
		}`, `		onRecord, _, err = c.Orders.Create(ctx, o)
		if err != nil {
			onRecord = o
		}`}},
		},
	}
}

// limitedGrants returns the mutants of the budget, the cap and the stage of a grant.
func limitedGrants() []mutant {
	return []mutant{
		{
			name: "a budget that does not answer counts as enough", scenario: "budget-stop", strategy: underSync,
			checks: []string{"budget-accuracy", "no-over-issuance"},
			edits: []edit{{"reference/assetcenter/center.go",
				`err := wallet.Repeat(func() error { return c.Budgets.Reserve(ctx, onRecord.No, onRecord.Amount, budget) })`,
				`err := c.Budgets.Reserve(ctx, onRecord.No, onRecord.Amount, budget)
	if errors.Is(err, wallet.ErrUnknown) {
		return onRecord, nil
	}`}},
		},
		{
			name: "an order beyond the budget is recorded as settled", scenario: "budget-stop", strategy: underToken,
			checks: []string{"state-machine", "nothing-lost"},
			edits: []edit{{"reference/assetcenter/center.go", `[]wallet.OrderNo{no}, wallet.OrderVoid)`,
				`[]wallet.OrderNo{no}, wallet.OrderSettled)`}},
		},
		{
			name: "a single grant may exceed its cap", scenario: "outages", strategy: underAsync,
			checks: []string{"no-over-issuance"},
			edits:  []edit{{"reference/assetcenter/center.go", `if r.Amount > scene.Child.SingleCap {`, `if r.Amount < 0 {`}},
		},
		{
			name: "another amount under the same number is acknowledged", scenario: "outages", strategy: underSync,
			checks: []string{"order-once"},
			edits: []edit{{"reference/assetcenter/center.go", `case !onRecord.SameGrant(asked):`,
				`case onRecord.No != asked.No:`}},
		},
		{
			name: "the stage follows the request's arrival and not the win", scenario: "phase-switch", strategy: underAsync,
			checks: []string{"phase-isolation", "order-once"},
			edits:  []edit{{"reference/assetcenter/center.go", `r.Award, r.Opened)`, `r.Award, now)`}},
		},
		{
			name: "the drill lasts a second longer than its activity", scenario: "phase-switch", strategy: underSync,
			checks: []string{"phase-isolation"},
			edits:  []edit{{"reference/activity/activity.go", `at < c.To`, `at < c.To+1_000_000`}},
		},
	}
}

// grantReplies returns the mutants of the replies to grants, and of their tokens.
func grantReplies() []mutant {
	return []mutant{
		{
			name: "a held posting is acknowledged as posted", scenario: "outages", strategy: underAsync,
			checks: []string{"user-view"},
			edits:  []edit{{"reference/assetcenter/delivery.go", `State: wallet.GrantAccepted}, nil`, `State: wallet.GrantPosted}, nil`}},
		},
		{
			name: "clients are not told that theirs is the only copy", scenario: "outages", strategy: underToken,
			checks: []string{"user-view"},
			edits:  []edit{{"reference/assetcenter/delivery.go", `reply.State = wallet.GrantTokenOnly`, `reply.Amount = o.Amount`}},
		},
		{
			name: "a token takes its place in the list by when it was recorded", scenario: "phase-switch", strategy: underToken,
			checks: []string{"user-view", "nothing-lost"},
			edits: []edit{{"reference/assetcenter/delivery.go", `Amount: o.Amount, Opened: o.Opened}`,
				`Amount: o.Amount, Opened: o.Created}`}},
		},
		{
			name: "a token is a success before the ledger is called", scenario: "unknown-outcomes", strategy: underToken,
			checks: []string{"user-view"},
			edits: []edit{{"reference/posting/posting.go", `_ = p.Tokens.Mark(ctx, nos, wallet.TokenProcessing)`,
				`_ = p.Tokens.Mark(ctx, nos, wallet.TokenSuccess)`}},
		},
	}
}

// finishedGrants returns the mutants of orders that are posted or compensated.
func finishedGrants() []mutant {
	return []mutant{
		{
			name: "a posted order is never finished", scenario: "budget-stop", strategy: underAsync,
			checks: []string{"nothing-lost", "state-machine"},
			edits: []edit{{"reference/posting/posting.go",
				`return wallet.Repeat(func() error { return p.Orders.Finish(ctx, nos, wallet.OrderSettled) })`, `return nil`}},
		},
		{
			name: "compensation posts nothing", scenario: "outages", strategy: underAsync,
			checks: []string{"nothing-lost", "reconciled"},
			edits:  []edit{{"reference/posting/compensate.go", `credits = append(credits, o.Credit())`, `continue`}},
		},
		{
			name: "an order whose token could not be marked is finished", scenario: "slow-tokens", strategy: underToken,
			checks: []string{"state-machine"},
			edits: []edit{{"reference/posting/posting.go", `		if errors.Is(err, wallet.ErrUnavailable) {
			return nil //`, `		if errors.Is(err, wallet.ErrUnavailable) {
			err = nil //`}},
		},
		{
			name: "compensation takes no budget", scenario: "given-up", strategy: underSync,
			checks: []string{"budget-accuracy", "no-over-issuance"},
			edits: []edit{{"reference/posting/compensate.go",
				`err = wallet.Repeat(func() error { return p.Budgets.Reserve(ctx, o.No, o.Amount, budget) })`, `_ = budget`}},
		},
		{
			name: "compensation posts what the budget refused", scenario: "given-up", strategy: underAsync,
			checks: []string{"budget-accuracy", "no-over-issuance"},
			edits: []edit{{"reference/posting/compensate.go", `void = append(void, o.No)`,
				`credits = append(credits, o.Credit())`}},
		},
		{
			name: "an instance marks no tokens", scenario: "budget-stop", strategy: underToken,
			checks: []string{"state-machine"},
			edits:  []edit{{"reference/node/node.go", `poster.Tokens = p.Tokens`, `poster.Tokens = nil`}},
		},
	}
}
