// Package walletpage shows a person's money: what is posted and what is promised by tokens, as one list and one sum
// (T5, P1), with every source able to fail on its own (P2).
//
// The source's formula is "posted list + token list − tokens that are posted or posting". Taken by the letter it has
// a gap: a token that is being posted is in neither list. Here the subtraction goes by order number: the tokens are
// read first and the ledger after them, so that a token which vanished from the first read is in the second, and
// one that is in both is counted once.
package walletpage

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"hongbao/reference/activity"
	"hongbao/reference/wallet"
)

// The names of the sources in Page.Missing.
const (
	SourceTokens      = "tokens"
	SourceLedger      = "ledger"
	SourceWithdrawals = "withdrawals"
)

// maxWithdrawals bounds the withdrawals on a page: the withdraw limits allow far fewer in a festival.
const maxWithdrawals = 50

// Reader reads wallet pages.
type Reader struct {
	People      wallet.People
	Index       *activity.Index
	Ledger      wallet.Ledger
	Withdrawals wallet.Withdrawals
	Purse       *Purse // nil where the strategy has no tokens
	Clock       wallet.Clock
}

// Page implements wallet.Service's Page.
func (p *Reader) Page(ctx context.Context, r wallet.PageRequest) (wallet.Page, error) {
	if !r.App.Valid() || r.User <= 0 || r.Limit < 1 || r.Limit > wallet.MaxPage || len(r.Tokens) > wallet.MaxClientTokens {
		return wallet.Page{}, fmt.Errorf("%w: page of %d entries with %d tokens for user %d of app %d", wallet.ErrInvalid, r.Limit, len(r.Tokens), r.User, r.App)
	}
	at := r.At
	if at == 0 {
		at = p.Clock.Now()
	}
	child, err := p.Index.Child(at)
	if err != nil {
		return wallet.Page{}, err
	}
	who, err := p.People.Resolve(ctx, wallet.AccountOf(r.App, r.User))
	if err != nil {
		return wallet.Page{}, err
	}
	page := wallet.Page{Stage: child.Stage}
	var held Held
	if p.Purse != nil {
		held = p.Purse.Read(ctx, who, child.Stage, r.Tokens)
		page.Refused = held.Refused
		if held.Missing {
			page.Missing = append(page.Missing, SourceTokens)
		}
	}
	wallets := who.Wallets()
	query := wallet.ViewQuery{Wallets: wallets, Stage: child.Stage, Check: held.Numbers(), After: r.After, Limit: r.Limit + 1}
	var view wallet.View
	err = wallet.Repeat(func() (err error) { view, err = p.Ledger.View(ctx, query); return err })
	switch {
	case err == nil:
	case degradable(err):
		page.Missing = append(page.Missing, SourceLedger)
		view.Posted = make([]bool, len(held.Tokens))
	default:
		return wallet.Page{}, err
	}
	if err := p.sum(&page, view, held); err != nil {
		return wallet.Page{}, err
	}
	p.merge(&page, view, held, r)
	if p.Purse != nil && !slices.Contains(page.Missing, SourceLedger) {
		page.Refused = append(page.Refused, p.Purse.Restore(ctx, held, view.Posted)...)
	}
	if r.After == (wallet.Cursor{}) {
		p.withdrawals(ctx, &page, wallets)
	}
	return page, nil
}

// sum fills in balance and income: posted, and promised by tokens that are not posted.
func (p *Reader) sum(page *wallet.Page, view wallet.View, held Held) error {
	page.Balance, page.Income = view.Balance, view.Income
	for i, t := range held.Tokens {
		if view.Posted[i] {
			continue
		}
		var err1, err2 error
		page.Balance, err1 = page.Balance.Add(t.Amount)
		page.Income, err2 = page.Income.Add(t.Amount)
		if err := errors.Join(err1, err2); err != nil {
			return err
		}
	}
	return nil
}

// merge fills in the lines of one page and where the next one starts.
func (p *Reader) merge(page *wallet.Page, view wallet.View, held Held, r wallet.PageRequest) {
	page.Grants = make([]wallet.Line, 0, len(view.Grants)+len(held.Tokens))
	for _, e := range view.Grants {
		page.Grants = append(page.Grants, p.line(e.Order, e.Amount, e.Opened, wallet.TokenSuccess))
	}
	for i, t := range held.Tokens {
		if !view.Posted[i] && r.After.After(t.Opened, t.Order) {
			page.Grants = append(page.Grants, p.line(t.Order, t.Amount, t.Opened, t.Status))
		}
	}
	slices.SortFunc(page.Grants, func(a, b wallet.Line) int {
		if (wallet.Cursor{Opened: a.Opened, Order: a.Order}).After(b.Opened, b.Order) {
			return -1
		}
		return 1
	})
	if len(page.Grants) > r.Limit {
		page.Grants = page.Grants[:r.Limit]
		last := page.Grants[r.Limit-1]
		page.Next = wallet.Cursor{Opened: last.Opened, Order: last.Order}
	}
}

// line returns one line with its scene's bill text (O2).
func (p *Reader) line(no wallet.OrderNo, amount wallet.Money, opened wallet.Instant, s wallet.TokenStatus) wallet.Line {
	text := string(no.Scene)
	if scene, err := p.Index.SceneOf(no.Stage, no.Scene); err == nil && scene.BillText != "" {
		text = scene.BillText
	}
	return wallet.Line{Order: no, Amount: amount, Opened: opened, Status: s, Text: text}
}

// withdrawals adds the withdrawals, newest first.
func (p *Reader) withdrawals(ctx context.Context, page *wallet.Page, wallets []wallet.ActID) {
	for _, id := range wallets {
		ws, err := p.Withdrawals.Of(ctx, id, page.Stage, maxWithdrawals)
		if err != nil {
			page.Missing = append(page.Missing, SourceWithdrawals)
			return
		}
		page.Withdrawals = append(page.Withdrawals, ws...)
	}
	if len(wallets) > 1 {
		slices.SortStableFunc(page.Withdrawals, func(a, b wallet.Withdrawal) int { return int(min(max(b.Created-a.Created, -1), 1)) })
		page.Withdrawals = page.Withdrawals[:min(len(page.Withdrawals), maxWithdrawals)]
	}
}

// degradable says whether a source's failure leaves a page worth showing.
func degradable(err error) bool {
	c := wallet.CodeOf(err)
	return c == wallet.CodeUnavailable || c == wallet.CodeOverloaded || c == wallet.CodeUnknown
}
