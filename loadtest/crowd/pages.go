package crowd

import (
	"context"

	"hongbao/loadtest/attack"
	"hongbao/reference/wallet"
	"hongbao/sim/oracle"
)

// pageLimit is the number of lines that an app requests; browseLimit is that of a walk through the whole list.
const (
	pageLimit   = 50
	browseLimit = 2
)

// maxWalk bounds the pages of one walk: no person wins this often.
const maxWalk = 200

// readPage reads the first page of the wallet page or the withdraw page. If the page lacks a grant whose token the client
// holds, the client requests it again with its tokens (T8). The person sees the second answer.
func (c *Crowd) readPage(ctx context.Context, v Visit, withdraw bool) (wallet.Page, Result) {
	family := v.App.Family()
	r := wallet.PageRequest{Caller: c.caller(v.Person, v.App), Limit: pageLimit, Withdraw: withdraw}
	id := c.ask(v.Person, &r)
	page, err := c.page(ctx, v, r)
	if err == nil && c.tokens.lacks(v.Person, family, page) {
		c.answers.count("restore", nil, false)
		c.events.record(func(o *oracle.Oracle, now wallet.Instant) { o.PageAnswered(id, wallet.Page{}, wallet.ErrUnknown, now) }) // the person did not see it
		r.Tokens = c.tokens.tokens(v.Person, family)
		id = c.ask(v.Person, &r)
		page, err = c.page(ctx, v, r)
	}
	lied := c.events.record(func(o *oracle.Oracle, now wallet.Instant) { o.PageAnswered(id, c.events.ids.page(page), err, now) })
	c.answers.count("page", err, lied)
	if err == nil && !lied {
		c.tokens.dropPosted(v.Person, page)
	}
	out := resultOf(err, lied)
	out.Amount, out.Lines = page.Balance, len(page.Grants)
	return page, out
}

// ask records the request for a page in the oracle, and puts the time into the request.
func (c *Crowd) ask(p uint32, r *wallet.PageRequest) (id oracle.PageID) {
	c.events.record(func(o *oracle.Oracle, now wallet.Instant) {
		if r.At == 0 {
			r.At = now
		}
		id = o.PageSent(int64(p), c.events.ids.request(*r), now)
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

// browse walks the whole list in small pages while grants keep arriving (P1). A list without an end is a failure.
func (c *Crowd) browse(ctx context.Context, v Visit) Result {
	r := wallet.PageRequest{Caller: c.caller(v.Person, v.App), Limit: browseLimit}
	var walk oracle.WalkID
	c.events.record(func(o *oracle.Oracle, now wallet.Instant) {
		r.At = now
		walk = o.WalkSent(int64(v.Person), r, now)
	})
	out := Result{Outcome: attack.Failed} // unless it ends
	for range maxWalk {
		id := c.ask(v.Person, &r)
		page, err := c.page(ctx, v, r)
		lied := c.events.record(func(o *oracle.Oracle, now wallet.Instant) {
			seen := c.events.ids.page(page)
			o.PageAnswered(id, seen, err, now)
			o.WalkPage(walk, seen, err, now)
		})
		c.answers.count("browse", err, lied)
		if err != nil || lied || page.Next == (wallet.Cursor{}) {
			out = resultOf(err, lied)
			out.Amount, out.Lines = page.Balance, len(page.Grants)
			break
		}
		r.After = page.Next
	}
	if c.events.record(func(o *oracle.Oracle, now wallet.Instant) { o.WalkEnd(walk, now) }) {
		out.Outcome, out.Reason = attack.Failed, ReasonLie
	}
	return out
}

// withdrawAll opens the withdraw page and withdraws the whole balance. Without a balance the operation counts as refused,
// and is also counted as one without anything to request.
func (c *Crowd) withdrawAll(ctx context.Context, v Visit) Result {
	page, out := c.readPage(ctx, v, true)
	if out.Outcome != attack.OK {
		return out
	}
	if page.Balance <= 0 {
		return c.nothingToDo(Withdraw)
	}
	r := wallet.WithdrawRequest{Caller: c.caller(v.Person, v.App), Request: c.number.Add(1), Amount: page.Balance,
		Tokens: c.tokens.tokens(v.Person, v.App.Family())}
	var id oracle.WithdrawID
	c.events.record(func(o *oracle.Oracle, now wallet.Instant) {
		r.At = now
		id = o.WithdrawSent(int64(v.Person), r, now)
	})
	var reply wallet.WithdrawReply
	lied := false
	err := c.retry(ctx, drawsOf(c.seed, v), func() (err error) {
		reply, err = c.target().Withdraw(ctx, r)
		lie := c.events.record(func(o *oracle.Oracle, now wallet.Instant) { o.WithdrawAnswered(id, reply, err, now) })
		if err == nil && reply.State == wallet.WithdrawalRefused {
			err = wallet.ErrInsufficient
		}
		c.answers.count("withdraw", err, lie)
		lied = lied || lie
		return err
	})
	out = resultOf(err, lied)
	out.Amount = reply.Amount
	return out
}
