package oracle

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
)

// wrong is a story in which a wallet does one thing wrong.
type wrong struct {
	name     string
	strategy wallet.Strategy
	play     func(*model)
	books    func(*books)
	check    string // that must fail
}

// answered grants as the model does and falsifies the answer.
func (m *model) answered(p Person, rain int32, amount wallet.Money, spoil func(*wallet.GrantReply)) {
	r := m.win(p, wallet.Douyin, rain, amount)
	id := m.GrantSent(p, r, m.tick())
	reply, _ := m.apply(r)
	spoil(&reply)
	m.GrantAnswered(id, r, reply, nil, m.tick())
}

// refused sends a win that nobody grants.
func (m *model) refused(p Person, rain int32, amount wallet.Money, err error) wallet.GrantRequest {
	r := m.win(p, wallet.Douyin, rain, amount)
	id := m.GrantSent(p, r, m.tick())
	m.GrantAnswered(id, r, wallet.GrantReply{}, err, m.tick())
	return r
}

// one is a person who won 500 fen, two who won 500 and 300 fen.
func one(m *model) { m.grant(0, wallet.Douyin, 1, 500) }
func two(m *model) { one(m); m.grant(0, wallet.Douyin, 2, 300) }

// paid is a person who won 500 fen and withdrew 200.
func paid(m *model) { one(m); m.withdraw(0, wallet.Douyin, 200) }

