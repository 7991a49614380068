package client

import (
	"context"
	"errors"
	"slices"
	"sync"

	"hongbao/reference/wallet"
)

// MaxHeld bounds the tokens in a token store: as many as one request may carry.
const MaxHeld = wallet.MaxClientTokens

// Held is a token that an app keeps for its user.
type Held struct {
	Order   wallet.OrderNo
	Opened  wallet.Instant // the grant's position in the flow list
	Sealed  []byte
	Refused string // why the service refused it: it is kept, but not sent again; "" = not refused
}

// TokenStore is the app's half of the mutual backup (T2, T8): it keeps one user's tokens until it sees that their money is
// posted, and sends them when the service's page lacks them. Safe for concurrent use.
type TokenStore struct {
	service wallet.Service
	caller  wallet.Caller
	mu      sync.Mutex
	held    []Held // in the order of Keep
}

// NewTokenStore returns an empty token store for the user.
func NewTokenStore(s wallet.Service, c wallet.Caller) *TokenStore {
	return &TokenStore{service: s, caller: c}
}

// Keep stores the token of a grant that was won at opened. A reply without a token, or with one that is already stored,
// changes nothing. A full token store drops a refused token, or else the oldest.
func (p *TokenStore) Keep(r wallet.GrantReply, opened wallet.Instant) {
	if len(r.Token) > 0 {
		p.keep(Held{Order: r.Order, Opened: opened, Sealed: slices.Clone(r.Token)})
	}
}

func (p *TokenStore) keep(h Held) {
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

// Tokens returns the stored tokens, oldest first.
func (p *TokenStore) Tokens() []Held {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.held)
}

// Page requests the user's page. If the page lacks a token of the token store, it is requested again with the tokens. It sets
// the request's Caller and Tokens. Errors are the service's. If the second request fails, the first page is not
// returned, because it showed too little.
func (p *TokenStore) Page(ctx context.Context, r wallet.PageRequest) (wallet.Page, error) {
	r.Caller, r.Tokens = p.caller, nil
	page, err := p.service.Page(ctx, r)
	if err != nil {
		return wallet.Page{}, err
	}
	if held := p.usable(page.Stage); lacks(page, r.After, held) {
		for _, h := range held {
			r.Tokens = append(r.Tokens, h.Sealed)
		}
		if page, err = p.service.Page(ctx, r); err != nil {
			return wallet.Page{}, err
		}
		p.applyRefusals(held, page.Refused)
	}
	p.dropPosted(page)
	return page, nil
}

// Withdraw requests a payout, with the tokens of the token store, so that everything due is included. It sets the request's
// Caller and Tokens. Errors are the service's.
func (p *TokenStore) Withdraw(ctx context.Context, r wallet.WithdrawRequest) (wallet.WithdrawReply, error) {
	r.Caller, r.Tokens = p.caller, nil
	for _, h := range p.usable(0) {
		r.Tokens = append(r.Tokens, h.Sealed)
	}
	return p.service.Withdraw(ctx, r)
}

// usable returns the tokens of a stage (0: of all stages) that were not refused.
func (p *TokenStore) usable(s wallet.Stage) []Held {
	return slices.DeleteFunc(p.Tokens(), func(h Held) bool { return h.Refused != "" || s != 0 && h.Order.Stage != s })
}

// lacks reports whether a token is missing from the part of the flow list that the page covers.
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

// applyRefusals drops tokens that are already posted, and marks those that will never be accepted. Other refusals are
// temporary: a missing key may be restored, and distrust ends.
func (p *TokenStore) applyRefusals(sent []Held, faults []wallet.TokenRefusal) {
	posted, rejected := map[wallet.OrderNo]bool{}, map[wallet.OrderNo]string{}
	for _, f := range faults {
		switch {
		case f.Index < 0 || f.Index >= len(sent) || errors.Is(f.Err, wallet.ErrTokenKey) || errors.Is(f.Err, wallet.ErrTokenDistrusted):
		case errors.Is(f.Err, wallet.ErrTokenReplayed):
			posted[sent[f.Index].Order] = true
		default:
			rejected[sent[f.Index].Order] = wallet.ReasonOf(f.Err)
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.held = slices.DeleteFunc(p.held, func(h Held) bool { return posted[h.Order] })
	for i := range p.held {
		if reason := rejected[p.held[i].Order]; reason != "" {
			p.held[i].Refused = reason
		}
	}
}

// dropPosted drops the tokens of grants that the page shows as posted: the ledger does not lose them.
func (p *TokenStore) dropPosted(page wallet.Page) {
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
