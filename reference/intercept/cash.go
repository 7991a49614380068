package intercept

import (
	"context"

	"hongbao/reference/wallet"
)

type (
	identities  struct{ port[wallet.IdentityStore] }
	orders      struct{ port[wallet.Orders] }
	openOrders  struct{ port[wallet.OpenOrders] }
	admissions  struct{ port[wallet.AdmissionStore] }
	budgets     struct{ port[wallet.Budgets] }
	tokens      struct{ port[wallet.Tokens] }
	backlog     struct{ port[wallet.Backlog] }
	ledger      struct{ port[wallet.Ledger] }
	withdrawals struct{ port[wallet.Withdrawals] }
	days        struct{ port[wallet.WithdrawalDays] }
	bank        struct{ port[wallet.Bank] }
)

// Identities puts h around the calls of next.
func Identities(next wallet.IdentityStore, h Hook) wallet.IdentityStore {
	return &identities{port[wallet.IdentityStore]{next, h}}
}

func (p *identities) Person(ctx context.Context, a wallet.Account) (wallet.Person, error) {
	return get1(ctx, &p.port, Call{Port: PortIdentities, Method: "Person", Account: a}, wallet.IdentityStore.Person, a)
}

func (p *identities) Row(ctx context.Context, a wallet.Account, phone wallet.Phone) (wallet.AccountRow, wallet.ActID, error) {
	return pair2(ctx, &p.port, Call{Port: PortIdentities, Method: "Row", Account: a}, wallet.IdentityStore.Row, a, phone)
}

func (p *identities) Apply(ctx context.Context, c wallet.IdentityChange) (wallet.Person, error) {
	return get1(ctx, &p.port, Call{Port: PortIdentities, Method: "Apply", Account: c.Account, Writes: 1}, wallet.IdentityStore.Apply, c)
}

// Orders puts h around the calls of next.
func Orders(next wallet.Orders, h Hook) wallet.Orders { return &orders{port[wallet.Orders]{next, h}} }

func (p *orders) Create(ctx context.Context, o wallet.Order) (wallet.Order, bool, error) {
	return create(ctx, &p.port, Call{Port: PortOrders, Method: "Create", Order: o.No, Writes: 1}, wallet.Orders.Create, o)
}

func (p *orders) Get(ctx context.Context, nos []wallet.OrderNo) ([]wallet.Order, error) {
	return get1(ctx, &p.port, Call{Port: PortOrders, Method: "Get", Order: first(nos)}, wallet.Orders.Get, nos)
}

func (p *orders) Finish(ctx context.Context, nos []wallet.OrderNo, s wallet.OrderState) error {
	return do2(ctx, &p.port, Call{Port: PortOrders, Method: "Finish", Order: first(nos), Writes: 1}, wallet.Orders.Finish, nos, s)
}

func (p *orders) Of(ctx context.Context, id wallet.ActID, s wallet.Stage) ([]wallet.Order, error) {
	return get2(ctx, &p.port, Call{Port: PortOrders, Method: "Of", Person: id}, wallet.Orders.Of, id, s)
}

// OpenOrders puts h around the calls of next.
func OpenOrders(next wallet.OpenOrders, h Hook) wallet.OpenOrders {
	return &openOrders{port[wallet.OpenOrders]{next, h}}
}

func (p *openOrders) Open(ctx context.Context, before wallet.Instant, from wallet.ScanCursor, limit int) ([]wallet.Order, wallet.ScanCursor, error) {
	return pair3(ctx, &p.port, Call{Port: PortOpenOrders, Method: "Open", Background: true}, wallet.OpenOrders.Open, before, from, limit)
}

func (p *openOrders) OpenCount(ctx context.Context) (int64, error) {
	return get0(ctx, &p.port, Call{Port: PortOpenOrders, Method: "OpenCount", Background: true}, wallet.OpenOrders.OpenCount)
}

// Admissions puts h around the calls of next.
func Admissions(next wallet.AdmissionStore, h Hook) wallet.AdmissionStore {
	return &admissions{port[wallet.AdmissionStore]{next, h}}
}

func (p *admissions) Admit(ctx context.Context, o wallet.Order, block wallet.BlockID) (wallet.Admitted, error) {
	return get2(ctx, &p.port, Call{Port: PortAdmissions, Method: "Admit", Order: o.No, Writes: 1}, wallet.AdmissionStore.Admit, o, block)
}

