package crash

import (
	"context"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
	"hongbao/sim/oracle"
)

// pageLimit is the number of lines a client requests: the maximum.
const pageLimit = wallet.MaxPage

// person is one person with one account and a client that keeps their tokens. One worker at a time acts for them.
type person struct {
	id     oracle.Person
	caller wallet.Caller
	plays  int32 // number of wins
	held   []held

	grants []openGrant // whose outcome the client does not know
	payout *openPayout // the open withdrawal; there is at most one
}

// held is a client's copy of a token.
type held struct {
	order  wallet.OrderNo
	sealed []byte
}

// openGrant is a grant request without a known outcome.
type openGrant struct {
	id      oracle.GrantID
	request wallet.GrantRequest
	unknown bool // a try had no response
}

// openPayout is a withdrawal request without a known outcome.
type openPayout struct {
	id      oracle.WithdrawID
	request wallet.WithdrawRequest
	unknown bool // a try had no response
}

// win requests a grant for a new play.
func (c *crowd) win(ctx context.Context, p *person, amount wallet.Money, hedge bool) {
	g := openGrant{request: wallet.GrantRequest{Caller: p.caller, Activity: c.activity, Scene: scene, Rain: p.plays, Award: wallet.Cash, Amount: amount}}
	p.plays++
	c.withOracle(func(o *oracle.Oracle, now wallet.Instant) {
		g.request.Opened = now
		g.id = o.GrantSent(p.id, g.request, now)
	})
	if hedge {
		// A hedged request: two instances get the same request at the same time.
		second := make(chan error)
		go func() {
			_, err := c.grant(ctx, g)
			second <- err
		}()
		defer func() { <-second }()
	}
	c.pursue(ctx, p, g)
}

// spendRest grants the rest of the budget completely, and checks that one more fen is refused.
func (c *crowd) spendRest(ctx context.Context, t *testing.T, left wallet.Money) {
	ctx, cancel := context.WithTimeout(ctx, settleWithin)
	defer cancel()
	for i := 0; left > 0; i++ {
		require.NoError(t, ctx.Err(), "%d fen are left", left)
		amount := min(left, c.most)
		c.win(ctx, c.people[i%len(c.people)], amount, false)
		left -= amount
	}
	refusals := func() int64 { return c.count("grant", wallet.ReasonOf(wallet.ErrOverBudget)) }
	before := refusals()
	c.win(ctx, c.people[0], 1, false)
	require.Equal(t, before+1, refusals(), "one fen more than the budget")
}

// pursue repeats a grant until its outcome is known or the tries are used up; then it is left open.
func (c *crowd) pursue(ctx context.Context, p *person, g openGrant) {
	var reply wallet.GrantReply
	err := c.retry(ctx, func() (err error) {
		reply, err = c.grant(ctx, g)
		g.unknown = g.unknown || unknown(err)
		return err
	})
	if !wallet.Retryable(err) {
		c.countResolved(g.unknown)
	}
	switch {
	case err == nil:
		c.countGrant(reply.Amount)
		if len(reply.Token) > 0 {
			p.held = append(p.held, held{reply.Order, reply.Token})
		}
	case wallet.Retryable(err):
		p.grants = append(p.grants, g)
	}
}

// grant sends one try.
func (c *crowd) grant(ctx context.Context, g openGrant) (wallet.GrantReply, error) {
	reply, err := ask(ctx, c, func(ctx context.Context, d instanceClient) (wallet.GrantReply, error) { return d.Grant(ctx, g.request) })
	c.countTry("grant", err)
	c.withOracle(func(o *oracle.Oracle, now wallet.Instant) { o.GrantAnswered(g.id, g.request, reply, err, now) })
	return reply, err
}

// readPage reads the wallet page, or the withdraw page. If the page lacks a token that the client holds, it is
// requested again with the tokens (T8).
func (c *crowd) readPage(ctx context.Context, p *person, withdraw bool) (wallet.Page, error) {
	page, err := c.page(ctx, p, withdraw, nil)
	if err == nil && p.lacks(page) {
		page, err = c.page(ctx, p, withdraw, p.tokens())
	}
	if err == nil {
		p.dropPosted(page)
	}
	return page, err
}

