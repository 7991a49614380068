package oracle

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
)

// lost sends a win whose answer is lost; applied makes the wallet grant it.
func (m *model) lost(p Person, app wallet.App, rain int32, amount wallet.Money, applied bool) (GrantID, wallet.GrantRequest) {
	r := m.win(p, app, rain, amount)
	id := m.GrantSent(p, r, m.tick())
	if applied {
		_, _ = m.apply(r)
	}
	m.GrantAnswered(id, r, wallet.GrantReply{}, wallet.ErrUnknown, m.tick())
	return id, r
}

// again repeats a grant.
func (m *model) again(id GrantID, r wallet.GrantRequest) {
	reply, err := m.apply(r)
	m.GrantAnswered(id, r, reply, err, m.tick())
}

// correct is a story in which the wallet makes no mistake.
type correct struct {
	name     string
	strategy wallet.Strategy
	play     func(*model)
	stores   func(*modelStores) // changes the stores before they are judged; nil if nothing changes
}

func TestWhatIsRightIsNotBlamed(t *testing.T) {
	for _, c := range slices.Concat(correctRetries(), correctRepeats(), correctPages(), correctWithdrawals(), correctOverlaps(), correctStores()) {
		t.Run(c.name, func(t *testing.T) {
			m := newModel(c.strategy)
			c.play(m)
			m.final(t, c.stores)
			m.clean(t)
			require.Zero(t, m.MoneyDifference())
		})
	}
}

// correctRetries returns grants whose first answer was lost or was an error.
func correctRetries() []correct {
	return []correct{
		// The request and its answer were lost.
		{"lost, not applied", "token", func(m *model) { m.lost(0, wallet.Douyin, 1, 500, false); m.readPage(0, wallet.Douyin, 9, nil) }, nil},
		// The answer was lost; the money is in a wallet that no reply named.
		{"lost, applied", "token", func(m *model) { m.lost(0, wallet.Douyin, 1, 500, true) }, nil},
		// The same, and a page shows it.
		{"lost, applied, shown", "token", func(m *model) { m.lost(0, wallet.Douyin, 1, 500, true); m.readPage(0, wallet.Douyin, 9, nil) }, nil},
		// A repeat after a lost answer gets the same order.
		{"lost, repeated", "token", func(m *model) { m.again(m.lost(0, wallet.Douyin, 1, 500, true)) }, nil},
		// Two people lose their answers for the same play at the same time.
		{"two lost alike", "token", func(m *model) {
			for p := range Person(2) {
				r := m.win(p, wallet.Douyin, 1, 500)
				r.Opened = opening + 5
				id := m.GrantSent(p, r, m.tick())
				_, _ = m.apply(r)
				m.GrantAnswered(id, r, wallet.GrantReply{}, wallet.ErrUnknown, m.tick())
			}
		}, nil},
		// Overloaded first, then granted.
		{"overloaded, repeated", "sync", func(m *model) {
			r := m.win(0, wallet.Douyin, 1, 500)
			id := m.GrantSent(0, r, m.tick())
			m.GrantAnswered(id, r, wallet.GrantReply{}, wallet.ErrOverloaded, m.tick())
			m.again(id, r)
		}, nil},
		// Granted first; a hedged second try reached the rate limit.
		{"granted, then limited", "sync", func(m *model) {
			r := m.win(0, wallet.Douyin, 1, 500)
			id := m.GrantSent(0, r, m.tick())
			m.again(id, r)
			m.GrantAnswered(id, r, wallet.GrantReply{}, wallet.ErrLimited, m.tick())
		}, nil},
	}
}

// correctRepeats returns grants that are refused, and plays that are won more than once.
func correctRepeats() []correct {
	return []correct{
		// Another amount for the same play is a conflict; the first one stays.
		{"conflict", "token", func(m *model) { one(m); m.grant(0, wallet.Douyin, 1, 400) }, nil},
		// The budget is exhausted.
		{"over budget", "token", func(m *model) {
			for rain := range int32(budget/singleCap) + 2 {
				m.grant(0, wallet.Douyin, rain, singleCap)
			}
		}, nil},
		// The same play won in both account systems before they were joined: two orders, and both are repeated.
		{"won twice, then joined", "token", func(m *model) {
			a, b := m.win(0, wallet.Douyin, 1, 500), m.win(0, wallet.Toutiao, 1, 500)
			i, j := m.GrantSent(0, a, m.tick()), m.GrantSent(0, b, m.tick())
			m.again(i, a)
			m.again(j, b)
			m.bind(0)
			m.again(i, a)
			m.again(j, b)
			m.readPage(0, wallet.Toutiao, 9, nil)
		}, nil},
		// Joined first: the second win of the play is the order of the first one and is paid once.
		{"joined, then won twice", "token", func(m *model) {
			m.grant(0, wallet.Toutiao, 2, 100)
			one(m)
			m.bind(0)
			m.grant(0, wallet.Toutiao, 1, 500)
			m.readPage(0, wallet.Toutiao, 9, nil)
		}, nil},
		// Won again under the same account while the first answer was lost: the order has the time of the first win.
		{"asked twice", "token", func(m *model) {
			m.lost(0, wallet.Douyin, 1, 500, true)
			m.grant(0, wallet.Douyin, 1, 500)
			m.readPage(0, wallet.Douyin, 9, nil)
		}, nil},
	}
}