func TestWrongAnswersAreCaught(t *testing.T) {
	catch(t, []wrong{
		// The reply acknowledges another scene's order.
		{"other order", "token", func(m *model) { m.answered(0, 1, 500, func(r *wallet.GrantReply) { r.Order.Rain = 2 }) }, nil, "order-once"},
		// The reply acknowledges another amount.
		{"other amount", "token", func(m *model) { m.answered(0, 1, 500, func(r *wallet.GrantReply) { r.Amount++ }) }, nil, "order-once"},
		// The stage of the retry decided instead of that of the win.
		{"other stage", "token", func(m *model) { m.answered(0, 1, 500, func(r *wallet.GrantReply) { r.Order.Stage++ }) }, nil, "order-once"},
		// The repeat is acknowledged as an order of another wallet: it is paid twice.
		{"two orders", "token", func(m *model) {
			r := m.win(0, wallet.Douyin, 1, 500)
			id := m.GrantSent(0, r, m.tick())
			reply, _ := m.apply(r)
			m.GrantAnswered(id, r, reply, nil, m.tick())
			reply.Order.ActID = 99
			m.GrantAnswered(id, r, reply, nil, m.tick())
		}, nil, "order-once"},
		// Two people are given one wallet.
		{"shared wallet", "token", func(m *model) { one(m); m.answered(1, 1, 400, func(r *wallet.GrantReply) { r.Order.ActID = 1 }) }, nil, "order-once"},
		// Binding gives a person somebody else's wallet.
		{"bound to another's", "token", func(m *model) {
			one(m)
			c := m.caller(1, wallet.Douyin)
			m.BindSent(1, c, m.tick())
			m.BindAnswered(1, c, wallet.Person{ActID: 1}, nil, m.tick())
		}, nil, "order-once"},
		// A conflict with nothing to conflict with.
		{"false conflict", "token", func(m *model) { m.refused(0, 1, 500, wallet.ErrConflict) }, nil, "order-once"},
		// What was acknowledged is refused when it is repeated.
		{"refused after all", "token", func(m *model) {
			r := m.win(0, wallet.Douyin, 1, 500)
			id := m.GrantSent(0, r, m.tick())
			reply, _ := m.apply(r)
			m.GrantAnswered(id, r, reply, nil, m.tick())
			m.GrantAnswered(id, r, reply, wallet.ErrOverBudget, m.tick())
		}, nil, "order-once"},
		// A grant above the cap is acknowledged.
		{"above the cap", "token", func(m *model) {
			r := m.win(0, wallet.Douyin, 1, singleCap+1)
			id := m.GrantSent(0, r, m.tick())
			no := wallet.OrderNo{ActID: 1, Scene: scene, Rain: 1, Award: wallet.Cash, Stage: wallet.InternalTest}
			m.GrantAnswered(id, r, wallet.GrantReply{Order: no, Amount: r.Amount, State: wallet.GrantAccepted}, nil, m.tick())
		}, nil, "no-over-issuance"},
		// The sum of the acknowledged passes the budget.
		{"above the budget", "token", func(m *model) {
			for rain := range int32(budget/singleCap) + 1 {
				r := m.win(0, wallet.Douyin, rain, singleCap)
				id := m.GrantSent(0, r, m.tick())
				no := wallet.OrderNo{ActID: 1, Scene: scene, Rain: rain, Award: wallet.Cash, Stage: wallet.InternalTest}
				m.GrantAnswered(id, r, wallet.GrantReply{Order: no, Amount: r.Amount, State: wallet.GrantAccepted}, nil, m.tick())
			}
		}, nil, "no-over-issuance"},
		// A win at a moment that belongs to no stage is acknowledged.
		{"no stage", "token", func(m *model) {
			r := m.win(0, wallet.Douyin, 1, 500)
			r.Opened = opening - 1
			id := m.GrantSent(0, r, m.tick())
			no := wallet.OrderNo{ActID: 1, Scene: scene, Rain: 1, Award: wallet.Cash}
			m.GrantAnswered(id, r, wallet.GrantReply{Order: no, Amount: r.Amount, State: wallet.GrantAccepted}, nil, m.tick())
		}, nil, "phase-isolation"},
		// Money that the page showed cannot be withdrawn because it is not posted yet.
		{"shown but not due", "token", func(m *model) {
			one(m)
			id, r := m.ask(0, wallet.Douyin, 500)
			m.WithdrawAnswered(id, wallet.WithdrawReply{}, wallet.ErrInsufficient, m.tick())
			_ = r
		}, nil, "withdraw-whole"},
		// The withdrawal is acknowledged with another amount.
		{"another withdrawal", "token", func(m *model) {
			one(m)
			id, r := m.ask(0, wallet.Douyin, 500)
			reply, _ := m.payOut(r)
			reply.Amount--
			m.WithdrawAnswered(id, reply, nil, m.tick())
		}, nil, "withdraw-whole"},
		// The client is told that the withdrawal is refused when it had been paid.
		{"refused when paid", "token", func(m *model) {
			one(m)
			id, r := m.ask(0, wallet.Douyin, 500)
			reply, _ := m.payOut(r)
			m.WithdrawAnswered(id, reply, nil, m.tick())
			m.WithdrawAnswered(id, reply, wallet.ErrInsufficient, m.tick())
		}, nil, "withdraw-whole"},
	})
}

