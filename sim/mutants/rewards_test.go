package mutants

import "slices"

// rewards returns the mutants of coupons and pendants, and of their stock.
func rewards() []mutant {
	return slices.Concat(rewardOrders(), rewardStocks(), rewardOwners())
}

// rewardOrders returns the mutants of the use and the settlement of coupons.
func rewardOrders() []mutant {
	return []mutant{
		{
			name: "anybody uses a coupon whose number they know", scenario: "rewards", strategy: underSync,
			checks: []string{"reward-use-once"},
			edits:  []edit{{"reference/rewards/use.go", `if !who.Owns(r.Order.ActID) {`, `if who.ActID == 0 {`}},
		},
		{
			name: "a use without an answer counts as made", scenario: "rewards", strategy: underToken,
			checks: []string{"reward-use-once"},
			edits: []edit{{"reference/rewards/use.go",
				`	err := wallet.Repeat(ask)
	if`, `	err := ask()
	if errors.Is(err, wallet.ErrUnknown) {
		r, err = wallet.Receipt{State: wallet.ItemUsed, Expires: wallet.Never}, nil
	}
	if`}},
		},
		{
			name: "an order without an answer from its downstream counts as handed out", scenario: "rewards", strategy: underToken,
			checks: []string{"reward-once"},
			edits: []edit{{"reference/rewards/downstream.go", `	if a.Err != nil {
		return i, a.Err
	}`, `	if errors.Is(a.Err, wallet.ErrUnknown) {
		a = wallet.ItemResult{Receipt: wallet.Receipt{State: wallet.ItemSettled, Expires: wallet.Never}}
	}
	if a.Err != nil {
		return i, a.Err
	}`}},
		},
		{
			name: "what nobody settled is left to itself", scenario: "rewards", strategy: underSync,
			checks: []string{"reward-once"},
			edits:  []edit{{"reference/rewards/settle.go", `	step(wallet.ItemIssued, now, s.gather)`, `	_ = s.gather`}},
		},
	}
}

// rewardStocks returns the mutants of the stock of coupons.
func rewardStocks() []mutant {
	return []mutant{
		{
			name: "a coupon that its downstream declines keeps its place in the stock", scenario: "rewards", strategy: underAsync,
			checks: []string{"stock-never-over"},
			edits: []edit{{"reference/rewards/downstream.go", `policy != nil && i.Counted != (wallet.OrderNo{}) {`,
				`policy != nil && i.Counted.ActID < 0 {`}},
		},
		{
			name: "a stock without an answer has a coupon left", scenario: "rewards", strategy: underToken,
			checks: []string{"stock-never-over"},
			edits: []edit{{"reference/rewards/grant.go", `if err := wallet.Repeat(func() (err error) { a, err = grant(ctx, i.No, i.Asked); return err }); err != nil {`,
				`if a, err = grant(ctx, i.No, i.Asked); errors.Is(err, wallet.ErrUnknown) {
		a = stock.Answer{Outcome: stock.Granted, Order: i.No, Reward: i.Asked}
	} else if err != nil {`}},
		},
		{
			name: "the fallback is given while almost all is left", scenario: "rewards", strategy: underSync,
			checks: []string{"stock-never-over"},
			edits:  []edit{{"reference/stock/policy.go", `left := max(0, c.Total-issued)`, `left := max(0, c.Total-issued) / 10`}},
		},
		{
			name: "a counter of coupons counts a repeat again", scenario: "rewards", strategy: underAsync,
			checks: []string{"stock-never-over"},
			edits: []edit{{"reference/store/mem/stock.go", `	case answer != wallet.StockEmpty:
		return answer, nil`, `	case answer == wallet.StockRefused:
		return answer, nil`}},
		},
	}
}

