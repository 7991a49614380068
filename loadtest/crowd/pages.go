package crowd

import (
	"context"

	"hongbao/loadtest/attack"
	"hongbao/reference/wallet"
	"hongbao/sim/oracle"
)

// pageLimit is how many lines an app asks for; browseLimit when somebody walks the whole list in small pages.
const (
	pageLimit   = 50
	browseLimit = 2
)

// maxWalk bounds the pages of one walk: no person wins this often.
const maxWalk = 200

// look reads the first page of the wallet page or the withdraw page. A client whose view lacks a token that it holds
// asks again with its tokens and shows what comes then (T8): that answer is what the person sees.
func (c *Crowd) look(ctx context.Context, v Visit, withdraw bool) (wallet.Page, Result) {
	family := v.App.Family()
	r := wallet.PageRequest{Caller: c.caller(v.Person, v.App), Limit: pageLimit, Withdraw: withdraw}
	id := c.ask(v.Person, &r)
	page, err := c.page(ctx, v, r)
	if err == nil && c.purses.lacks(v.Person, family, page) {
		c.answers.count("restore", nil, false)
		c.witness.tell(func(o *oracle.Oracle, now wallet.Instant) { o.PageAnswered(id, wallet.Page{}, wallet.ErrUnknown, now) }) // nobody saw it
		r.Tokens = c.purses.tokens(v.Person, family)
		id = c.ask(v.Person, &r)
		page, err = c.page(ctx, v, r)
	}
	lied := c.witness.tell(func(o *oracle.Oracle, now wallet.Instant) { o.PageAnswered(id, c.witness.ids.page(page), err, now) })
	c.answers.count("page", err, lied)
	if err == nil && !lied {
		c.purses.letGo(v.Person, page)
	}
	out := came(err, lied)
	out.Amount, out.Lines = page.Balance, len(page.Grants)
	return page, out
}

// ask tells the oracle that a page is asked for, and puts the moment into the request.
func (c *Crowd) ask(p uint32, r *wallet.PageRequest) (id oracle.PageID) {
	c.witness.tell(func(o *oracle.Oracle, now wallet.Instant) {
		if r.At == 0 {
			r.At = now
		}
		id = o.PageSent(int64(p), c.witness.ids.request(*r), now)
	})
	return id
}

// page sends a page request until it is answered.
func (c *Crowd) page(ctx context.Context, v Visit, r wallet.PageRequest) (page wallet.Page, err error) {
	err = c.retry(ctx, drawsOf(c.seed, v), func() (err error) {
		page, err = c.target().Page(ctx, r)
		return err
	})
	return page, err
}

// browse walks the whole flow list in small pages while grants go on arriving (P1). A list without an end is no answer.
func (c *Crowd) browse(ctx context.Context, v Visit) Result {
	r := wallet.PageRequest{Caller: c.caller(v.Person, v.App), Limit: browseLimit}
	var walk oracle.WalkID
	c.witness.tell(func(o *oracle.Oracle, now wallet.Instant) {
		r.At = now
		walk = o.WalkSent(int64(v.Person), r, now)
	})
	out := Result{Outcome: attack.Failed} // unless it comes to an end
	for range maxWalk {
		id := c.ask(v.Person, &r)
		page, err := c.page(ctx, v, r)
		lied := c.witness.tell(func(o *oracle.Oracle, now wallet.Instant) {
			seen := c.witness.ids.page(page)
			o.PageAnswered(id, seen, err, now)
			o.WalkPage(walk, seen, err, now)
		})
		c.answers.count("browse", err, lied)
		if err != nil || lied || page.Next == (wallet.Cursor{}) {
			out = came(err, lied)
			out.Amount, out.Lines = page.Balance, len(page.Grants)
			break
		}
		r.After = page.Next
	}
	if c.witness.tell(func(o *oracle.Oracle, now wallet.Instant) { o.WalkEnd(walk, now) }) {
		out.Outcome, out.Reason = attack.Failed, ReasonLie
	}
	return out
}

// cashIn enters the withdraw page and withdraws all that it shows. Who is shown nothing has been told no: the operation
// counts as refused, and apart as one that had nothing to ask for.
func (c *Crowd) cashIn(ctx context.Context, v Visit) Result {
	page, out := c.look(ctx, v, true)
	if out.Outcome != attack.OK {
		return out
	}
	if page.Balance <= 0 {
		return c.nothing(Withdraw)
	}
	r := wallet.WithdrawRequest{Caller: c.caller(v.Person, v.App), Request: c.number.Add(1), Amount: page.Balance,
		Tokens: c.purses.tokens(v.Person, v.App.Family())}
	var id oracle.WithdrawID
	c.witness.tell(func(o *oracle.Oracle, now wallet.Instant) {
		r.At = now
		id = o.WithdrawSent(int64(v.Person), r, now)
	})
	var reply wallet.WithdrawReply
	lied := false
	err := c.retry(ctx, drawsOf(c.seed, v), func() (err error) {
		reply, err = c.target().Withdraw(ctx, r)
		lie := c.witness.tell(func(o *oracle.Oracle, now wallet.Instant) { o.WithdrawAnswered(id, reply, err, now) })
		if err == nil && reply.State == wallet.WithdrawalRefused {
			err = wallet.ErrInsufficient
		}
		c.answers.count("withdraw", err, lie)
		lied = lied || lie
		return err
	})
	out = came(err, lied)
	out.Amount = reply.Amount
	return out
}
