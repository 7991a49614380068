package oracle

import (
	"slices"
	"testing"

	"hongbao/reference/wallet"
)

// falsePage returns a story after which person 0 reads a falsified page.
func falsePage(story func(*model), spoil func(*wallet.Page)) func(*model) {
	return func(m *model) { story(m); m.readPage(0, wallet.Douyin, 10, spoil) }
}

func TestWrongPagesAreCaught(t *testing.T) {
	catch(t, slices.Concat(wrongLines(), wrongCursors(), wrongOwners(), wrongWithdrawalLines(), wrongWalks(), wrongPostedPages(), wrongStatuses()))
}

// wrongLines returns pages with wrong lines or sums.
func wrongLines() []wrong {
	return []wrong{
		// A grant acknowledged before is missing from the lines and the sums: the gap of T5.
		{"gap", "token", falsePage(two, func(p *wallet.Page) { p.Grants = p.Grants[1:]; p.Income -= 300; p.Balance -= 300 }), nil, "user-view", ""},
		// A grant is counted from both the token list and the ledger: twice in the sums.
		{"double in the sums", "token", falsePage(two, func(p *wallet.Page) { p.Income += 300; p.Balance += 300 }), nil, "user-view", ""},
		// The same as two lines.
		{"double in the list", "token", falsePage(two, func(p *wallet.Page) { p.Grants = append(p.Grants[:1:1], p.Grants...) }), nil, "user-view", ""},
		// The balance misses one grant.
		{"balance short", "token", falsePage(two, func(p *wallet.Page) { p.Balance -= 300 }), nil, "user-view", ""},
		// The balance ignores a withdrawal.
		{"balance long", "token", falsePage(paid, func(p *wallet.Page) { p.Balance += 200 }), nil, "user-view", ""},
		// A line's amount is wrong, and the sums with it.
		{"amount", "token", falsePage(one, func(p *wallet.Page) { p.Grants[0].Amount++; p.Income++; p.Balance++ }), nil, "user-view", ""},
		// A line's moment is wrong.
		{"moment", "token", falsePage(one, func(p *wallet.Page) { p.Grants[0].Opened-- }), nil, "user-view", ""},
		// Oldest first.
		{"oldest first", "token", falsePage(two, func(p *wallet.Page) { slices.Reverse(p.Grants) }), nil, "user-view", ""},
	}
}

// wrongCursors returns pages with a wrong end.
func wrongCursors() []wrong {
	return []wrong{
		// More lines than were asked for.
		{"too many lines", "token", func(m *model) {
			two(m)
			m.readPage(0, wallet.Douyin, 1, func(p *wallet.Page) {
				*p = m.page(wallet.PageRequest{Caller: m.caller(0, wallet.Douyin), At: m.now, Limit: 2})
			})
		}, nil, "user-view", ""},
		// The cursor continues after a grant that was not shown.
		{"cursor skips", "token", func(m *model) {
			two(m)
			m.readPage(0, wallet.Douyin, 1, func(p *wallet.Page) { p.Next = wallet.Cursor{Opened: p.Grants[0].Opened - 1e6} })
		}, nil, "user-view", ""},
		// The cursor continues before the last line.
		{"cursor repeats", "token", func(m *model) { two(m); m.readPage(0, wallet.Douyin, 1, func(p *wallet.Page) { p.Next.Opened++ }) }, nil, "user-view", ""},
	}
}

// wrongOwners returns pages with a line of another wallet, or without one of a joined wallet.
func wrongOwners() []wrong {
	return []wrong{
		// An order of another person.
		{"foreign order", "token", func(m *model) {
			one(m)
			m.grant(1, wallet.Douyin, 1, 500)
			m.readPage(1, wallet.Douyin, 9, func(p *wallet.Page) { p.Grants[0].Order.ActID = 1; p.Grants[0].Opened = m.orders[0].Opened })
		}, nil, "user-view", ""},
		// A win in the other account system, before a phone joined the two.
		{"not joined", "token", func(m *model) {
			m.grant(0, wallet.Douyin, 1, 500)
			m.grant(0, wallet.Toutiao, 2, 300)
			m.readPage(0, wallet.Douyin, 9, func(p *wallet.Page) {
				*p = m.page(wallet.PageRequest{Caller: m.caller(0, wallet.Toutiao), At: m.now, Limit: 9})
			})
		}, nil, "user-view", ""},
		// After the joining, a win in the other account system is not shown: lost by binding (B2).
		{"lost by binding", "token", func(m *model) {
			m.grant(0, wallet.Douyin, 1, 500)
			m.grant(0, wallet.Toutiao, 2, 300)
			m.bind(0)
			m.readPage(0, wallet.Douyin, 9, func(p *wallet.Page) { p.Grants = p.Grants[1:]; p.Income = 500; p.Balance = 500 })
		}, nil, "user-view", ""},
		// The same for a person whose phone was bound from the start.
		{"seen in one app", "token", func(m *model) {
			m.joinFromStart(0)
			m.grant(0, wallet.Toutiao, 2, 300)
			m.readPage(0, wallet.Douyin, 9, func(p *wallet.Page) { p.Grants, p.Income, p.Balance = nil, 0, 0 })
		}, nil, "user-view", ""},
	}
}