// correctPages returns pages of the wallet and their stages.
func correctPages() []correct {
	return slices.Concat(correctReads(), correctDegradedPages(), correctStages())
}

// correctReads returns changes during the reading of a page.
func correctReads() []correct {
	return []correct{
		// While a phone is being bound, both views are right.
		{"binding", "token", func(m *model) {
			m.grant(0, wallet.Toutiao, 2, 100)
			one(m)
			c := m.caller(0, wallet.Douyin)
			m.BindSent(0, c, m.tick())
			m.readPage(0, wallet.Douyin, 9, nil)
			m.bind(0)
			m.readPage(0, wallet.Douyin, 9, nil)
		}, nil},
		// A grant is acknowledged while a page is read: the page may or may not show it.
		{"overlap", "token", func(m *model) {
			one(m)
			r := wallet.PageRequest{Caller: m.caller(0, wallet.Douyin), At: m.now, Limit: 9}
			early, late := m.PageSent(0, r, m.tick()), m.PageSent(0, r, m.tick())
			before := m.page(r)
			m.grant(0, wallet.Douyin, 2, 300)
			m.PageAnswered(late, m.page(r), nil, m.tick())
			m.PageAnswered(early, before, nil, m.tick())
		}, nil},
		// A slow page shows a status that a faster page has already shown as passed.
		{"slow status", "token", func(m *model) {
			one(m)
			r := wallet.PageRequest{Caller: m.caller(0, wallet.Douyin), At: m.now, Limit: 9}
			slow := m.PageSent(0, r, m.tick())
			before := m.page(r)
			m.postAll()
			m.readPage(0, wallet.Douyin, 9, nil)
			m.PageAnswered(slow, before, nil, m.tick())
		}, nil},
	}
}

// correctDegradedPages returns pages that lack a part, and a page that fails.
func correctDegradedPages() []correct {
	return []correct{
		// The page reports that the token list could not be read.
		{"degraded", "token", func(m *model) {
			two(m)
			m.readPage(0, wallet.Douyin, 9, func(p *wallet.Page) { *p = wallet.Page{Stage: p.Stage, Missing: []string{"tokens"}} })
		}, nil},
		// The ledger cannot be read: a posted token is shown with the status of the token list.
		{"degraded status", "token", func(m *model) {
			one(m)
			m.postAll()
			m.readPage(0, wallet.Douyin, 9, nil)
			m.readPage(0, wallet.Douyin, 9, func(p *wallet.Page) { p.Missing = []string{"ledger"}; p.Grants[0].Status = wallet.TokenProcessing })
		}, nil},
		// Only the withdrawals are missing.
		{"degraded withdrawals", "token", func(m *model) {
			paid(m)
			m.readPage(0, wallet.Douyin, 9, func(p *wallet.Page) { p.Withdrawals, p.Missing = nil, []string{"withdrawals"} })
		}, nil},
		// The token store was flushed: a page without the client's copies lacks what is not posted.
		{"flushed", "token", func(m *model) {
			one(m)
			m.TokensLost(m.tick())
			m.readPage(0, wallet.Douyin, 9, func(p *wallet.Page) { p.Grants, p.Income, p.Balance = nil, 0, 0 })
			m.readPage(0, wallet.Douyin, 9, nil)
		}, nil},
		// A page fails.
		{"no page", "token", func(m *model) {
			one(m)
			id := m.PageSent(0, wallet.PageRequest{Caller: m.caller(0, wallet.Douyin), Limit: 9}, m.tick())
			m.PageAnswered(id, wallet.Page{}, errors.New("no answer"), m.tick())
		}, nil},
	}
}

// correctStages returns requests whose time decides the stage.
func correctStages() []correct {
	return []correct{
		// The page of the current stage, without a time in the request.
		{"now", "token", func(m *model) {
			one(m)
			r := wallet.PageRequest{Caller: m.caller(0, wallet.Douyin), At: m.now, Limit: 9}
			page := m.page(r)
			r.At = 0
			m.PageAnswered(m.PageSent(0, r, m.tick()), page, nil, m.tick())
		}, nil},
		// A retry across the boundary stays in the stage of the win.
		{"across the boundary", "token", func(m *model) {
			id, r := m.lost(0, wallet.Douyin, 1, 500, false)
			m.advance(time.Hour)
			m.again(id, r)
			m.readPage(0, wallet.Douyin, 9, nil)
		}, nil},
	}
}