func TestWrongPagesAreCaught(t *testing.T) {
	page := func(story func(*model), spoil func(*wallet.Page)) func(*model) {
		return func(m *model) { story(m); m.look(0, wallet.Douyin, 10, spoil) }
	}
	catch(t, []wrong{
		// A grant acknowledged before is not there, and not in the sums: the gap of T5.
		{"gap", "token", page(two, func(p *wallet.Page) { p.Grants = p.Grants[1:]; p.Income -= 300; p.Balance -= 300 }), nil, "user-view"},
		// A grant is shown from the token list and from the ledger: counted twice in the sums.
		{"double in the sums", "token", page(two, func(p *wallet.Page) { p.Income += 300; p.Balance += 300 }), nil, "user-view"},
		// The same as two lines.
		{"double in the list", "token", page(two, func(p *wallet.Page) { p.Grants = append(p.Grants[:1:1], p.Grants...) }), nil, "user-view"},
		// The balance forgets one grant.
		{"balance short", "token", page(two, func(p *wallet.Page) { p.Balance -= 300 }), nil, "user-view"},
		// The balance forgets that something was withdrawn.
		{"balance long", "token", page(paid, func(p *wallet.Page) { p.Balance += 200 }), nil, "user-view"},
		// A line's amount is wrong, and the sums with it.
		{"amount", "token", page(one, func(p *wallet.Page) { p.Grants[0].Amount++; p.Income++; p.Balance++ }), nil, "user-view"},
		// A line's moment is wrong.
		{"moment", "token", page(one, func(p *wallet.Page) { p.Grants[0].Opened-- }), nil, "user-view"},
		// Oldest first.
		{"oldest first", "token", page(two, func(p *wallet.Page) { slices.Reverse(p.Grants) }), nil, "user-view"},
		// More lines than were asked for.
		{"too many lines", "token", func(m *model) {
			two(m)
			m.look(0, wallet.Douyin, 1, func(p *wallet.Page) {
				*p = m.page(wallet.PageRequest{Caller: m.caller(0, wallet.Douyin), At: m.now, Limit: 2})
			})
		}, nil, "user-view"},
		// The cursor goes on behind a grant that was not shown.
		{"cursor skips", "token", func(m *model) {
			two(m)
			m.look(0, wallet.Douyin, 1, func(p *wallet.Page) { p.Next = wallet.Cursor{Opened: p.Grants[0].Opened - 1e6} })
		}, nil, "user-view"},
		// The cursor goes on before the last line.
		{"cursor repeats", "token", func(m *model) { two(m); m.look(0, wallet.Douyin, 1, func(p *wallet.Page) { p.Next.Opened++ }) }, nil, "user-view"},
		// Somebody else's order.
		{"foreign order", "token", func(m *model) {
			one(m)
			m.grant(1, wallet.Douyin, 1, 500)
			m.look(1, wallet.Douyin, 9, func(p *wallet.Page) { p.Grants[0].Order.ActID = 1; p.Grants[0].Opened = m.orders[0].Opened })
		}, nil, "user-view"},
		// A win in the other account system, before a phone joined them.
		{"not joined", "token", func(m *model) {
			m.grant(0, wallet.Douyin, 1, 500)
			m.grant(0, wallet.Toutiao, 2, 300)
			m.look(0, wallet.Douyin, 9, func(p *wallet.Page) {
				*p = m.page(wallet.PageRequest{Caller: m.caller(0, wallet.Toutiao), At: m.now, Limit: 9})
			})
		}, nil, "user-view"},
		// After the accounts were joined, a win in the other one is not shown: lost by binding (B2).
		{"lost by binding", "token", func(m *model) {
			m.grant(0, wallet.Douyin, 1, 500)
			m.grant(0, wallet.Toutiao, 2, 300)
			m.bind(0)
			m.look(0, wallet.Douyin, 9, func(p *wallet.Page) { p.Grants = p.Grants[1:]; p.Income = 500; p.Balance = 500 })
		}, nil, "user-view"},
		// The same for a person who had a phone from the start.
		{"seen in one app", "token", func(m *model) {
			m.joinFromStart(0)
			m.grant(0, wallet.Toutiao, 2, 300)
			m.look(0, wallet.Douyin, 9, func(p *wallet.Page) { p.Grants, p.Income, p.Balance = nil, 0, 0 })
		}, nil, "user-view"},
		// An acknowledged withdrawal is not listed.
		{"withdrawal missing", "token", page(paid, func(p *wallet.Page) { p.Withdrawals = nil }), nil, "user-view"},
		// A withdrawal is listed twice.
		{"withdrawal twice", "token", page(paid, func(p *wallet.Page) { p.Withdrawals = append(p.Withdrawals, p.Withdrawals...) }), nil, "user-view"},
		// A withdrawal is listed that was not asked for.
		{"withdrawal invented", "token", page(paid, func(p *wallet.Page) { p.Withdrawals[0].No.Request += 7 }), nil, "user-view"},
		// A walk's second page repeats the first one's line.
		{"walk repeats", "token", func(m *model) {
			two(m)
			var first wallet.Page
			m.walkAll(0, wallet.Douyin, 1, nil, func(n int, p *wallet.Page) {
				if n == 0 {
					first = *p
				} else {
					p.Grants = first.Grants
				}
			})
		}, nil, "user-view"},
		// A walk ends before the list does.
		{"walk skips", "token", func(m *model) {
			two(m)
			r := wallet.PageRequest{Caller: m.caller(0, wallet.Douyin), At: m.now, Limit: 1}
			id, page := m.WalkSent(0, r, m.tick()), m.page(r)
			page.Next = wallet.Cursor{}
			m.WalkPage(id, page, nil, m.tick())
			m.WalkEnd(id, m.tick())
		}, nil, "user-view"},
		// Under sync the acknowledgement means posted; the page lacks it.
		{"sync gap", "sync", page(two, func(p *wallet.Page) { p.Grants = p.Grants[1:]; p.Income -= 300; p.Balance -= 300 }), nil, "user-view"},
		// Under sync the sums lack it; only the ledger tells.
		{"sync sums", "sync", page(two, func(p *wallet.Page) { p.Income -= 300; p.Balance -= 300 }), nil, "user-view"},
		// Under async a posted grant is not shown.
		{"async gap", "async", page(func(m *model) { two(m); m.postAll() }, func(p *wallet.Page) { p.Grants = p.Grants[1:]; p.Income -= 300; p.Balance -= 300 }), nil, "user-view"},
		// Under async a grant is shown that is not posted yet.
		{"async early", "async", page(one, func(p *wallet.Page) { p.Income += 500; p.Balance += 500 }), nil, "user-view"},
		// Under async the balance is not what was withdrawn.
		{"async balance", "async", page(paid, func(p *wallet.Page) { p.Balance += 200 }), nil, "user-view"},
		// Under async a walk misses what was posted before it began.
		{"async walk", "async", func(m *model) {
			two(m)
			m.postAll()
			r := wallet.PageRequest{Caller: m.caller(0, wallet.Douyin), At: m.now, Limit: 1}
			id, page := m.WalkSent(0, r, m.tick()), m.page(r)
			page.Next = wallet.Cursor{}
			m.WalkPage(id, page, nil, m.tick())
			m.WalkEnd(id, m.tick())
		}, nil, "user-view"},
		// The page of another stage than was asked for.
		{"page of another stage", "token", page(one, func(p *wallet.Page) { p.Stage++ }), nil, "phase-isolation"},
		// A line of another stage.
		{"line of another stage", "token", page(one, func(p *wallet.Page) { p.Grants[0].Order.Stage++ }), nil, "phase-isolation"},
		// A posted token is shown as issued again.
		{"status back", "token", func(m *model) {
			one(m)
			m.postAll()
			m.look(0, wallet.Douyin, 9, nil)
			m.look(0, wallet.Douyin, 9, func(p *wallet.Page) { p.Grants[0].Status = wallet.TokenIssued })
		}, nil, "state-machine"},
		// A status that does not exist.
		{"status five", "token", page(one, func(p *wallet.Page) { p.Grants[0].Status = 5 }), nil, "state-machine"},
	})
}

