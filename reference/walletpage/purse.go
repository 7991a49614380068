package walletpage

import (
	"context"
	"slices"

	"hongbao/reference/wallet"
)

// Purse reads a person's tokens from their two mutual backups (T2, T8): the server's list, and the copies that the
// client sends along when its view lacks what it holds.
type Purse struct {
	Tokens wallet.Tokens
	Sealer wallet.Sealer
	Clock  wallet.Clock

	// Switched reports whether a degrade switch is on (D3); nil: none ever is.
	Switched func(wallet.Switch) bool
}

// Held is what a purse holds of one stage.
type Held struct {
	Tokens  []wallet.Token // each order once, in order of their numbers within a wallet
	Missing bool           // the server's list could not be read
	Refused []wallet.TokenFault
	client  map[wallet.OrderNo]int // those that only the client had → their index in the request
}

// Numbers returns the tokens' order numbers.
func (h Held) Numbers() []wallet.OrderNo {
	if len(h.Tokens) == 0 {
		return nil
	}
	nos := make([]wallet.OrderNo, len(h.Tokens))
	for i, t := range h.Tokens {
		nos[i] = t.Order
	}
	return nos
}

// Read returns the person's tokens that the server has not seen posted. It does not fail: a server's list that cannot
// be read is said to be missing, a client's token that is not accepted is refused by name.
func (p *Purse) Read(ctx context.Context, who wallet.Person, s wallet.Stage, sealed [][]byte) Held {
	var h Held
	for _, id := range who.Wallets() {
		var ts []wallet.Token
		err := wallet.Repeat(func() (err error) { ts, err = p.Tokens.List(ctx, id, s); return err })
		if err != nil {
			h.Missing = true
			continue
		}
		h.Tokens = append(h.Tokens, ts...)
	}
	now := p.Clock.Now()
	for i, b := range sealed {
		t, err := p.Sealer.Open(b, who, now)
		if err != nil {
			h.Refused = append(h.Refused, wallet.TokenFault{Index: i, Err: err})
			continue
		}
		if t.Order.Stage != s || slices.ContainsFunc(h.Tokens, func(u wallet.Token) bool { return u.Order == t.Order }) {
			continue
		}
		if h.client == nil {
			h.client = map[wallet.OrderNo]int{}
		}
		h.client[t.Order] = i
		h.Tokens = append(h.Tokens, t)
	}
	return h
}

// Restore puts tokens that only the client had back into the server's list and the backlog (T8). One that is posted
// already is refused as replayed, so that its client lets go of it. A store that fails, or is to be spared, is left alone:
// the next visit tries again.
func (p *Purse) Restore(ctx context.Context, h Held, posted []bool) (refused []wallet.TokenFault) {
	spared := p.Switched != nil && p.Switched(wallet.SwitchSkipTokens)
	for i, t := range h.Tokens {
		at, ok := h.client[t.Order]
		switch {
		case !ok, spared && !posted[i]:
		case posted[i]:
			refused = append(refused, wallet.TokenFault{Index: at, Err: wallet.ErrTokenReplayed})
		default:
			_ = p.Tokens.Issue(ctx, t)
		}
	}
	return refused
}
