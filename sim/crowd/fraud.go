package crowd

import (
	"context"

	"hongbao/reference/wallet"
)

// cheatEvery is how many wins there are to each attempt of a kind to get more than is due. Ours: dozens of attempts in
// every regression, too few to move a figure.
const cheatEvery = 50

// maybeAboveCap asks, beside the honest request, for more than a single grant may be (C6).
func (c *Crowd) maybeAboveCap(ctx context.Context, p int64, r wallet.GrantRequest) {
	if !c.cheats.Hit(1, cheatEvery) {
		return
	}
	for _, child := range c.cluster.Scenario.Activity.Children {
		if child.From <= r.Opened && r.Opened < child.To {
			r.Amount = child.SingleCap + 1
			c.cheat(ctx, p, r)
		}
	}
}

// maybeTwiceOver asks, once the honest request is acknowledged, for twice as much under the same number (O3).
func (c *Crowd) maybeTwiceOver(ctx context.Context, p int64, r wallet.GrantRequest) {
	if c.cheats.Hit(1, cheatEvery) {
		r.Amount *= 2
		c.cheat(ctx, p, r)
	}
}

// loot is a token that belongs to somebody else.
type loot struct {
	person int64
	sealed []byte
}

// maybeForeign looks at the wallet page with the token that somebody else was given last (T7).
func (c *Crowd) maybeForeign(ctx context.Context, p int64, who wallet.Caller, given []byte) {
	stolen := c.stolen
	if len(given) > 0 {
		c.stolen = loot{p, given}
	}
	if stolen.sealed == nil || stolen.person == p || !c.cheats.Hit(1, cheatEvery) {
		return
	}
	c.later(0, func() {
		r := wallet.PageRequest{Caller: who, At: c.Now(), Limit: pageLimit}
		id := c.oracle.PageSent(p, r, c.Now()) // a page with no token that counts
		r.Tokens = [][]byte{stolen.sealed}
		page, err := c.page(ctx, r)
		c.oracle.PageAnswered(id, page, err, c.Now())
	})
}

// cheat asks once for what nobody is due. It is no part of the load; what is answered is the oracle's to judge.
func (c *Crowd) cheat(ctx context.Context, p int64, r wallet.GrantRequest) {
	c.later(0, func() {
		_, err := c.try(ctx, c.oracle.GrantSent(p, r, c.Now()), r)
		c.meter.Answered("cheat", err)
	})
}