// wrongWithdrawalLines returns pages with a wrong list of withdrawals.
func wrongWithdrawalLines() []wrong {
	return []wrong{
		// An acknowledged withdrawal is not listed.
		{"withdrawal missing", "token", falsePage(paid, func(p *wallet.Page) { p.Withdrawals = nil }), nil, "user-view", ""},
		// A withdrawal is listed twice.
		{"withdrawal twice", "token", falsePage(paid, func(p *wallet.Page) { p.Withdrawals = append(p.Withdrawals, p.Withdrawals...) }), nil, "user-view", ""},
		// A withdrawal is listed that was not asked for.
		{"withdrawal invented", "token", falsePage(paid, func(p *wallet.Page) { p.Withdrawals[0].No.Request += 7 }), nil, "user-view", ""},
	}
}

// wrongWalks returns lists that repeat or omit a line.
func wrongWalks() []wrong {
	return []wrong{
		// A walk's second page repeats a line of the first one.
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
		}, nil, "user-view", ""},
		// A walk ends before the list does.
		{"walk skips", "token", func(m *model) {
			two(m)
			r := wallet.PageRequest{Caller: m.caller(0, wallet.Douyin), At: m.now, Limit: 1}
			id, page := m.WalkSent(0, r, m.tick()), m.page(r)
			page.Next = wallet.Cursor{}
			m.WalkPage(id, page, nil, m.tick())
			m.WalkEnd(id, m.tick())
		}, nil, "user-view", ""},
		// Asked for twice under one account: the order is shown with both moments.
		{"shown with both moments", "token", func(m *model) {
			one(m)
			m.grant(0, wallet.Douyin, 1, 500)
			m.readPage(0, wallet.Douyin, 9, func(p *wallet.Page) {
				again := p.Grants[0]
				again.Opened = m.grants.At(2).opened
				p.Grants = append([]wallet.Line{again}, p.Grants...)
			})
		}, nil, "user-view", "is shown twice"},
		// A walk's second page starts where the first one started.
		{"walk begins again", "token", func(m *model) {
			two(m)
			r := wallet.PageRequest{Caller: m.caller(0, wallet.Douyin), At: m.now, Limit: 1}
			id, page := m.WalkSent(0, r, m.tick()), m.page(r)
			m.WalkPage(id, page, nil, m.tick())
			m.WalkPage(id, page, nil, m.tick())
			m.WalkEnd(id, m.tick())
		}, nil, "user-view", "repeats or misplaces"},
	}
}

// wrongPostedPages returns wrong pages under the strategies without tokens.
func wrongPostedPages() []wrong {
	return []wrong{
		// Under sync the acknowledgement means posted, but the page lacks the grant.
		{"sync gap", "sync", falsePage(two, func(p *wallet.Page) { p.Grants = p.Grants[1:]; p.Income -= 300; p.Balance -= 300 }), nil, "user-view", ""},
		// Under sync the sums lack a grant; only the ledger shows it.
		{"sync sums", "sync", falsePage(two, func(p *wallet.Page) { p.Income -= 300; p.Balance -= 300 }), nil, "user-view", ""},
		// Under async a posted grant is not shown.
		{"async gap", "async", falsePage(func(m *model) { two(m); m.postAll() }, func(p *wallet.Page) { p.Grants = p.Grants[1:]; p.Income -= 300; p.Balance -= 300 }), nil, "user-view", ""},
		// Under async the sums include a grant that is not posted yet.
		{"async early", "async", falsePage(one, func(p *wallet.Page) { p.Income += 500; p.Balance += 500 }), nil, "user-view", ""},
		// Under async the balance ignores a withdrawal.
		{"async balance", "async", falsePage(paid, func(p *wallet.Page) { p.Balance += 200 }), nil, "user-view", ""},
		// Under async a walk misses a grant posted before it began.
		{"async walk", "async", func(m *model) {
			two(m)
			m.postAll()
			r := wallet.PageRequest{Caller: m.caller(0, wallet.Douyin), At: m.now, Limit: 1}
			id, page := m.WalkSent(0, r, m.tick()), m.page(r)
			page.Next = wallet.Cursor{}
			m.WalkPage(id, page, nil, m.tick())
			m.WalkEnd(id, m.tick())
		}, nil, "user-view", ""},
	}
}

// wrongStatuses returns pages with a wrong stage or status.
func wrongStatuses() []wrong {
	return []wrong{
		// The page is of another stage than requested.
		{"page of another stage", "token", falsePage(one, func(p *wallet.Page) { p.Stage++ }), nil, "phase-isolation", ""},
		// A line of another stage.
		{"line of another stage", "token", falsePage(one, func(p *wallet.Page) { p.Grants[0].Order.Stage++ }), nil, "phase-isolation", ""},
		// The withdraw page shows a due grant without posting it (T6).
		{"nothing forced", "token", func(m *model) {
			one(m)
			r := wallet.PageRequest{Caller: m.caller(0, wallet.Douyin), At: m.now, Limit: 9}
			page := m.page(r)
			r.Withdraw = true
			m.PageAnswered(m.PageSent(0, r, m.tick()), page, nil, m.tick())
		}, nil, "withdraw-whole", "is not posted"},
		// A posted token is shown as issued again.
		{"status back", "token", func(m *model) {
			one(m)
			m.postAll()
			m.readPage(0, wallet.Douyin, 9, nil)
			m.readPage(0, wallet.Douyin, 9, func(p *wallet.Page) { p.Grants[0].Status = wallet.TokenIssued })
		}, nil, "state-machine", ""},
		// A status that does not exist.
		{"status five", "token", falsePage(one, func(p *wallet.Page) { p.Grants[0].Status = 5 }), nil, "state-machine", ""},
	}
}
