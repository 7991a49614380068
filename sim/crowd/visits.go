package crowd

import (
	"context"
	"slices"

	"hongbao/reference/wallet"
	"hongbao/scenarios/traffic"
	"hongbao/sim/cluster"
)

// pageLimit is the number of lines that an app requests; browseLimit that of a walk through the whole list in small pages.
const (
	pageLimit   = 50
	browseLimit = 2
)

// maxWalk is the maximum number of pages that a client reads of one list. The list of a person never has so many pages: the
// limit ends the loop if the cursors of a faulty wallet never end.
const maxWalk = 200

// after schedules what people do after a win: bind a phone, read the wallet page in this or another app, and return later.
func (c *Crowd) after(a traffic.Arrival, persona traffic.Persona) {
	if persona.BindsLater && c.windows[a.Window].Stage == wallet.Official && c.known.Add(a.Person) {
		c.schedule(toBind, a.Person, a.App, c.within(c.people.After.LookDelay))
	}
	if !c.hit(c.people.After.Look) {
		return
	}
	app := c.appOf(persona, a.App)
	c.schedule(toVisit, a.Person, app, c.within(c.people.After.LookDelay))
	if c.hit(c.people.After.SecondLook) {
		c.schedule(toComeBack, a.Person, app, c.within(c.people.After.SecondLookDelay))
	}
}

// visit reads the wallet page and sometimes withdraws the balance or sends a packet.
func (c *Crowd) visit(ctx context.Context, p int64, app wallet.App) {
	if c.hit(c.people.After.Browse) {
		c.browse(ctx, p, app)
		return
	}
	page, ok := c.readPage(ctx, p, app, false)
	if ok && page.Balance > 0 && c.hit(c.people.After.Withdraw) {
		c.later(c.within(c.people.After.WithdrawDelay), func() { c.withdrawAll(ctx, p, app) })
	}
	if ok && page.Balance > 0 && c.hit(c.people.After.Send) {
		c.later(c.within(c.people.After.SendDelay), func() { c.sendPacket(ctx, p, app) })
	}
}

// withdrawAll reads the withdraw page and withdraws its balance, or as much as the daily limit allows.
func (c *Crowd) withdrawAll(ctx context.Context, p int64, app wallet.App) {
	page, ok := c.readPage(ctx, p, app, true)
	if ok && page.Balance > 0 {
		amount := page.Balance
		if most := c.cluster.Settings.WithdrawPerDay; most > 0 {
			amount = min(amount, most)
		}
		c.withdraw(ctx, p, app, amount)
	}
}

// readPage reads the first page of the wallet page or the withdraw page. If the page lacks a token that the client holds,
// the client requests it again with its tokens (T8), and the person sees only that second answer.
func (c *Crowd) readPage(ctx context.Context, p int64, app wallet.App, withdraw bool) (wallet.Page, bool) {
	r := wallet.PageRequest{Caller: c.caller(p, app), At: c.Now(), Limit: pageLimit, Withdraw: withdraw}
	id := c.oracle.PageSent(p, r, c.Now())
	page, err := c.page(ctx, r)
	if err == nil && c.lacks(p, app, page) {
		c.meter.Restored++
		c.oracle.PageAnswered(id, wallet.Page{}, wallet.ErrUnknown, c.Now()) // the person does not see it
		r.Tokens = c.tokens(p, app)
		id = c.oracle.PageSent(p, r, c.Now())
		page, err = c.page(ctx, r)
	}
	c.oracle.PageAnswered(id, page, err, c.Now())
	if err != nil {
		return page, false
	}
	c.dropPosted(p, page)
	return page, true
}

// page requests a page until it is answered or the tries are used up.
func (c *Crowd) page(ctx context.Context, r wallet.PageRequest) (wallet.Page, error) {
	var page wallet.Page
	err := c.retry(func() error {
		err := c.ask(func(s cluster.API) (err error) { page, err = s.Page(ctx, r); return err })
		c.meter.Answered("page", err)
		c.mix(opPage, r.Caller, int64(page.Balance), err)
		return err
	})
	return page, err
}

