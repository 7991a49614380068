// Package walletpage shows a person's money: posted grants and grants promised by tokens, as one list and one sum (T5,
// P1). The first page of that list also has the person's withdrawals, packets and other rewards. Each source can fail
// or be turned off separately (P2); the page then lists it as missing.
//
// The source's formula is "posted list + token list − tokens that are posted or posting". Taken literally it has a gap:
// a token that is being posted is in neither list. Here the subtraction uses order numbers. The tokens are read first
// and the ledger after them, so a grant that is not in the tokens any more is in the ledger, and a grant in both is
// counted once.
package walletpage

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"hongbao/reference/activity"
	"hongbao/reference/wallet"
)

// The names of the sources in Page.Missing, in the order in which it lists them.
const (
	SourceTokens      = "tokens"
	SourceLedger      = "ledger"
	SourceWithdrawals = "withdrawals"
	SourcePackets     = "packets"
	SourceRewards     = "rewards"

	// SourceForced: the withdraw page was shown without posting the person's unposted money first (T6).
	SourceForced = "forced-posting"
)

// shortPage is the default for the number of entries of a page while pages are short: the entries that fit on a phone's
// screen.
const shortPage = 10

// Reader reads wallet pages. Its fields are set once.
type Reader struct {
	People      wallet.People
	Index       *activity.Index
	Ledger      wallet.Ledger
	Withdrawals wallet.WithdrawalHistory
	Packets     wallet.PacketHistory      // nil: no packets
	Items       wallet.ItemHistory        // nil: no other rewards
	Presence    wallet.ListPresenceReader // which of these three lists to read; nil: all
	Tokens      *TokenCollector           // nil if the strategy has no tokens
	Clock       wallet.Clock

	// Switched reports whether a degrade switch is on (D3); nil: all are off. ShortPage returns the largest number of
	// entries of a page while pages are short; nil, or a result below one: shortPage.
	Switched  func(wallet.Switch) bool
	ShortPage func() int
}

// Page implements wallet.Service's Page. It fails if the stage or the person is unknown, or with ErrOverflow; a failing
// source only makes the page incomplete.
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
	r.Limit = p.limit(r.Limit)
	page := wallet.Page{Stage: child.Stage}
	held := p.readTokens(ctx, &page, who, r.Tokens)
	view, err := p.view(ctx, &page, who.Wallets(), held, r)
	if err != nil {
		return wallet.Page{}, err
	}
	if err := p.sum(&page, view, held); err != nil {
		return wallet.Page{}, err
	}
	p.merge(&page, view, held, r)
	if p.Tokens != nil && !slices.Contains(page.Missing, SourceLedger) {
		page.Refused = append(page.Refused, p.Tokens.restore(ctx, held, view.Posted)...)
	}
	if r.After == (wallet.Cursor{}) {
		p.addLists(ctx, &page, who, wallet.AccountOf(r.App, r.User))
	}
	return page, nil
}

// limit returns the largest number of entries of the page.
func (p *Reader) limit(requested int) int {
	if !p.on(wallet.SwitchShortPages) {
		return requested
	}
	if p.ShortPage != nil {
		if n := p.ShortPage(); n >= 1 {
			return min(requested, n)
		}
	}
	return min(requested, shortPage)
}

// on reports whether a degrade switch is on.
func (p *Reader) on(s wallet.Switch) bool { return p.Switched != nil && p.Switched(s) }

// readTokens reads the person's tokens. While tokens are turned off, the client's tokens are neither used nor refused.
func (p *Reader) readTokens(ctx context.Context, page *wallet.Page, who wallet.Person, sealed [][]byte) (held CollectedTokens) {
	if p.Tokens == nil {
		return CollectedTokens{}
	}
	if p.on(wallet.SwitchPageNoTokens) {
		page.Missing = append(page.Missing, SourceTokens)
		return CollectedTokens{}
	}
	held = p.Tokens.Collect(ctx, who, page.Stage, sealed)
	page.Refused = held.Refused
	if held.Missing {
		page.Missing = append(page.Missing, SourceTokens)
	}
	return held
}

// view reads the ledger. It reads one entry more than the page has, to find out whether a next page exists.
func (p *Reader) view(ctx context.Context, page *wallet.Page, wallets []wallet.ActID, held CollectedTokens, r wallet.PageRequest) (wallet.View, error) {
	var view wallet.View
	missing := p.on(wallet.SwitchPageNoLedger)
	if !missing {
		query := wallet.ViewQuery{Wallets: wallets, Stage: page.Stage, Check: held.numbers(), After: r.After, Limit: r.Limit + 1}
		err := wallet.Repeat(func() (err error) { view, err = p.Ledger.View(ctx, query); return err })
		if missing = wallet.Retryable(err); err != nil && !missing {
			return wallet.View{}, err
		}
	}
	if missing {
		page.Missing = append(page.Missing, SourceLedger)
		view = wallet.View{Posted: make([]bool, len(held.Tokens))}
	}
	return view, nil
}

// sum sets balance and income: posted money, and money promised by tokens that are not posted. While a source is
// missing they are the sums of the sources that were read, and not a reliable balance.
func (p *Reader) sum(page *wallet.Page, view wallet.View, held CollectedTokens) error {
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

// merge sets the lines of one page and the start of the next.
func (p *Reader) merge(page *wallet.Page, view wallet.View, held CollectedTokens, r wallet.PageRequest) {
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
