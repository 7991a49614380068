package crash

import (
	"context"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
	"hongbao/sim/oracle"
)

// pageLimit is how many lines a client asks for: all that a page may have.
const pageLimit = wallet.MaxPage

// person is one human being with one account and the client that keeps their tokens. One worker at a time moves it.
type person struct {
	id     oracle.Person
	caller wallet.Caller
	plays  int32 // how often they have won
	held   []held

	grants []openGrant // whose outcome their client does not know
	payout *openPayout // the same of a withdrawal; they begin no other before
}

// held is a client's copy of a token.
type held struct {
	order  wallet.OrderNo
	sealed []byte
}

// openGrant is a grant that was asked for.
type openGrant struct {
	id      oracle.GrantID
	request wallet.GrantRequest
	unknown bool // a try of it had no answer
}

// openPayout is a withdrawal that was asked for.
type openPayout struct {
	id      oracle.WithdrawID
	request wallet.WithdrawRequest
	unknown bool // a try of it had no answer
}

// win asks for a grant of a play that they never won before.
func (c *crowd) win(ctx context.Context, p *person, amount wallet.Money, hedge bool) {
	g := openGrant{request: wallet.GrantRequest{Caller: p.caller, Activity: c.activity, Scene: scene, Rain: p.plays, Award: wallet.Cash, Amount: amount}}
	p.plays++
	c.tell(func(o *oracle.Oracle, now wallet.Instant) {
		g.request.Opened = now
		g.id = o.GrantSent(p.id, g.request, now)
	})
	if hedge {
		// The impatient press twice: two instances are asked for the same at the same time.
		second := make(chan error)
		go func() {
			_, err := c.grant(ctx, g)
			second <- err
		}()
		defer func() { <-second }()
	}
	c.pursue(ctx, p, g)
}

// spendRest grants what is left of the budget, to the last fen, and wants one fen more to be refused.
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

// pursue repeats a grant until its outcome is known or patience ends; then it is left open.
func (c *crowd) pursue(ctx context.Context, p *person, g openGrant) {
	var reply wallet.GrantReply
	err := c.insist(ctx, func() (err error) {
		reply, err = c.grant(ctx, g)
		g.unknown = g.unknown || unknown(err)
		return err
	})
	if !wallet.Retryable(err) {
		c.learnt(g.unknown)
	}
	switch {
	case err == nil:
		c.granted(reply.Amount)
		if len(reply.Token) > 0 {
			p.held = append(p.held, held{reply.Order, reply.Token})
		}
	case wallet.Retryable(err):
		p.grants = append(p.grants, g)
	}
}

// grant sends one try.
func (c *crowd) grant(ctx context.Context, g openGrant) (wallet.GrantReply, error) {
	reply, err := ask(ctx, c, func(ctx context.Context, d door) (wallet.GrantReply, error) { return d.Grant(ctx, g.request) })
	c.answered("grant", err)
	c.tell(func(o *oracle.Oracle, now wallet.Instant) { o.GrantAnswered(g.id, g.request, reply, err, now) })
	return reply, err
}

// look reads the wallet page, or the withdraw page. A client whose view lacks a token that it holds asks again with its
// tokens, and shows what comes then (T8).
func (c *crowd) look(ctx context.Context, p *person, withdraw bool) (wallet.Page, error) {
	page, err := c.page(ctx, p, withdraw, nil)
	if err == nil && p.lacks(page) {
		page, err = c.page(ctx, p, withdraw, p.tokens())
	}
	if err == nil {
		p.letGo(page)
	}
	return page, err
}

// page asks for a page. One that lacks what the client holds is shown to nobody.
func (c *crowd) page(ctx context.Context, p *person, withdraw bool, tokens [][]byte) (wallet.Page, error) {
	var page wallet.Page
	err := c.insist(ctx, func() (err error) {
		r := wallet.PageRequest{Caller: p.caller, Limit: pageLimit, Withdraw: withdraw, Tokens: tokens}
		var id oracle.PageID
		c.tell(func(o *oracle.Oracle, now wallet.Instant) {
			r.At = now
			id = o.PageSent(p.id, r, now)
		})
		page, err = ask(ctx, c, func(ctx context.Context, d door) (wallet.Page, error) { return d.Page(ctx, r) })
		c.answered("page", err)
		seen := err
		if err == nil && tokens == nil && p.lacks(page) {
			seen = wallet.ErrUnknown
		}
		c.tell(func(o *oracle.Oracle, now wallet.Instant) { o.PageAnswered(id, page, seen, now) })
		return err
	})
	return page, err
}

// cashIn enters the withdraw page and asks for a part of what it shows.
func (c *crowd) cashIn(ctx context.Context, p *person, part wallet.Money) {
	if p.payout != nil {
		c.claim(ctx, p)
		return
	}
	page, err := c.look(ctx, p, true)
	if err != nil || page.Balance < part {
		return
	}
	o := &openPayout{request: wallet.WithdrawRequest{Caller: p.caller, Amount: page.Balance / part, Tokens: p.tokens()}}
	c.tell(func(judge *oracle.Oracle, now wallet.Instant) {
		o.request.Request, o.request.At = int64(now), now
		o.id = judge.WithdrawSent(p.id, o.request, now)
	})
	p.payout = o
	c.claim(ctx, p)
}

// claim repeats the open withdrawal until its outcome is known or patience ends.
func (c *crowd) claim(ctx context.Context, p *person) {
	w := p.payout
	err := c.insist(ctx, func() error {
		reply, err := ask(ctx, c, func(ctx context.Context, d door) (wallet.WithdrawReply, error) { return d.Withdraw(ctx, w.request) })
		c.answered("withdraw", err)
		c.tell(func(o *oracle.Oracle, now wallet.Instant) { o.WithdrawAnswered(w.id, reply, err, now) })
		if err == nil && reply.State == wallet.WithdrawalAsked {
			err = wallet.ErrUnknown
		}
		w.unknown = w.unknown || unknown(err)
		return err
	})
	if !wallet.Retryable(err) {
		c.learnt(w.unknown)
		p.payout = nil
	}
}

// tokens returns the copies that the client holds, the newest when there are too many for a request.
func (p *person) tokens() [][]byte {
	var sealed [][]byte
	for _, h := range p.held[max(0, len(p.held)-wallet.MaxClientTokens):] {
		sealed = append(sealed, h.sealed)
	}
	return sealed
}

// lacks says whether the page does not show a grant that the client holds a token for.
func (p *person) lacks(page wallet.Page) bool {
	return page.Next == (wallet.Cursor{}) && slices.ContainsFunc(p.held, func(h held) bool {
		return !slices.ContainsFunc(page.Grants, func(l wallet.Line) bool { return l.Order == h.order })
	})
}

// letGo forgets the tokens of grants that the page shows as posted.
func (p *person) letGo(page wallet.Page) {
	p.held = slices.DeleteFunc(p.held, func(h held) bool {
		return slices.ContainsFunc(page.Grants, func(l wallet.Line) bool { return l.Order == h.order && l.Status == wallet.TokenSuccess })
	})
}

// settled says whether their client has nothing left to ask.
func (p *person) settled() bool { return len(p.grants) == 0 && p.payout == nil && len(p.held) == 0 }