// browse reads the whole flow list in small pages while new grants arrive (P1).
func (c *Crowd) browse(ctx context.Context, p int64, app wallet.App) {
	r := wallet.PageRequest{Caller: c.caller(p, app), At: c.Now(), Limit: browseLimit}
	id := c.oracle.WalkSent(p, r, r.At)
	for range maxWalk {
		read := c.oracle.PageSent(p, r, c.Now())
		page, err := c.page(ctx, r)
		c.oracle.PageAnswered(read, page, err, c.Now())
		c.oracle.WalkPage(id, page, err, c.Now())
		if err != nil || page.Next == (wallet.Cursor{}) {
			break
		}
		r.After = page.Next
	}
	c.oracle.WalkEnd(id, c.Now())
}

// withdraw requests a withdrawal until its outcome is known or the tries are used up.
func (c *Crowd) withdraw(ctx context.Context, p int64, app wallet.App, amount wallet.Money) {
	now := c.Now()
	r := wallet.WithdrawRequest{Caller: c.caller(p, app), Request: int64(now), Amount: amount, At: now, Tokens: c.tokens(p, app)}
	id := c.oracle.WithdrawSent(p, r, now)
	_ = c.retry(func() error {
		var reply wallet.WithdrawReply
		err := c.ask(func(s cluster.API) (err error) { reply, err = s.Withdraw(ctx, r); return err })
		c.oracle.WithdrawAnswered(id, reply, err, c.Now())
		c.meter.Answered("withdraw", err)
		c.mix(opWithdraw, r.Caller, int64(amount), err)
		return err
	})
}

// bind binds the person's phone in both account systems.
func (c *Crowd) bind(ctx context.Context, p int64) {
	for _, app := range []wallet.App{wallet.Douyin, wallet.Toutiao} {
		caller := c.caller(p, app)
		c.oracle.BindSent(p, caller, c.Now())
		var who wallet.Person
		err := c.retry(func() error {
			return c.ask(func(s cluster.API) (err error) { who, err = s.Bind(ctx, caller, c.Traffic.PhoneOf(p)); return err })
		})
		c.oracle.BindAnswered(p, caller, who, err, c.Now())
		c.meter.Answered("bind", err)
		c.mix(opBind, caller, int64(who.ActID), err)
	}
}

// caller returns the person as an app's user.
func (c *Crowd) caller(p int64, app wallet.App) wallet.Caller {
	return wallet.Caller{App: app, User: c.Traffic.Account(p, app.Family())}
}

// tokens returns the copies that the apps of one family hold; the newest ones if there are too many for a request.
func (c *Crowd) tokens(p int64, app wallet.App) [][]byte {
	var sealed [][]byte
	for _, h := range c.held[p] {
		if h.family == app.Family() {
			sealed = append(sealed, h.sealed)
		}
	}
	return sealed[max(0, len(sealed)-wallet.MaxClientTokens):]
}

// lacks reports whether the page does not show a grant of its stage that the app holds a token for.
func (c *Crowd) lacks(p int64, app wallet.App, page wallet.Page) bool {
	return page.Next == (wallet.Cursor{}) && slices.ContainsFunc(c.held[p], func(h heldToken) bool {
		return h.family == app.Family() && h.order.Stage == page.Stage && !slices.ContainsFunc(page.Grants, func(l wallet.Line) bool { return l.Order == h.order })
	})
}

// dropPosted drops the tokens of grants that the page shows as posted.
func (c *Crowd) dropPosted(p int64, page wallet.Page) {
	held, ok := c.held[p]
	if !ok {
		return
	}
	held = slices.DeleteFunc(held, func(h heldToken) bool {
		posted := slices.ContainsFunc(page.Grants, func(l wallet.Line) bool { return l.Order == h.order && l.Status == wallet.TokenSuccess })
		if posted {
			c.HeldBytes -= h.bytes()
		}
		return posted
	})
	if len(held) == 0 {
		delete(c.held, p)
		return
	}
	c.held[p] = held
}
