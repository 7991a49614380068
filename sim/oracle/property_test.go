package oracle

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"hongbao/reference/wallet"
)

// try is a grant that may be repeated.
type try struct {
	id GrantID
	r  wallet.GrantRequest
}

// historyBuilder builds a history by drawing one step after another.
type historyBuilder struct {
	*model
	t     *rapid.T
	tries []try
}

func (a *historyBuilder) draw(n int, what string) int { return rapid.IntRange(0, n-1).Draw(a.t, what) }

// who draws a person and one of the person's apps.
func (a *historyBuilder) who() (Person, wallet.App) {
	return Person(a.draw(4, "person")), rapid.SampledFrom([]wallet.App{wallet.Douyin, wallet.Toutiao}).Draw(a.t, "app")
}

// grant sends a win and answers it once.
func (a *historyBuilder) grant() {
	p, app := a.who()
	amounts := []wallet.Money{100, 250, 250, 250, singleCap + 1}
	r := a.win(p, app, int32(a.draw(6, "rain")), amounts[a.draw(len(amounts), "amount")])
	a.tries = append(a.tries, try{a.GrantSent(p, r, a.tick()), r})
	a.answer(len(a.tries) - 1)
}

// answer ends a try: granted, lost with or without effect, or overloaded.
func (a *historyBuilder) answer(n int) {
	switch s := a.tries[n]; a.draw(6, "answer") {
	case 0:
		a.GrantAnswered(s.id, s.r, wallet.GrantReply{}, wallet.ErrUnknown, a.tick())
	case 1:
		_, _ = a.apply(s.r)
		a.GrantAnswered(s.id, s.r, wallet.GrantReply{}, wallet.ErrUnknown, a.tick())
	case 2:
		a.GrantAnswered(s.id, s.r, wallet.GrantReply{}, wallet.ErrOverloaded, a.tick())
	default:
		a.again(s.id, s.r)
	}
}

// progressOne moves an order one step towards the ledger.
func (a *historyBuilder) progressOne() {
	if len(a.orders) == 0 {
		return
	}
	o := a.orders[a.draw(len(a.orders), "order")]
	if o.status == wallet.TokenIssued && a.draw(2, "begin") == 0 {
		o.status = wallet.TokenProcessing
	} else {
		a.post(o)
	}
}

// read requests a page; other steps run before and after the wallet makes it.
func (a *historyBuilder) read(depth int) {
	p, app := a.who()
	r := wallet.PageRequest{Caller: a.caller(p, app), At: a.tick(), Limit: 1 + a.draw(4, "limit"), Withdraw: a.draw(4, "withdraw") == 0}
	id := a.PageSent(p, r, a.tick())
	a.step(depth - 1)
	page := a.page(r)
	a.step(depth - 1)
	a.PageAnswered(id, page, nil, a.tick())
}

// takeOut withdraws, with a step in between and an answer that may be lost.
func (a *historyBuilder) takeOut(depth int) {
	p, app := a.who()
	id, r := a.ask(p, app, wallet.Money(50+a.draw(600, "fen")))
	a.step(depth - 1)
	reply, err := a.payOut(r)
	if a.draw(2, "lost") == 0 {
		err = wallet.ErrUnknown
	}
	a.WithdrawAnswered(id, reply, err, a.tick())
}

// step draws and runs one step, with further steps nested up to depth.
func (a *historyBuilder) step(depth int) {
	if depth < 0 {
		return
	}
	switch a.draw(10, "step") {
	case 0, 1, 2:
		a.grant()
	case 3:
		if len(a.tries) > 0 {
			a.answer(a.draw(len(a.tries), "try"))
		}
	case 4:
		a.progressOne()
	case 5, 6:
		a.read(depth)
	case 7:
		p, app := a.who()
		a.walkAll(p, app, 1+a.draw(3, "limit"), func() { a.step(depth - 1) }, nil)
	case 8:
		a.takeOut(depth)
	case 9:
		if p, _ := a.who(); !a.phones[p] {
			a.bindWith(p, []error{nil, wallet.ErrUnknown}[a.draw(2, "bound")])
		} else if a.now < opening+2*hour {
			a.advance([]time.Duration{time.Millisecond, 20 * time.Minute}[a.draw(2, "pause")])
		}
	}
}

// history plays random steps of a correct wallet: lost, repeated and overlapping requests, early and late postings,
// changes of stage, phone bindings, withdrawals and walks.
func history(t *rapid.T) *model {
	a := &historyBuilder{model: newModel(rapid.SampledFrom(wallet.Strategies).Draw(t, "strategy")), t: t}
	for p := range Person(4) {
		if a.draw(2, "phone") == 0 {
			a.joinFromStart(p)
		}
	}
	for range 1 + a.draw(40, "steps") {
		a.step(2)
	}
	return a.model
}

// A correct wallet never violates a check, and unknown outcomes are not a difference of money.
func TestRightHistoriesAreNotBlamed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := history(t)
		m.final(t, nil)
		m.clean(t)
		require.Zero(t, m.MoneyDifference())
	})
}

// One entry of a correct ledger is falsified, and the accounts with it, so that the ledger is consistent: the oracle must
// always detect it.
func TestAnyFalseEntryIsCaught(t *testing.T) {
	spoil := map[string]func(b *modelStores, i int){
		"drop":   func(b *modelStores, i int) { b.entries = slices.Delete(b.entries, i, i+1) },
		"double": func(b *modelStores, i int) { b.entries = append(b.entries, b.entries[i]) },
		"amount": func(b *modelStores, i int) { b.entries[i].Amount++ },
		"owner":  func(b *modelStores, i int) { b.entries[i].Account.Owner++ },
		"stage":  func(b *modelStores, i int) { b.entries[i].Account.Stage = b.entries[i].Account.Stage%wallet.Stages + 1 },
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
					t.Skip("nothing to falsify") // rapid draws another history instead
				}
				m.final(t, func(b *modelStores) {
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