func TestWrongBooksAreCaught(t *testing.T) {
	// Each case leaves the balances as the spoilt entries make them, unless it spoils the balances themselves.
	entry := func(spoil func(*wallet.Entry)) func(*books) {
		return func(b *books) { spoil(&b.entries[b.grants()[0]]); b.balance() }
	}
	catch(t, []wrong{
		// The posting ran twice.
		{"double", "token", one, func(b *books) { b.entries = append(b.entries, b.entries[0]); b.balance() }, "order-once"},
		// An acknowledged grant never came to the ledger.
		{"dropped", "token", one, func(b *books) { b.entries = nil; b.balance() }, "nothing-lost"},
		// The same where the order was lost too, so that no two books differ.
		{"forgotten", "token", one, func(b *books) { *b = books{} }, "nothing-lost"},
		// The amount changed on the way.
		{"amount", "token", one, entry(func(e *wallet.Entry) { e.Amount++ }), "nothing-lost"},
		// It went to somebody else.
		{"owner", "token", func(m *model) { one(m); m.grant(1, wallet.Douyin, 1, 100) }, entry(func(e *wallet.Entry) { e.Account.Owner = 2 }), "nothing-lost"},
		// It went to the hold account.
		{"kind", "token", one, entry(func(e *wallet.Entry) { e.Account.Kind = wallet.HoldAccount }), "nothing-lost"},
		// Its moment changed, and with it its place in the list.
		{"moment", "token", one, entry(func(e *wallet.Entry) { e.Opened-- }), "nothing-lost"},
		// Postings are still held after the drain.
		{"backlog", "token", one, func(b *books) { b.held = 1 }, "nothing-lost"},
		// Orders are still open after the drain.
		{"open", "token", one, func(b *books) { b.open = 1 }, "nothing-lost"},
		// Money that nobody won.
		{"invented", "token", one, func(b *books) { e := b.entries[0]; e.Order.Rain = 77; b.entries = append(b.entries, e); b.balance() }, "no-over-issuance"},
		// Money of a wallet that nobody is known to have.
		{"invented wallet", "token", one, func(b *books) {
			e := b.entries[0]
			e.Order.ActID, e.Account.Owner = 88, 88
			b.entries = append(b.entries, e)
			b.balance()
		}, "no-over-issuance"},
		// Every try was answered with "nothing was done", and it is there.
		{"refused and posted", "token", func(m *model) { one(m); _, _ = m.apply(m.refused(0, 2, 300, wallet.ErrOverloaded)) }, nil, "no-over-issuance"},
		// The budget's counter forgot a grant.
		{"counter short", "token", two, func(b *books) { b.spent[wallet.InternalTest] -= 300 }, "budget-accuracy"},
		// A retry took from the budget twice.
		{"counter long", "token", two, func(b *books) { b.spent[wallet.InternalTest] += 300 }, "budget-accuracy"},
		// An order vanished from the record.
		{"no order", "token", two, func(b *books) { b.orders = b.orders[1:] }, "budget-accuracy"},
		// A balance is not the sum of its entries.
		{"balance", "token", one, func(b *books) { b.balances[1].amount++; b.balances[0].amount-- }, "zero-sum"},
		// The cost account was not debited.
		{"cost", "token", one, func(b *books) { b.balances[0].amount += 500 }, "zero-sum"},
		// An account is listed that has no entries.
		{"no entries", "token", one, func(b *books) {
			b.balances = append(b.balances, balance{wallet.AccountNo{Kind: wallet.PersonalAccount, Stage: wallet.Official, Owner: 1}, 5})
		}, "zero-sum"},
		// An account that has entries is not listed.
		{"no account", "token", one, func(b *books) { b.balances = b.balances[:1] }, "zero-sum"},
		// A personal account is below zero.
		{"below zero", "token", paid, func(b *books) {
			for i := range b.entries {
				if e := &b.entries[i]; e.Move.Step == wallet.MoveHold {
					e.Amount *= 4
				}
			}
			b.balance()
		}, "zero-sum"},
		// A hold is never released though no withdrawal is unfinished.
		{"hold left", "token", paid, func(b *books) {
			b.entries = slices.DeleteFunc(b.entries, func(e wallet.Entry) bool { return e.Move.Step == wallet.MoveSettle })
			b.balance()
		}, "zero-sum"},
		// The same seen from the withdrawal: not settled.
		{"not settled", "token", paid, func(b *books) {
			b.entries = slices.DeleteFunc(b.entries, func(e wallet.Entry) bool { return e.Move.Step == wallet.MoveSettle })
			b.balance()
		}, "withdraw-whole"},
		// The bank paid twice.
		{"paid twice", "token", paid, func(b *books) { b.payments = append(b.payments, b.payments[0]) }, "withdraw-whole"},
		// The bank never paid.
		{"not paid", "token", paid, func(b *books) { b.payments = nil }, "withdraw-whole"},
		// The bank paid less.
		{"paid less", "token", paid, func(b *books) { b.payments[0].amount-- }, "withdraw-whole"},
		// The bank paid what nobody asked for.
		{"paid unasked", "token", paid, func(b *books) { b.payments[0].no.Request += 5 }, "withdraw-whole"},
		// The record of the withdrawal was lost.
		{"no record", "token", paid, func(b *books) { b.withdrawals = nil }, "withdraw-whole"},
		// A refused withdrawal was paid.
		{"refused and paid", "token", func(m *model) {
			one(m)
			id, r := m.ask(0, wallet.Douyin, 500)
			_, _ = m.payOut(r)
			m.WithdrawAnswered(id, wallet.WithdrawReply{}, wallet.ErrNotReleased, m.tick())
		}, nil, "withdraw-whole"},
		// A withdrawal took the money of another person.
		{"another's money", "token", func(m *model) { paid(m); m.grant(1, wallet.Douyin, 1, 500) }, func(b *books) {
			for i := range b.entries {
				if b.entries[i].Move.Step != 0 {
					b.entries[i].Account.Owner = 2
				}
			}
			b.sort()
			b.balance()
		}, "withdraw-whole"},
		// A withdrawal took the money of another stage.
		{"another stage's money", "token", paid, func(b *books) {
			for i := range b.entries {
				if b.entries[i].Move.Step != 0 {
					b.entries[i].Account.Stage = wallet.Official
				}
			}
			b.balance()
		}, "phase-isolation"},
		// A grant of one stage was posted to an account of another.
		{"stage", "token", one, entry(func(e *wallet.Entry) { e.Account.Stage++ }), "phase-isolation"},
		// A late posting took the stage of its time.
		{"order and account of another stage", "token", one, entry(func(e *wallet.Entry) { e.Account.Stage++; e.Order.Stage++ }), "phase-isolation"},
		// A token is left between two states.
		{"processing", "token", one, func(b *books) { b.tokens[0].Status = wallet.TokenProcessing }, "state-machine"},
		// A token is a success without its money.
		{"success without money", "token", one, func(b *books) { b.entries = nil; b.balance() }, "state-machine"},
		// A void order is in the ledger.
		{"void and posted", "token", one, func(b *books) { b.orders[0].State = wallet.OrderVoid }, "state-machine"},
		// An order that is in the ledger stays open; under async, where no token tells.
		{"open and posted", "async", one, func(b *books) { b.orders[0].State = wallet.OrderOpen }, "state-machine"},
		// A double posting that the wallet's own reconciliation overlooked.
		{"omitted", "token", one, func(b *books) { b.entries = append(b.entries, b.entries[0]); b.balance() }, "reconciled"},
		// One that it found: money is wrong all the same.
		{"listed", "token", one, func(b *books) {
			b.entries = append(b.entries, b.entries[0])
			b.balance()
			b.reported = []wallet.Difference{{Kind: wallet.Duplicated, Order: b.entries[0].Order, Want: 500, Got: 1000}}
		}, "reconciled"},
		// It reports what is not so.
		{"false alarm", "token", one, func(b *books) { b.reported = []wallet.Difference{{Kind: wallet.Missing, Order: b.entries[0].Order}} }, "reconciled"},
		// A token with another amount than its order.
		{"token amount", "token", one, func(b *books) { b.tokens[0].Amount++ }, "reconciled"},
	})
}

// catch plays each story to its end and requires that its check failed and says who, what and how much.
func catch(t *testing.T, cases []wrong) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if c.books != nil { // The story itself is right: only the books are spoilt.
				m := newModel(c.strategy)
				c.play(m)
				m.final(t, nil)
				m.clean(t)
			}
			m := newModel(c.strategy)
			c.play(m)
			m.final(t, c.books)
			got := m.result(t, c.check)
			require.Equal(t, Fail, got.Result, "all: %+v", m.Checks())
			require.NotZero(t, got.Evaluations+got.Violations)
			require.NotEmpty(t, got.First)
			require.NotEmpty(t, got.Worst)
			require.NotContains(t, got.First, "%!")
		})
	}
}