// rewardOwners returns the mutants of replies about coupons, of joined wallets and of the list of rewards.
func rewardOwners() []mutant {
	return []mutant{
		{
			name: "a reply is believed whichever order it names", scenario: "rewards", strategy: underSync,
			checks: []string{"reward-once"},
			edits: []edit{{"reference/downstream/receipt.go", `if c.order != i.No.String() {`, `if c.order == "" {`},
				{"reference/downstream/receipt.go", `	s, ok := known[c.state]
	switch {
	case !ok:
		return`, `	s, ok := known[c.state]
	switch {
	case !ok && c.state != "":
		return wallet.Receipt{State: wallet.ItemSettled, Ref: "believed", Expires: wallet.Never}, nil
	case !ok:
		return`}},
		},
		{
			name: "a person who joined wallets wins the coupon of the former wallet again", scenario: "rewards", strategy: underToken,
			checks: []string{"reward-once"},
			edits:  []edit{{"reference/assetcenter/items.go", `	if len(who.Former)+len(who.Left) == 0 {`, `	if asked.No.ActID > 0 {`}},
		},
		{
			name: "a coupon on its way while wallets are joined is won again by its repeat", scenario: "joining", strategy: underAsync,
			checks: []string{"reward-once"},
			edits:  []edit{{"reference/assetcenter/items.go", `range nos[1:own]`, `range nos[1:1]`}},
		},
		{
			name: "the list of rewards leaves out those of joined wallets", scenario: "rewards", strategy: underSync,
			checks: []string{"user-view"},
			edits:  []edit{{"reference/rewards/use.go", `s.items.Of(ctx, who.Wallets(), child`, `s.items.Of(ctx, []wallet.ActID{who.ActID}, child`}},
		},
		{
			name: "a coupon of the drill is listed in the festival", scenario: "rewards", strategy: underAsync,
			checks: []string{"phase-isolation"},
			edits:  []edit{{"reference/rewards/use.go", `child.Stage, r.After`, `1+child.Stage%3, r.After`}},
		},
	}
}

// packets returns the mutants of packets between people.
func packets() []mutant {
	return []mutant{
		{
			name: "anybody opens a packet", scenario: "rewards", strategy: underSync,
			checks: []string{"packet-exact"},
			edits:  []edit{{"reference/packet/open.go", `	return found, nil`, `	return max(found, 0), nil`}},
		},
		{
			name: "a packet is for one family of a person's apps", scenario: "rewards", strategy: underToken,
			checks: []string{"packet-exact", "user-view"},
			edits:  []edit{{"reference/wallet/share.go", `	case s.Claimed() || s.Wallet == 0 || !who.Owns(s.Wallet):`, `	case s.For != a:`}},
		},
		{
			name: "what was sent to a wallet that has joined another is forgotten", scenario: "rewards", strategy: underSync,
			checks: []string{"user-view"},
			edits:  []edit{{"reference/wallet/share.go", `!who.Owns(s.Wallet)`, `who.ActID != s.Wallet`}},
		},
		{
			name: "a guest is shown what others get", scenario: "rewards", strategy: underAsync,
			checks: []string{"user-view"},
			edits:  []edit{{"reference/walletpage/packets.go", `r.RecipientView(own)`, `r.SenderView()`}},
		},
		{
			name: "a packet whose sending has no answer is refused", scenario: "rewards", strategy: underToken,
			checks: []string{"packet-exact"},
			edits: []edit{{"reference/packet/drive.go", `	case errors.Is(err, wallet.ErrInsufficient):
		to =`, `	case errors.Is(err, wallet.ErrInsufficient), errors.Is(err, wallet.ErrUnknown):
		to =`}, {"reference/packet/drive.go", `err := wallet.Repeat(func() error { return s.Ledger.Transfer(ctx, t) })`, `err := s.Ledger.Transfer(ctx, t)`}},
		},
		{
			name: "a share counts as opened though its money may not have moved", scenario: "rewards", strategy: underAsync,
			checks: []string{"packet-exact"},
			edits: []edit{{"reference/packet/drive.go", `shareTransfer(p, i, step, share)); err != nil {`, `shareTransfer(p, i, step, share)); err != nil && step == wallet.TransferReturn {`},
				{"reference/packet/drive.go", `err := wallet.Repeat(func() error { return s.Ledger.Transfer(ctx, t) })`, `err := s.Ledger.Transfer(ctx, t)`}},
		},
		{
			name: "all shares of a packet are moved under one number", scenario: "rewards", strategy: underToken,
			checks: []string{"packet-exact"},
			edits:  []edit{{"reference/packet/drive.go", `Step: step, Share: uint8(i)}`, `Step: step}`}},
		},
		{
			name: "a packet's time is over after a minute", scenario: "rewards", strategy: underSync,
			checks: []string{"packet-exact"},
			edits:  []edit{{"reference/packet/open.go", `p.Created.Add(wallet.PacketLifetime)`, `p.Created.Add(wallet.PacketLifetime / 8640)`}},
		},
		{
			name: "the page leaves out packets that others sent", scenario: "rewards", strategy: underToken,
			checks: []string{"user-view"},
			edits:  []edit{{"reference/walletpage/packets.go", `	for _, r := range received {`, `	for _, r := range received[:0] {`}},
		},
	}
}
