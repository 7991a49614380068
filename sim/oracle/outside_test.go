package oracle

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"hongbao/reference/wallet"
)

// list reads a person's whole list in one app, in pages of limit lines.
func (m *model) list(p Person, app wallet.App, limit int) List {
	l := List{Person: p, Family: app.Family(), Start: m.tick()}
	r := wallet.PageRequest{Caller: m.caller(p, app), At: m.now, Limit: limit}
	for {
		id := m.PageSent(p, r, m.tick())
		page := m.page(r)
		m.PageAnswered(id, page, nil, m.tick())
		l.Pages = append(l.Pages, page)
		if page.Next == (wallet.Cursor{}) {
			return l
		}
		r.After = page.Next
	}
}

// appOf is an app of each family.
var appOf = [...]wallet.App{wallet.DouyinFamily: wallet.Douyin, wallet.ToutiaoFamily: wallet.Toutiao}

// outside drains the model and has it judged from outside; the functions falsify lists and totals.
func (m *model) outside(list func(*List), totals func(*Totals)) Sums {
	m.postAll()
	for p, read, ok := m.NextPerson(-1, m.tick()); ok; p, read, ok = m.NextPerson(p, m.now) {
		for f := wallet.DouyinFamily; f <= wallet.ToutiaoFamily; f++ {
			if read[f] {
				l := m.list(p, appOf[f], 2)
				if list != nil {
					list(&l)
				}
				m.JudgeList(l, m.tick())
			}
		}
	}
	b := m.stores()
	t := Totals{Drained: true, Spent: map[wallet.Stage]wallet.Money{}, Reconciled: true, Orders: int64(len(m.orders))}
	for s := wallet.InternalTest; s <= wallet.Official; s++ {
		t.Spent[s] = b.spent[s]
	}
	if totals != nil {
		totals(&t)
	}
	return m.JudgeTotals(t)
}

// story has two wins, a lost answer with an applied grant, a lost answer without one, a refusal and a withdrawal.
func story(m *model) {
	two(m)
	m.lost(1, wallet.Douyin, 1, 400, true)
	m.lost(2, wallet.Toutiao, 1, 450, false)
	m.refused(3, 1, 600, wallet.ErrOverBudget)
	m.postAll()
	m.withdraw(0, wallet.Douyin, 100)
}

// From outside, all ten checks are evaluated with every strategy, and a correct wallet passes them.
func TestOutsideEvaluatesAllChecks(t *testing.T) {
	for _, s := range []wallet.Strategy{wallet.StrategySync, wallet.StrategyAsync, wallet.StrategyToken} {
		m := newModel(s)
		story(m)
		sums := m.outside(nil, nil)
		require.Equal(t, Sums{Acked: 800, Happened: 400}, sums, s)
		require.Len(t, m.Checks(), 10)
		for _, c := range m.Checks() {
			require.Equal(t, Pass, c.Result, "%s: %s: %s", s, c.Name, c.First)
		}
		if s == wallet.StrategyToken {
			require.Equal(t, int64(2), m.Waits().TotalCount(), "every acknowledged grant is counted")
		}
	}
}

// What a wallet does not report stays unknown.
func TestOutsideWithoutOperatorIsUnknown(t *testing.T) {
	m := newModel("token")
	story(m)
	m.outside(nil, func(t *Totals) { *t = Totals{} })
	for _, c := range m.Checks() {
		switch c.Name {
		case "budget-accuracy", "zero-sum", "reconciled":
			require.Equal(t, Unknown, c.Result, c.Name)
		default:
			require.Equal(t, Pass, c.Result, "%s: %s", c.Name, c.First)
		}
	}
}

// A list that is not whole is not judged, and the grants that it would show stay open.
func TestOutsideJudgesWholeListsOnly(t *testing.T) {
	for why, spoil := range map[string]func(*List){
		"a source was missing": func(l *List) { l.Pages[0].Missing = []string{"ledger"}; l.Pages[0].Grants = nil },
		"it has no end":        func(l *List) { l.Pages[len(l.Pages)-1].Next.Opened = 1; l.Pages[0].Grants = nil },
		"nothing was read":     func(l *List) { l.Pages = nil },
	} {
		m := newModel("token")
		m.lost(1, wallet.Douyin, 1, 400, true)
		m.lost(2, wallet.Toutiao, 1, 450, false)
		require.Equal(t, Sums{Open: 850}, m.outside(spoil, nil), why)
		m.clean(t)
		require.Equal(t, Pass, m.result(t, "budget-accuracy").Result, "400 fen of 0 to 850 are right")
	}
}

