package oracle

import (
	"slices"

	"hongbao/reference/wallet"
)

// The festival of the tests: three consecutive stages of one hour.
const (
	hour      = wallet.Instant(3600 * 1e6)
	opening   = 1_000 * hour
	budget    = wallet.Money(100_000)
	singleCap = wallet.Money(2_000)
	scene     = wallet.SceneID("rain-cash")
)

func festival() wallet.Activity {
	a := wallet.Activity{Parent: "spring-2022"}
	for s := wallet.InternalTest; s <= wallet.Official; s++ {
		from := opening + wallet.Instant(s-1)*hour
		a.Children = append(a.Children, wallet.Child{ID: wallet.ActivityID(s.String()), Stage: s, From: from, To: from + hour, Budget: budget, SingleCap: singleCap})
	}
	return a
}

// modelOrder is an order of the model wallet and its state.
type modelOrder struct {
	wallet.Order
	posted wallet.Instant // 0: not yet
	status wallet.TokenStatus
}

// payout is a withdrawal of the model wallet.
type payout struct {
	wallet.Withdrawal
	held wallet.Instant
	back wallet.Instant // 0: it was paid
	gave []wallet.Leg   // what each of the person's wallets contributed
}

// model is a small correct wallet that reports to an oracle as a crowd would. Its clock advances by a microsecond per step.
type model struct {
	*Oracle
	strategy wallet.Strategy
	now      wallet.Instant
	wallets  map[wallet.Account][]wallet.ActID // the present one first
	last     wallet.ActID
	phones   map[Person]bool
	orders   []*modelOrder
	payouts  []*payout
	requests int64
	declines map[wallet.WithdrawalNo]bool // withdrawals that the bank declines
	seen     []GrantWait
}

func newModel(strategy wallet.Strategy) *model {
	m := &model{strategy: strategy, now: opening + 1, wallets: map[wallet.Account][]wallet.ActID{}, phones: map[Person]bool{}}
	m.Oracle = New(Config{Strategy: strategy, Activity: festival(), People: 8, OnGrantWait: func(s GrantWait) { m.seen = append(m.seen, s) }})
	return m
}

func (m *model) tick() wallet.Instant { m.now++; return m.now }

// caller is the person's user in an app: one account per family.
func (m *model) caller(p Person, app wallet.App) wallet.Caller {
	return wallet.Caller{App: app, User: wallet.UserID(p*10) + wallet.UserID(app.Family())}
}

// of returns the wallets of a caller.
func (m *model) of(c wallet.Caller) []wallet.ActID {
	a := wallet.AccountOf(c.App, c.User)
	if len(m.wallets[a]) == 0 {
		m.last++
		m.wallets[a] = []wallet.ActID{m.last}
		if p := Person(c.User / 10); m.phones[p] {
			m.wallets[wallet.Account{Family: 3 - a.Family, User: wallet.UserID(p*10) + wallet.UserID(3-a.Family)}] = m.wallets[a]
		}
	}
	return m.wallets[a]
}

// joinFromStart makes a person whose phone was bound before the festival.
func (m *model) joinFromStart(p Person) {
	m.phones[p] = true
	m.PhoneBound(p)
}

// bind binds a phone to both of the person's accounts, one after the other.
func (m *model) bind(p Person) { m.bindWith(p, nil) }

// bindWith does the same; err is the error of the last answer.
func (m *model) bindWith(p Person, err error) {
	first, second := m.caller(p, wallet.Douyin), m.caller(p, wallet.Toutiao)
	m.BindSent(p, first, m.tick())
	m.BindAnswered(p, first, person(m.of(first)), nil, m.tick())
	m.BindSent(p, second, m.tick())
	if former := m.of(second); former[0] != m.of(first)[0] {
		all := append(slices.Clone(m.of(first)), former...)
		m.wallets[wallet.AccountOf(first.App, first.User)] = all
		m.wallets[wallet.AccountOf(second.App, second.User)] = all
	}
	m.BindAnswered(p, second, person(m.of(second)), err, m.tick())
}

func person(wallets []wallet.ActID) wallet.Person {
	return wallet.Person{ActID: wallets[0], Former: wallets[1:]}
}

// win is a grant request for a win at this moment.
func (m *model) win(p Person, app wallet.App, rain int32, amount wallet.Money) wallet.GrantRequest {
	return wallet.GrantRequest{Caller: m.caller(p, app), Activity: "spring-2022", Scene: scene, Rain: rain, Award: wallet.Cash, Amount: amount, Opened: m.tick()}
}