func (p *admissions) Get(ctx context.Context, nos []wallet.OrderNo) ([]wallet.Order, error) {
	return get1(ctx, &p.port, Call{Port: PortAdmissions, Method: "Get", Order: first(nos)}, wallet.AdmissionStore.Get, nos)
}

// Budgets puts h around the calls of next.
func Budgets(next wallet.Budgets, h Hook) wallet.Budgets {
	return &budgets{port[wallet.Budgets]{next, h}}
}

func (p *budgets) Reserve(ctx context.Context, no wallet.OrderNo, amount, budget wallet.Money) error {
	return do3(ctx, &p.port, Call{Port: PortBudgets, Method: "Reserve", Order: no, Writes: 1}, wallet.Budgets.Reserve, no, amount, budget)
}

func (p *budgets) Spent(ctx context.Context, s wallet.Stage) (wallet.Money, error) {
	return get1(ctx, &p.port, Call{Port: PortBudgets, Method: "Spent"}, wallet.Budgets.Spent, s)
}

// Tokens puts h around the calls of next.
func Tokens(next wallet.Tokens, h Hook) wallet.Tokens { return &tokens{port[wallet.Tokens]{next, h}} }

func (p *tokens) Issue(ctx context.Context, t wallet.Token) error {
	return do1(ctx, &p.port, Call{Port: PortTokens, Method: "Issue", Order: t.Order, Writes: 1}, wallet.Tokens.Issue, t)
}

func (p *tokens) List(ctx context.Context, id wallet.ActID, s wallet.Stage) ([]wallet.Token, error) {
	return get2(ctx, &p.port, Call{Port: PortTokens, Method: "List", Person: id}, wallet.Tokens.List, id, s)
}

func (p *tokens) Mark(ctx context.Context, nos []wallet.OrderNo, s wallet.TokenStatus) error {
	return do2(ctx, &p.port, Call{Port: PortTokens, Method: "Mark", Order: first(nos), Writes: 1}, wallet.Tokens.Mark, nos, s)
}

// Backlog puts h around the calls of next. Answer.Count of Take is the number of leased credits.
func Backlog(next wallet.Backlog, h Hook) wallet.Backlog {
	return &backlog{port[wallet.Backlog]{next, h}}
}

func (p *backlog) Push(ctx context.Context, cs []wallet.Credit) error {
	return do1(ctx, &p.port, credits(PortBacklog, "Push", cs), wallet.Backlog.Push, cs)
}

func (p *backlog) Take(ctx context.Context, shard, limit int) ([]wallet.HeldPosting, error) {
	call := Call{Port: PortBacklog, Method: "Take", Writes: 1, Background: true}
	n, err := p.hook.Before(ctx, call)
	if err != nil {
		return nil, stopped(err, func() { _, _ = p.next.Take(ctx, shard, limit) })
	}
	defer p.hook.Release()
	held, err := p.next.Take(ctx, shard, limit)
	return held, p.hook.After(ctx, call, n, Answer{Err: err, Count: len(held)})
}

func (p *backlog) Ack(ctx context.Context, shard int, ids []uint64) error {
	return do2(ctx, &p.port, Call{Port: PortBacklog, Method: "Ack", Writes: 1, Background: true}, wallet.Backlog.Ack, shard, ids)
}

func (p *backlog) Depth(ctx context.Context) (int64, error) {
	return get0(ctx, &p.port, Call{Port: PortBacklog, Method: "Depth", Background: true}, wallet.Backlog.Depth)
}

// Ledger puts h around the calls of next. Answer.Count of Post is the number of credits that it posted and that were not posted before.
func Ledger(next wallet.Ledger, h Hook) wallet.Ledger { return &ledger{port[wallet.Ledger]{next, h}} }

func (p *ledger) Post(ctx context.Context, batch []wallet.Credit) ([]wallet.PostOutcome, error) {
	call := credits(PortLedger, "Post", batch)
	n, err := p.hook.Before(ctx, call)
	if err != nil {
		return nil, stopped(err, func() { _, _ = p.next.Post(ctx, batch) })
	}
	defer p.hook.Release()
	posted, err := p.next.Post(ctx, batch)
	answer := Answer{Err: err}
	for _, one := range posted {
		if one == wallet.PostedNow {
			answer.Count++
		}
	}
	return posted, p.hook.After(ctx, call, n, answer)
}

