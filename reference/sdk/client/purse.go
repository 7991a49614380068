package client

import (
	"context"
	"errors"
	"slices"
	"sync"

	"hongbao/reference/wallet"
)

// MaxHeld bounds the tokens that a purse keeps: as many as one request may carry.
const MaxHeld = wallet.MaxClientTokens

// Held is one token that an app keeps for its user.
type Held struct {
	Order   wallet.OrderNo
	Opened  wallet.Instant // the grant's place in the flow list
	Sealed  []byte
	Refused string // why the service did not accept it: it is kept, and not sent again; "" = good, as far as is known
}

// Purse is an app's side of the mutual backup (T2, T8): it keeps the tokens of one user until their money is seen to be
// posted, and sends them when what the service shows lacks them. Safe for concurrent use.
type Purse struct {
	service wallet.Service
	caller  wallet.Caller
	mu      sync.Mutex
	held    []Held // in the order that they came
}

// NewPurse returns an empty purse of the user.
func NewPurse(s wallet.Service, c wallet.Caller) *Purse { return &Purse{service: s, caller: c} }

// Keep keeps the token of a grant that was won at that moment; a reply without one, and one that is kept already, change
// nothing. When the purse is full, a refused token makes room, or else the oldest.
func (p *Purse) Keep(r wallet.GrantReply, opened wallet.Instant) {
	if len(r.Token) > 0 {
		p.keep(Held{Order: r.Order, Opened: opened, Sealed: slices.Clone(r.Token)})
	}
}

func (p *Purse) keep(h Held) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if slices.ContainsFunc(p.held, func(have Held) bool { return have.Order == h.Order }) {
		return
	}
	if len(p.held) >= MaxHeld {
		i := max(0, slices.IndexFunc(p.held, func(have Held) bool { return have.Refused != "" }))
		p.held = slices.Delete(p.held, i, i+1)
	}
	p.held = append(p.held, h)
}

// Tokens returns what is kept, oldest first.
func (p *Purse) Tokens() []Held {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.held)
}

// Page asks for the user's page. Where the answer lacks a token of the purse, it asks again with the tokens and returns
// what comes then. It sets the request's Caller and Tokens. Errors are the service's; after one there is no page, also
// when only the second question failed, because the first answer showed too little.
func (p *Purse) Page(ctx context.Context, r wallet.PageRequest) (wallet.Page, error) {
	r.Caller, r.Tokens = p.caller, nil
	page, err := p.service.Page(ctx, r)
	if err != nil {
		return wallet.Page{}, err
	}
	if held := p.good(page.Stage); lacks(page, r.After, held) {
		for _, h := range held {
			r.Tokens = append(r.Tokens, h.Sealed)
		}
		if page, err = p.service.Page(ctx, r); err != nil {
			return wallet.Page{}, err
		}
		p.refused(held, page.Refused)
	}
	p.letGo(page)
	return page, nil
}

// Withdraw asks to pay an amount out, with the tokens of the purse, so that all that is due is there. It sets the
// request's Caller and Tokens. Errors are the service's.
func (p *Purse) Withdraw(ctx context.Context, r wallet.WithdrawRequest) (wallet.WithdrawReply, error) {
	r.Caller, r.Tokens = p.caller, nil
	for _, h := range p.good(0) {
		r.Tokens = append(r.Tokens, h.Sealed)
	}
	return p.service.Withdraw(ctx, r)
}

// good returns the tokens of a stage (0: of all) that were not refused.
func (p *Purse) good(s wallet.Stage) []Held {
	return slices.DeleteFunc(p.Tokens(), func(h Held) bool { return h.Refused != "" || s != 0 && h.Order.Stage != s })
}

// lacks says whether a token is missing from the part of the flow list that the page covers.
func lacks(page wallet.Page, after wallet.Cursor, held []Held) bool {
	shown := make(map[wallet.OrderNo]bool, len(page.Grants))
	for _, l := range page.Grants {
		shown[l.Order] = true
	}
	covered := func(h Held) bool {
		return after.After(h.Opened, h.Order) && (page.Next == (wallet.Cursor{}) || !page.Next.After(h.Opened, h.Order))
	}
	return slices.ContainsFunc(held, func(h Held) bool { return covered(h) && !shown[h.Order] })
}

// refused drops what is posted already and sets aside what will not be accepted later either. The others were refused
// for a reason that may pass: keys that are gone may come back, and distrust ends.
func (p *Purse) refused(sent []Held, faults []wallet.TokenFault) {
	posted, aside := map[wallet.OrderNo]bool{}, map[wallet.OrderNo]string{}
	for _, f := range faults {
		switch {
		case f.Index < 0 || f.Index >= len(sent) || errors.Is(f.Err, wallet.ErrTokenKey) || errors.Is(f.Err, wallet.ErrTokenDistrust):
		case errors.Is(f.Err, wallet.ErrTokenReplayed):
			posted[sent[f.Index].Order] = true
		default:
			aside[sent[f.Index].Order] = wallet.ReasonOf(f.Err)
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.held = slices.DeleteFunc(p.held, func(h Held) bool { return posted[h.Order] })
	for i := range p.held {
		if reason := aside[p.held[i].Order]; reason != "" {
			p.held[i].Refused = reason
		}
	}
}

// letGo forgets the tokens of grants that the page shows as posted: the ledger does not lose them.
func (p *Purse) letGo(page wallet.Page) {
	posted := map[wallet.OrderNo]bool{}
	for _, l := range page.Grants {
		if l.Status == wallet.TokenSuccess {
			posted[l.Order] = true
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.held = slices.DeleteFunc(p.held, func(h Held) bool { return posted[h.Order] })
}
