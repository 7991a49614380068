package oracle

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/wallet"
)

func TestFlushedTokensMustComeBackFromTheClient(t *testing.T) {
	m := newModel("token")
	one(m)
	m.TokensLost(m.tick())
	r := wallet.PageRequest{Caller: m.caller(0, wallet.Douyin), At: m.now, Limit: 9, Tokens: [][]byte{[]byte("copy")}}
	id := m.PageSent(0, r, m.tick())
	m.PageAnswered(id, wallet.Page{Stage: wallet.InternalTest}, nil, m.tick())
	require.Equal(t, Fail, m.result(t, "user-view").Result, "the page carried the copy, and did not show it")
}

// A grant that no copy on the server stands for, by the wallet's own word, is due to who presents the client's copy; once
// a repeat was answered with a copy, to everybody.
func TestWhoHoldsTheOnlyCopyIsShownIt(t *testing.T) {
	for _, c := range []struct {
		why     string
		copies  [][]byte
		again   wallet.GrantState // answer to a repeat; 0: there is none
		verdict string
	}{
		{"the page carried nothing", nil, 0, Pass},
		{"the page carried the copy, and did not show it", [][]byte{[]byte("copy")}, 0, Fail},
		{"a repeat has put a copy on the server", nil, wallet.GrantAccepted, Fail},
		{"a repeat could not either", nil, wallet.GrantTokenOnly, Pass},
	} {
		m := newModel("token")
		r := m.win(0, wallet.Douyin, 1, 500)
		id := m.GrantSent(0, r, m.tick())
		reply, _ := m.apply(r)
		reply.State = wallet.GrantTokenOnly
		m.GrantAnswered(id, r, reply, nil, m.tick())
		if reply.State = c.again; c.again != 0 {
			m.GrantAnswered(id, r, reply, nil, m.tick())
		}
		page := m.PageSent(0, wallet.PageRequest{Caller: r.Caller, At: m.now, Limit: 9, Tokens: c.copies}, m.tick())
		m.PageAnswered(page, wallet.Page{Stage: wallet.InternalTest}, nil, m.tick())
		require.Equal(t, c.verdict, m.result(t, "user-view").Result, c.why)
	}
}

func TestWhatWasNeverEvaluatedIsUnknown(t *testing.T) {
	m := newModel("token")
	for _, c := range m.Checks() {
		require.Equal(t, Unknown, c.Result, c.Name)
		require.NotEmpty(t, c.Spec)
	}
	two(m)
	m.look(0, wallet.Douyin, 9, nil)
	m.withdraw(0, wallet.Douyin, 100)
	m.final(t, nil)
	for _, c := range m.Checks() {
		require.Equal(t, Pass, c.Result, c.Name)
		require.NotZero(t, c.Evaluations, c.Name)
	}
}

func TestReconciliationThatDidNotRunIsUnknown(t *testing.T) {
	m := newModel("token")
	one(m)
	m.postAll()
	b := m.books()
	require.NoError(t, m.Final(context.Background(), Books{Ledger: b, Orders: b, Tokens: b, Withdrawals: b, Bank: b}))
	require.Equal(t, Unknown, m.result(t, "reconciled").Result)
	require.Equal(t, Unknown, m.result(t, "budget-accuracy").Result, "nobody told what was spent")
}

func TestBooksThatCannotBeReadAreAnError(t *testing.T) {
	down := errors.New("down")
	for name, b := range map[string]Books{
		"ledger":      {Ledger: broken{&books{}, down}, Orders: &books{}, Withdrawals: &books{}, Bank: &books{}},
		"withdrawals": {Ledger: &books{}, Orders: &books{}, Withdrawals: broken{&books{}, down}, Bank: &books{}},
		"budget": {Ledger: &books{}, Orders: &books{}, Withdrawals: &books{}, Bank: &books{},
			Spent: func(wallet.Stage) (wallet.Money, error) { return 0, down }},
	} {
		require.ErrorIs(t, newModel("token").Final(context.Background(), b), down, name)
	}
	unsorted := &books{orders: []wallet.Order{{No: wallet.OrderNo{ActID: 2}}, {No: wallet.OrderNo{ActID: 1}}}}
	err := newModel("token").Final(context.Background(), Books{Ledger: &books{}, Orders: unsorted, Withdrawals: &books{}, Bank: &books{}})
	require.ErrorContains(t, err, "wallet 1 after wallet 2", "a book out of order would be misread")
}

// broken is a book that ends with an error.
type broken struct {
	*books
	err error
}

func (b broken) Entries(context.Context, func(wallet.Entry) bool) error          { return b.err }
func (b broken) Withdrawals(context.Context, func(wallet.Withdrawal) bool) error { return b.err }

func TestWaits(t *testing.T) {
	cases := []struct {
		name     string
		strategy wallet.Strategy
		missed   bool  // a degraded page misses the grant after 2 s
		want     int64 // ms
	}{
		// Visible at once.
		{"token", "token", false, 0},
		// The last page that missed it ended 2 s after the acknowledgement.
		{"token, missed", "token", true, 2_000},
		// Visible when posted, 3 s after the acknowledgement.
		{"async", "async", false, 3_000},
		// Posted before it was acknowledged.
		{"sync", "sync", false, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			m := newModel(c.strategy)
			one(m)
			m.advance(2 * time.Second)
			if c.missed {
				m.look(0, wallet.Douyin, 9, func(p *wallet.Page) { *p = wallet.Page{Stage: p.Stage, Missing: []string{"tokens"}} })
			}
			m.advance(time.Second)
			m.final(t, nil)
			m.clean(t)
			require.EqualValues(t, 1, m.Waits().TotalCount())
			require.InEpsilon(t, float64(c.want+1), float64(m.Waits().Max()+1), 0.001)
			require.Len(t, m.seen, 1)
			require.Equal(t, c.want, m.seen[0].Wait.Milliseconds())
			require.Equal(t, m.MaxPostingDelay(), m.seen[0].Delay)
			if c.strategy != "sync" {
				require.Equal(t, int64(3_000), m.MaxPostingDelay().Milliseconds())
			}
		})
	}
}