func (p *ledger) Transfer(ctx context.Context, t wallet.Transfer) error {
	account, request := t.No.Key()
	return do1(ctx, &p.port, Call{Port: PortLedger, Method: "Transfer", Account: account, Request: request, Writes: 1}, wallet.Ledger.Transfer, t)
}

func (p *ledger) View(ctx context.Context, q wallet.ViewQuery) (wallet.View, error) {
	call := Call{Port: PortLedger, Method: "View"}
	if len(q.Wallets) > 0 {
		call.Person = q.Wallets[0]
	}
	return get1(ctx, &p.port, call, wallet.Ledger.View, q)
}

// Withdrawals puts h around the calls of next.
func Withdrawals(next wallet.Withdrawals, h Hook) wallet.Withdrawals {
	return &withdrawals{port[wallet.Withdrawals]{next, h}}
}

func (p *withdrawals) Create(ctx context.Context, w wallet.Withdrawal) (wallet.Withdrawal, bool, error) {
	return create(ctx, &p.port, withdrawal(PortWithdrawals, "Create", w.No, 1), wallet.Withdrawals.Create, w)
}

func (p *withdrawals) Get(ctx context.Context, no wallet.WithdrawalNo) (wallet.Withdrawal, error) {
	return get1(ctx, &p.port, withdrawal(PortWithdrawals, "Get", no, 0), wallet.Withdrawals.Get, no)
}

func (p *withdrawals) Advance(ctx context.Context, no wallet.WithdrawalNo, s wallet.WithdrawalState) error {
	return do2(ctx, &p.port, withdrawal(PortWithdrawals, "Advance", no, 1), wallet.Withdrawals.Advance, no, s)
}

func (p *withdrawals) Of(ctx context.Context, id wallet.ActID, s wallet.Stage, limit int) ([]wallet.Withdrawal, error) {
	return get3(ctx, &p.port, Call{Port: PortWithdrawals, Method: "Of", Person: id}, wallet.Withdrawals.Of, id, s, limit)
}

func (p *withdrawals) Unfinished(ctx context.Context, before wallet.Instant, from wallet.ScanCursor, limit int) ([]wallet.Withdrawal, wallet.ScanCursor, error) {
	return pair3(ctx, &p.port, Call{Port: PortWithdrawals, Method: "Unfinished", Background: true}, wallet.Withdrawals.Unfinished, before, from, limit)
}

// Days puts h around the calls of next.
func Days(next wallet.WithdrawalDays, h Hook) wallet.WithdrawalDays {
	return &days{port[wallet.WithdrawalDays]{next, h}}
}

func (p *days) Take(ctx context.Context, w wallet.Withdrawal, l wallet.DayLimit) error {
	return do2(ctx, &p.port, withdrawal(PortDays, "Take", w.No, 1), wallet.WithdrawalDays.Take, w, l)
}

func (p *days) GiveBack(ctx context.Context, w wallet.Withdrawal) error {
	return do1(ctx, &p.port, withdrawal(PortDays, "GiveBack", w.No, 1), wallet.WithdrawalDays.GiveBack, w)
}

// Bank puts h around the calls of next.
func Bank(next wallet.Bank, h Hook) wallet.Bank { return &bank{port[wallet.Bank]{next, h}} }

func (p *bank) Pay(ctx context.Context, no wallet.WithdrawalNo, amount wallet.Money) error {
	return do2(ctx, &p.port, withdrawal(PortBank, "Pay", no, 1), wallet.Bank.Pay, no, amount)
}

// first returns the first of a batch of order numbers.
func first(nos []wallet.OrderNo) (no wallet.OrderNo) {
	if len(nos) > 0 {
		no = nos[0]
	}
	return no
}

// credits describes a call that writes a batch of credits.
func credits(p Port, method string, cs []wallet.Credit) Call {
	c := Call{Port: p, Method: method, Writes: int64(len(cs))}
	if len(cs) > 0 {
		c.Order = cs[0].Order
	}
	return c
}

// withdrawal describes a call about one withdrawal.
func withdrawal(p Port, method string, no wallet.WithdrawalNo, writes int64) Call {
	return Call{Port: p, Method: method, Account: no.Account, Request: no.Request, Writes: writes}
}