// page requests a page. A page that lacks a token of the client is not shown to the person.
func (c *crowd) page(ctx context.Context, p *person, withdraw bool, tokens [][]byte) (wallet.Page, error) {
	var page wallet.Page
	err := c.retry(ctx, func() (err error) {
		r := wallet.PageRequest{Caller: p.caller, Limit: pageLimit, Withdraw: withdraw, Tokens: tokens}
		var id oracle.PageID
		c.withOracle(func(o *oracle.Oracle, now wallet.Instant) {
			r.At = now
			id = o.PageSent(p.id, r, now)
		})
		page, err = ask(ctx, c, func(ctx context.Context, d instanceClient) (wallet.Page, error) { return d.Page(ctx, r) })
		c.countTry("page", err)
		seen := err
		if err == nil && tokens == nil && p.lacks(page) {
			seen = wallet.ErrUnknown
		}
		c.withOracle(func(o *oracle.Oracle, now wallet.Instant) { o.PageAnswered(id, page, seen, now) })
		return err
	})
	return page, err
}

// withdrawPart opens the withdraw page and requests a part of its balance.
func (c *crowd) withdrawPart(ctx context.Context, p *person, part wallet.Money) {
	if p.payout != nil {
		c.pursuePayout(ctx, p)
		return
	}
	page, err := c.readPage(ctx, p, true)
	if err != nil || page.Balance < part {
		return
	}
	o := &openPayout{request: wallet.WithdrawRequest{Caller: p.caller, Amount: page.Balance / part, Tokens: p.tokens()}}
	c.withOracle(func(judge *oracle.Oracle, now wallet.Instant) {
		o.request.Request, o.request.At = int64(now), now
		o.id = judge.WithdrawSent(p.id, o.request, now)
	})
	p.payout = o
	c.pursuePayout(ctx, p)
}

// pursuePayout repeats the open withdrawal until its outcome is known or the tries are used up.
func (c *crowd) pursuePayout(ctx context.Context, p *person) {
	w := p.payout
	err := c.retry(ctx, func() error {
		reply, err := ask(ctx, c, func(ctx context.Context, d instanceClient) (wallet.WithdrawReply, error) {
			return d.Withdraw(ctx, w.request)
		})
		c.countTry("withdraw", err)
		c.withOracle(func(o *oracle.Oracle, now wallet.Instant) { o.WithdrawAnswered(w.id, reply, err, now) })
		if err == nil && reply.State == wallet.WithdrawalAsked {
			err = wallet.ErrUnknown
		}
		w.unknown = w.unknown || unknown(err)
		return err
	})
	if !wallet.Retryable(err) {
		c.countResolved(w.unknown)
		p.payout = nil
	}
}

// tokens returns the client's tokens; the newest if there are too many for a request.
func (p *person) tokens() [][]byte {
	var sealed [][]byte
	for _, h := range p.held[max(0, len(p.held)-wallet.MaxClientTokens):] {
		sealed = append(sealed, h.sealed)
	}
	return sealed
}

// lacks reports whether the page does not show a grant that the client holds a token for.
func (p *person) lacks(page wallet.Page) bool {
	return page.Next == (wallet.Cursor{}) && slices.ContainsFunc(p.held, func(h held) bool {
		return !slices.ContainsFunc(page.Grants, func(l wallet.Line) bool { return l.Order == h.order })
	})
}

// dropPosted drops the tokens of grants that the page shows as posted.
func (p *person) dropPosted(page wallet.Page) {
	p.held = slices.DeleteFunc(p.held, func(h held) bool {
		return slices.ContainsFunc(page.Grants, func(l wallet.Line) bool { return l.Order == h.order && l.Status == wallet.TokenSuccess })
	})
}

// settled reports whether the client has no open outcomes and no tokens.
func (p *person) settled() bool { return len(p.grants) == 0 && p.payout == nil && len(p.held) == 0 }
