package oracle

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
)

// Bounds on the memory of a run without withdrawals and bindings; fifty million grants must fit beside everything else.
const (
	maxBytesPerGrant  = 41 // the record, and the slack of its slab
	maxBytesPerPerson = 9  // the head of the chain, the wallet's owner, a bit and their directories
)

// rich is the festival of the tests with a budget that is never exhausted.
func rich() wallet.Activity {
	a := festival()
	for i := range a.Children {
		a.Children[i].Budget = math.MaxInt64
	}
	return a
}

// crowdOf records n people who each won once in a new oracle, and returns it with the ids.
func crowdOf(n int64, strategy wallet.Strategy) (*Oracle, []GrantID, wallet.GrantRequest) {
	o := New(Config{Strategy: strategy, Activity: rich(), People: n})
	r := wallet.GrantRequest{Caller: wallet.Caller{App: wallet.Douyin, User: 1}, Scene: scene, Rain: 1, Award: wallet.Cash, Amount: 1, Opened: opening + 1}
	ids := make([]GrantID, n)
	for p := range n {
		ids[p] = o.GrantSent(p, r, opening+1)
		o.GrantAnswered(ids[p], r, reply(p, r), nil, opening+2)
	}
	return o, ids, r
}

func reply(p Person, r wallet.GrantRequest) wallet.GrantReply {
	no := wallet.OrderNo{ActID: wallet.ActID(p + 1), Scene: r.Scene, Rain: r.Rain, Award: r.Award, Stage: wallet.InternalTest}
	return wallet.GrantReply{Order: no, Amount: r.Amount, State: wallet.GrantAccepted}
}

func TestMemoryStaysWithinBounds(t *testing.T) {
	const people = 100_000
	o, _, _ := crowdOf(people, wallet.StrategyToken)
	require.LessOrEqual(t, o.Bytes(), int64(people*(maxBytesPerGrant+maxBytesPerPerson)))
	before := o.grants.Bytes()
	for p := range Person(people) {
		o.GrantSent(p, wallet.GrantRequest{Caller: wallet.Caller{App: wallet.Douyin, User: 1}, Scene: scene, Rain: 2, Award: wallet.Cash, Amount: 1, Opened: opening + 1}, opening+1)
	}
	require.LessOrEqual(t, o.grants.Bytes()-before, int64(people*maxBytesPerGrant))
}

func TestPagesOfTokensKeepNothing(t *testing.T) {
	m := newModel(wallet.StrategyToken)
	two(m)
	m.readPage(0, wallet.Douyin, 9, nil)
	held := m.Bytes()
	for range 1000 {
		m.readPage(0, wallet.Douyin, 9, nil)
	}
	require.Equal(t, held, m.Bytes())
}

func BenchmarkGrant(b *testing.B) {
	o := New(Config{Strategy: wallet.StrategyToken, Activity: rich()})
	r := wallet.GrantRequest{Caller: wallet.Caller{App: wallet.Douyin, User: 1}, Scene: scene, Rain: 1, Award: wallet.Cash, Amount: 1, Opened: opening + 1}
	b.ReportAllocs()
	for p := Person(0); b.Loop(); p++ {
		id := o.GrantSent(p, r, opening+1)
		o.GrantAnswered(id, r, reply(p, r), nil, opening+2)
	}
}

func BenchmarkPage(b *testing.B) {
	for _, c := range []struct {
		name   string
		grants int32
	}{{"3 grants", 3}, {"20 grants", 20}} {
		b.Run(c.name, func(b *testing.B) {
			m := newModel(wallet.StrategyToken)
			for rain := range c.grants {
				m.grant(0, wallet.Douyin, rain, 100)
			}
			r := wallet.PageRequest{Caller: m.caller(0, wallet.Douyin), At: m.now, Limit: 20}
			page := m.page(r)
			b.ReportAllocs()
			for b.Loop() {
				m.PageAnswered(m.PageSent(0, r, m.tick()), page, nil, m.tick())
			}
			m.clean(b)
		})
	}
}

// BenchmarkFinal reports the time and memory per grant of the final check.
func BenchmarkFinal(b *testing.B) {
	const people = 100_000
	for b.Loop() {
		b.StopTimer()
		o, _, r := crowdOf(people, wallet.StrategyToken)
		bs := &modelStores{}
		for p := range Person(people) {
			no := reply(p, r).Order
			account := wallet.AccountNo{Kind: wallet.PersonalAccount, Stage: no.Stage, Owner: int64(no.ActID)}
			bs.orders = append(bs.orders, wallet.Order{No: no, Amount: 1, Opened: r.Opened, State: wallet.OrderSettled})
			bs.entries = append(bs.entries, wallet.Entry{Account: account, Amount: 1, Order: no, Opened: r.Opened, Posted: opening + 3})
			bs.tokens = append(bs.tokens, wallet.Token{Order: no, Amount: 1, Opened: r.Opened, Status: wallet.TokenSuccess})
			bs.balances = append(bs.balances, balance{account, 1})
		}
		bs.spent[wallet.InternalTest] = people
		bs.balances = append([]balance{{wallet.AccountNo{Kind: wallet.CostAccount, Stage: wallet.InternalTest}, -people}}, bs.balances...)
		b.StartTimer()
		require.NoError(b, o.Final(b.Context(), Sources{Ledger: bs, Orders: bs, Tokens: bs, Withdrawals: bs, Bank: bs,
			Spent: func(s wallet.Stage) (wallet.Money, error) { return bs.spent[s], nil }, ReconcileRan: true}))
		require.Zero(b, o.Violations(), "%+v", o.Checks())
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/people, "ns/grant")
}