// Each wrong statement is caught by the check named in the case; without it the story is correct.
func TestOutsideCatchesByName(t *testing.T) {
	first := func(spoil func(*wallet.Page)) func(*List) {
		return func(l *List) {
			if l.Person == 0 {
				spoil(&l.Pages[0])
			}
		}
	}
	for _, c := range []struct {
		why, check string
		list       func(*List)
		totals     func(*Totals)
	}{
		{"an acknowledged grant is not in the list", "nothing-lost", first(func(p *wallet.Page) { p.Grants = p.Grants[1:]; p.Income -= 300; p.Balance -= 300 }), nil},
		{"an order is in the list twice", "order-once", first(func(p *wallet.Page) { p.Grants = append(p.Grants, p.Grants[0]) }), nil},
		{"a line is not posted after the drain", "state-machine", first(func(p *wallet.Page) { p.Grants[0].Status = wallet.TokenProcessing }), nil},
		{"the income is more than its lines", "user-view", first(func(p *wallet.Page) { p.Income += 300; p.Balance += 300 }), nil},
		{"the income overflows", "user-view", first(func(p *wallet.Page) { p.Grants[0].Amount = 1<<63 - 1 }), nil},
		{"the balance ignores a withdrawal", "user-view", first(func(p *wallet.Page) { p.Balance += 100 }), nil},
		{"a withdrawal is not paid after the drain", "withdraw-whole", first(func(p *wallet.Page) { p.Withdrawals[0].State = wallet.WithdrawalHeld }), nil},
		{"a withdrawal is not listed", "withdraw-whole", first(func(p *wallet.Page) { p.Withdrawals = nil; p.Balance += 100 }), nil},
		{"the list changes its stage", "phase-isolation", func(l *List) {
			l.Pages = append(l.Pages, wallet.Page{Stage: wallet.Official})
			l.Pages[0].Next = wallet.Cursor{}
		}, nil},
		{"more was granted than the budget", "no-over-issuance", nil, func(t *Totals) { t.Spent[wallet.InternalTest] = budget + 1 }},
		{"the budget is charged for a grant that nobody won", "budget-accuracy", nil, func(t *Totals) { t.Spent[wallet.InternalTest]++ }},
		{"the budget is not charged for a grant", "budget-accuracy", nil, func(t *Totals) { t.Spent[wallet.InternalTest] -= 300 }},
		{"postings are still held", "nothing-lost", nil, func(t *Totals) { t.Backlog = 1 }},
		{"orders are still open", "nothing-lost", nil, func(t *Totals) { t.OpenOrders = 1 }},
		{"the ledger does not sum to zero", "zero-sum", nil, func(t *Totals) { t.LedgerSum = -1 }},
		{"reconciliation finds a difference", "reconciled", nil, func(t *Totals) { t.Differences = 1; t.Lines = []string{"missing"} }},
		{"reconciliation compared no orders", "reconciled", nil, func(t *Totals) { t.Orders = 0 }},
	} {
		t.Run(c.why, func(t *testing.T) {
			m := newModel("token")
			story(m)
			m.outside(c.list, c.totals)
			got := m.result(t, c.check)
			require.Equal(t, Fail, got.Result)
			require.NotContains(t, got.First+got.Worst, "%!")
		})
	}
}

// A grant whose every try was refused must not appear.
func TestOutsideCatchesWhatWasRefused(t *testing.T) {
	m := newModel("token")
	r := m.refused(0, 1, 600, wallet.ErrOverBudget)
	_, err := m.apply(r)
	require.NoError(t, err)
	m.outside(nil, nil)
	require.Equal(t, Fail, m.result(t, "no-over-issuance").Result)
}

// A withdrawal that was finally refused must not be paid.
func TestOutsideCatchesWithdrawalsRefusedAndPaid(t *testing.T) {
	m := newModel("token")
	two(m)
	m.postAll()
	id, r := m.ask(0, wallet.Douyin, 100)
	_, err := m.payOut(r)
	require.NoError(t, err)
	m.WithdrawAnswered(id, wallet.WithdrawReply{}, wallet.ErrNotReleased, m.tick())
	m.outside(nil, nil)
	require.Equal(t, Fail, m.result(t, "withdraw-whole").Result)
}

// Stores and lists may both be judged: a correct wallet passes both, and its grants are counted once.
func TestOutsideBesideFinal(t *testing.T) {
	m := newModel("token")
	story(m)
	m.advance(time.Second)
	m.outside(nil, nil)
	m.final(t, nil)
	m.clean(t)
	require.Zero(t, m.MoneyDifference())
}

// A correct wallet passes from outside, whatever people do and whichever answers are lost.
func TestOutsideNeverBlamesTheRight(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := newModel(rapid.SampledFrom([]wallet.Strategy{wallet.StrategySync, wallet.StrategyAsync, wallet.StrategyToken}).Draw(t, "strategy"))
		phone := rapid.Bool().Draw(t, "phone")
		if phone {
			m.joinFromStart(0)
		}
		for rain := range int32(rapid.IntRange(1, 9).Draw(t, "wins")) {
			p, app := Person(rapid.IntRange(0, 2).Draw(t, "person")), rapid.SampledFrom([]wallet.App{wallet.Douyin, wallet.Toutiao}).Draw(t, "app")
			switch rapid.IntRange(0, 3).Draw(t, "fate") {
			case 0:
				m.lost(p, app, rain, 400, rapid.Bool().Draw(t, "applied"))
			default:
				m.grant(p, app, rain, 300+wallet.Money(rain))
			}
			if rapid.IntRange(0, 3).Draw(t, "withdraws") == 0 {
				m.postAll()
				m.withdraw(p, app, 100)
			}
		}
		if !phone && rapid.Bool().Draw(t, "binds") {
			m.bind(0)
		}
		m.outside(nil, nil)
		m.clean(t)
	})
}