// apply grants like a correct wallet: once per order number, within cap and budget.
func (m *model) apply(r wallet.GrantRequest) (wallet.GrantReply, error) {
	stage := m.stage(r.Opened)
	var spent wallet.Money
	for _, o := range m.orders {
		if o.No.Stage == stage {
			spent += o.Amount
		}
	}
	for _, id := range m.of(r.Caller) {
		no := wallet.OrderNo{ActID: id, Scene: r.Scene, Rain: r.Rain, Award: r.Award, Stage: stage}
		for _, o := range m.orders {
			if o.No == no && o.Amount != r.Amount {
				return wallet.GrantReply{}, wallet.ErrConflict
			} else if o.No == no {
				return m.reply(o), nil
			}
		}
	}
	switch {
	case r.Amount > singleCap:
		return wallet.GrantReply{}, wallet.ErrOverCap
	case spent+r.Amount > budget:
		return wallet.GrantReply{}, wallet.ErrOverBudget
	}
	no := wallet.OrderNo{ActID: m.of(r.Caller)[0], Scene: r.Scene, Rain: r.Rain, Award: r.Award, Stage: stage}
	o := &modelOrder{Order: wallet.Order{No: no, Amount: r.Amount, Opened: r.Opened, Created: m.now}}
	m.orders = append(m.orders, o)
	if m.strategy == wallet.StrategySync {
		m.post(o)
	}
	return m.reply(o), nil
}

func (m *model) reply(o *modelOrder) wallet.GrantReply {
	state := wallet.GrantAccepted
	if o.posted != 0 {
		state = wallet.GrantPosted
	}
	return wallet.GrantReply{Order: o.No, Amount: o.Amount, State: state}
}

// post puts an order into the ledger.
func (m *model) post(o *modelOrder) {
	if o.posted == 0 {
		o.posted, o.status, o.State = m.tick(), wallet.TokenSuccess, wallet.OrderSettled
	}
}

// postAll empties the backlog.
func (m *model) postAll() {
	for _, o := range m.orders {
		m.post(o)
	}
}

// grant sends a win and records its answer.
func (m *model) grant(p Person, app wallet.App, rain int32, amount wallet.Money) GrantID {
	r := m.win(p, app, rain, amount)
	id := m.GrantSent(p, r, m.tick())
	reply, err := m.apply(r)
	m.GrantAnswered(id, r, reply, err, m.tick())
	return id
}

// page is the correct page at this moment.
func (m *model) page(r wallet.PageRequest) wallet.Page {
	page := wallet.Page{Stage: m.stage(r.At)}
	wallets := m.of(r.Caller)
	var lines []wallet.Line
	for _, o := range m.orders {
		if r.Withdraw && slices.Contains(wallets, o.No.ActID) && o.No.Stage == page.Stage {
			m.post(o)
		}
		if !slices.Contains(wallets, o.No.ActID) || o.No.Stage != page.Stage || m.strategy != wallet.StrategyToken && o.posted == 0 {
			continue
		}
		page.Income += o.Amount
		lines = append(lines, wallet.Line{Order: o.No, Amount: o.Amount, Opened: o.Opened, Status: o.status})
	}
	page.Balance = page.Income
	for i := len(m.payouts) - 1; i >= 0; i-- {
		if w := m.payouts[i]; slices.Contains(wallets, w.Owner) && w.Stage == page.Stage {
			if w.State != wallet.WithdrawalReturned {
				page.Balance -= w.Amount
			}
			if r.After == (wallet.Cursor{}) {
				page.Withdrawals = append(page.Withdrawals, w.Withdrawal)
			}
		}
	}
	slices.SortFunc(lines, func(a, b wallet.Line) int {
		if (wallet.Cursor{Opened: a.Opened, Order: a.Order}).After(b.Opened, b.Order) {
			return -1
		}
		return 1
	})
	for _, l := range lines {
		if !r.After.After(l.Opened, l.Order) {
			continue
		}
		if len(page.Grants) == r.Limit {
			last := page.Grants[r.Limit-1]
			page.Next = wallet.Cursor{Opened: last.Opened, Order: last.Order}
			break
		}
		page.Grants = append(page.Grants, l)
	}
	return page
}
