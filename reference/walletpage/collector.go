package walletpage

import (
	"context"
	"slices"

	"hongbao/reference/wallet"
)

// TokenCollector reads a person's tokens from their two copies (T2, T8): the server's list, and the copies that a
// client sends when its page lacks money that they promise.
type TokenCollector struct {
	Tokens wallet.Tokens
	Sealer wallet.Sealer
	Clock  wallet.Clock

	// Switched reports whether a degrade switch is on (D3); nil: all are off.
	Switched func(wallet.Switch) bool
}

// CollectedTokens are a person's tokens of one stage.
type CollectedTokens struct {
	Tokens  []wallet.Token // each order once; the server's by number within a wallet, then those that only the client had
	Missing bool           // the server's list could not be read
	Refused []wallet.TokenRefusal
	client  map[wallet.OrderNo]int // tokens that only the client had → their index in the request
}

// numbers returns the order numbers of the tokens.
func (h CollectedTokens) numbers() []wallet.OrderNo {
	if len(h.Tokens) == 0 {
		return nil
	}
	nos := make([]wallet.OrderNo, len(h.Tokens))
	for i, t := range h.Tokens {
		nos[i] = t.Order
	}
	return nos
}

// Collect returns the person's tokens that the server's list does not show as posted. It does not fail: if the server's
// list cannot be read, Missing is set; a client's token that is not accepted is in Refused.
func (p *TokenCollector) Collect(ctx context.Context, who wallet.Person, s wallet.Stage, sealed [][]byte) CollectedTokens {
	var h CollectedTokens
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
			h.Refused = append(h.Refused, wallet.TokenRefusal{Index: i, Err: err})
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

// restore writes tokens that only the client had to the server's list and the backlog (T8). A token that is posted
// already is refused with ErrTokenReplayed, so that the client deletes it. If the store fails, or SwitchSkipTokens is
// on, nothing is written, and the next visit tries again. Idempotent.
func (p *TokenCollector) restore(ctx context.Context, h CollectedTokens, posted []bool) (refused []wallet.TokenRefusal) {
	skip := p.Switched != nil && p.Switched(wallet.SwitchSkipTokens)
	for i, t := range h.Tokens {
		at, ok := h.client[t.Order]
		switch {
		case !ok, skip && !posted[i]:
		case posted[i]:
			refused = append(refused, wallet.TokenRefusal{Index: at, Err: wallet.ErrTokenReplayed})
		default:
			_ = p.Tokens.Issue(ctx, t)
		}
	}
	return refused
}
