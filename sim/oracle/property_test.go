package oracle

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"hongbao/reference/wallet"
)

// history plays random steps of a right wallet: lost, repeated and overlapping requests, postings late and early,
// stages that change, phones that are bound, withdrawals and walks.
func history(t *rapid.T) *model {
	m := newModel(rapid.SampledFrom(wallet.Strategies).Draw(t, "strategy"))
	people := rapid.Int64Range(0, 3)
	app := rapid.SampledFrom([]wallet.App{wallet.Douyin, wallet.Toutiao})
	for p := range Person(4) {
		if rapid.Bool().Draw(t, "phone") {
			m.joinFromStart(p)
		}
	}
	type try struct {
		id GrantID
		r  wallet.GrantRequest
	}
	var tries []try
	var act func(depth int)
	grant := func() {
		r := m.win(people.Draw(t, "p"), app.Draw(t, "app"), rapid.Int32Range(0, 5).Draw(t, "rain"), wallet.Money(rapid.SampledFrom([]int{100, 250, 250, 250, int(singleCap) + 1}).Draw(t, "fen")))
		tries = append(tries, try{m.GrantSent(Person(r.User/10), r, m.tick()), r})
	}
	// answer ends a try: granted, lost with or without effect, or overloaded.
	answer := func(n int) {
		switch a := tries[n]; rapid.IntRange(0, 5).Draw(t, "answer") {
		case 0:
			m.GrantAnswered(a.id, a.r, wallet.GrantReply{}, wallet.ErrUnknown, m.tick())
		case 1:
			_, _ = m.apply(a.r)
			m.GrantAnswered(a.id, a.r, wallet.GrantReply{}, wallet.ErrUnknown, m.tick())
		case 2:
			m.GrantAnswered(a.id, a.r, wallet.GrantReply{}, wallet.ErrOverloaded, m.tick())
		default:
			m.again(a.id, a.r)
		}
	}
	act = func(depth int) {
		switch rapid.IntRange(0, 9).Draw(t, "step") {
		case 0, 1, 2:
			grant()
			answer(len(tries) - 1)
		case 3:
			if len(tries) > 0 {
				answer(rapid.IntRange(0, len(tries)-1).Draw(t, "try"))
			}
		case 4:
			if len(m.orders) > 0 {
				o := m.orders[rapid.IntRange(0, len(m.orders)-1).Draw(t, "order")]
				if o.status == wallet.TokenIssued && rapid.Bool().Draw(t, "begin") {
					o.status = wallet.TokenProcessing
				} else {
					m.post(o)
				}
			}
		case 5, 6:
			r := wallet.PageRequest{Caller: m.caller(people.Draw(t, "p"), app.Draw(t, "app")), At: m.tick(), Limit: rapid.IntRange(1, 4).Draw(t, "limit")}
			id := m.PageSent(Person(r.User/10), r, m.tick())
			if depth > 0 {
				act(depth - 1)
			}
			page := m.page(r)
			if depth > 0 {
				act(depth - 1)
			}
			m.PageAnswered(id, page, nil, m.tick())
		case 7:
			m.walkAll(people.Draw(t, "p"), app.Draw(t, "app"), rapid.IntRange(1, 3).Draw(t, "limit"), func() {
				if depth > 0 {
					act(depth - 1)
				}
			}, nil)
		case 8:
			id, r := m.ask(people.Draw(t, "p"), app.Draw(t, "app"), wallet.Money(rapid.IntRange(50, 600).Draw(t, "fen")))
			if depth > 0 {
				act(depth - 1)
			}
			reply, err := m.payOut(r)
			if rapid.Bool().Draw(t, "lost") {
				err = wallet.ErrUnknown
			}
			m.WithdrawAnswered(id, reply, err, m.tick())
		case 9:
			if p := people.Draw(t, "p"); !m.phones[p] {
				m.bindWith(p, rapid.SampledFrom([]error{nil, wallet.ErrUnknown}).Draw(t, "bound"))
			} else if m.now < opening+2*hour {
				m.advance(rapid.SampledFrom([]time.Duration{time.Millisecond, 20 * time.Minute}).Draw(t, "pause"))
			}
		}
	}
	for range rapid.IntRange(1, 40).Draw(t, "steps") {
		act(2)
	}
	return m
}

// A right wallet is never blamed, and what its clients never learnt is no difference of money.
func TestRightHistoriesAreNotBlamed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := history(t)
		m.final(t, nil)
		m.clean(t)
		require.Zero(t, m.MoneyDifference())
	})
}

// One entry of a right ledger is falsified, and the accounts with it, so that the ledger agrees with itself: the
// oracle always sees it.
func TestAnyFalseEntryIsCaught(t *testing.T) {
	spoil := map[string]func(b *books, i int){
		"drop":   func(b *books, i int) { b.entries = slices.Delete(b.entries, i, i+1) },
		"double": func(b *books, i int) { b.entries = append(b.entries, b.entries[i]) },
		"amount": func(b *books, i int) { b.entries[i].Amount++ },
		"owner":  func(b *books, i int) { b.entries[i].Account.Owner++ },
		"stage":  func(b *books, i int) { b.entries[i].Account.Stage = b.entries[i].Account.Stage%wallet.Stages + 1 },
	}
	check := map[string][]string{
		"drop": {"nothing-lost", "reconciled"}, "double": {"order-once", "reconciled"}, "amount": {"nothing-lost", "no-over-issuance", "reconciled"},
		"owner": {"nothing-lost", "no-over-issuance", "reconciled"}, "stage": {"phase-isolation", "reconciled"},
	}
	for name, falsify := range spoil {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				m := history(t)
				if len(m.orders) == 0 {
					t.Skip("nothing to falsify")
				}
				m.final(t, func(b *books) {
					falsify(b, b.grants()[rapid.IntRange(0, len(m.orders)-1).Draw(t, "entry")])
					b.balance()
				})
				caught := false
				for _, c := range m.Checks() {
					caught = caught || c.Violations > 0 && slices.Contains(check[name], c.Name)
				}
				require.True(t, caught)
			})
		})
	}
}
