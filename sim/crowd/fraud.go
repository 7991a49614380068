package crowd

import (
	"context"

	"hongbao/reference/wallet"
)

// fraudEvery is the number of wins for each attempt of one kind of fraud. Our choice: dozens of attempts in every
// regression, too few to change a figure.
const fraudEvery = 50

// tryAboveCap sometimes requests more than the cap of a single grant (C6), in addition to the honest request.
func (c *Crowd) tryAboveCap(ctx context.Context, p int64, r wallet.GrantRequest) {
	if !c.fraud.Hit(1, fraudEvery) {
		return
	}
	for _, child := range c.cluster.Scenario.Activity.Children {
		if child.From <= r.Opened && r.Opened < child.To {
			r.Amount = child.SingleCap + 1
			c.attempt(ctx, p, r)
		}
	}
}

// tryDoubled sometimes requests twice the amount under the same order number (O3), after the honest request is acknowledged.
func (c *Crowd) tryDoubled(ctx context.Context, p int64, r wallet.GrantRequest) {
	if c.fraud.Hit(1, fraudEvery) {
		r.Amount *= 2
		c.attempt(ctx, p, r)
	}
}

// issuedToken is a token and the person whom it was issued to.
type issuedToken struct {
	person int64
	sealed []byte
}

// tryForeignToken sometimes reads the wallet page with the last token that was issued to another person (T7).
func (c *Crowd) tryForeignToken(ctx context.Context, p int64, who wallet.Caller, given []byte) {
	foreign := c.lastToken
	if len(given) > 0 {
		c.lastToken = issuedToken{p, given}
	}
	if foreign.sealed == nil || foreign.person == p || !c.fraud.Hit(1, fraudEvery) {
		return
	}
	c.later(0, func() {
		r := wallet.PageRequest{Caller: who, At: c.Now(), Limit: pageLimit}
		id := c.oracle.PageSent(p, r, c.Now()) // without the token: it must not count
		r.Tokens = [][]byte{foreign.sealed}
		page, err := c.page(ctx, r)
		c.oracle.PageAnswered(id, page, err, c.Now())
	})
}

// attempt sends a fraudulent grant request once. It does not count as load; the oracle judges the reply.
func (c *Crowd) attempt(ctx context.Context, p int64, r wallet.GrantRequest) {
	c.later(0, func() {
		_, err := c.try(ctx, c.oracle.GrantSent(p, r, c.Now()), r)
		c.meter.Answered("cheat", err)
	})
}