// correctWithdrawals returns withdrawals that are refused, repeated or without an answer.
func correctWithdrawals() []correct {
	return []correct{
		// More than is due is refused.
		{"insufficient", "token", func(m *model) { one(m); m.withdraw(0, wallet.Douyin, 501) }, nil},
		// Two withdrawals compete for one balance: the later one is refused.
		{"race to withdraw", "token", func(m *model) {
			one(m)
			i, a := m.ask(0, wallet.Douyin, 500)
			j, b := m.ask(0, wallet.Douyin, 500)
			won, err := m.payOut(b)
			_, late := m.payOut(a)
			m.WithdrawAnswered(i, wallet.WithdrawReply{}, late, m.tick())
			m.WithdrawAnswered(j, won, err, m.tick())
		}, nil},
		// The answer to a withdrawal was lost: pages may or may not show it.
		{"withdrawal lost", "token", func(m *model) {
			one(m)
			i, a := m.ask(0, wallet.Douyin, 200)
			m.readPage(0, wallet.Douyin, 9, nil)
			_, _ = m.payOut(a)
			m.WithdrawAnswered(i, wallet.WithdrawReply{}, wallet.ErrUnknown, m.tick())
			m.readPage(0, wallet.Douyin, 9, nil)
		}, nil},
		// The first try was overloaded; the second is in progress while a page is read.
		{"withdrawal repeated", "token", func(m *model) {
			one(m)
			i, a := m.ask(0, wallet.Douyin, 200)
			m.WithdrawAnswered(i, wallet.WithdrawReply{}, wallet.ErrOverloaded, m.tick())
			reply, err := m.payOut(a)
			m.readPage(0, wallet.Douyin, 9, nil)
			m.WithdrawAnswered(i, reply, err, m.tick())
		}, nil},
	}
}

// correctOverlaps returns changes during a page or a withdrawal.
func correctOverlaps() []correct {
	return []correct{
		// Under async, posted after the page was made; the repeat that reports it overlaps the page.
		{"posted meanwhile", "async", func(m *model) {
			r := m.win(0, wallet.Douyin, 1, 500)
			id := m.GrantSent(0, r, m.tick())
			m.again(id, r)
			ask := wallet.PageRequest{Caller: m.caller(0, wallet.Douyin), At: m.tick(), Limit: 9}
			read := m.PageSent(0, ask, m.tick())
			page := m.page(ask)
			m.postAll()
			m.again(id, r)
			m.PageAnswered(read, page, nil, m.tick())
		}, nil},
		// The withdraw page posts what is due; a grant acknowledged meanwhile need not be posted.
		{"withdraw page", "token", func(m *model) {
			one(m)
			r := wallet.PageRequest{Caller: m.caller(0, wallet.Douyin), At: m.tick(), Limit: 9, Withdraw: true}
			id := m.PageSent(0, r, m.tick())
			m.page(r)
			m.grant(0, wallet.Douyin, 2, 300)
			r.Withdraw = false
			m.PageAnswered(id, m.page(r), nil, m.tick())
		}, nil},
		// The server's tokens were lost during a withdrawal.
		{"lost on the way", "token", func(m *model) {
			one(m)
			id, _ := m.ask(0, wallet.Douyin, 500)
			m.TokensLost(m.tick())
			m.WithdrawAnswered(id, wallet.WithdrawReply{}, wallet.ErrInsufficient, m.tick())
		}, nil},
		// Under async, insufficient is right while the money is not posted.
		{"async insufficient", "async", func(m *model) {
			one(m)
			i, _ := m.ask(0, wallet.Douyin, 500)
			m.WithdrawAnswered(i, wallet.WithdrawReply{}, wallet.ErrInsufficient, m.tick())
		}, nil},
		// Under async, posted while the page was read.
		{"async overlap", "async", func(m *model) {
			two(m)
			r := wallet.PageRequest{Caller: m.caller(0, wallet.Douyin), At: m.now, Limit: 9}
			id, page := m.PageSent(0, r, m.tick()), m.page(r)
			m.postAll()
			m.PageAnswered(id, page, nil, m.tick())
		}, nil},
	}
}

// correctStores returns stores with a record that looks like a difference but is correct.
func correctStores() []correct {
	return []correct{
		// An order that was reported late and arrived is not a difference.
		{"late", "token", one, func(b *modelStores) { b.reported = []wallet.Difference{{Kind: wallet.Late, Order: b.entries[0].Order}} }},
		// A refused order on record has no money.
		{"void", "token", func(m *model) {
			one(m)
			r := m.refused(0, 2, 300, wallet.ErrOverBudget)
			_ = r
		}, func(b *modelStores) {
			void := b.orders[0]
			void.No.Rain, void.State = 2, wallet.OrderVoid
			b.orders = append(b.orders, void)
		}},
	}
}
