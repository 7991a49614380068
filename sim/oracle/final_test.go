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
	require.Equal(t, Fail, m.result(t, "user-view").Result, "the page carried the copy but did not show it")
}

// A grant that, as the wallet reported, has no copy on the server must be shown to a page that carries the client's copy. After
// a repeat was answered with a copy on the server, every page must show it.
func TestWhoHoldsTheOnlyCopyIsShownIt(t *testing.T) {
	for _, c := range []struct {
		why     string
		copies  [][]byte
		again   wallet.GrantState // answer to a repeat; 0: no repeat
		verdict string
	}{
		{"the page carried no copy", nil, 0, Pass},
		{"the page carried the copy but did not show it", [][]byte{[]byte("copy")}, 0, Fail},
		{"a repeat stored a copy on the server", nil, wallet.GrantAccepted, Fail},
		{"a repeat could not store one either", nil, wallet.GrantTokenOnly, Pass},
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
	m.readPage(0, wallet.Douyin, 9, nil)
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
	b := m.stores()
	require.NoError(t, m.Final(context.Background(), Sources{Ledger: b, Orders: b, Tokens: b, Withdrawals: b, Bank: b}))
	require.Equal(t, Unknown, m.result(t, "reconciled").Result)
	require.Equal(t, Unknown, m.result(t, "budget-accuracy").Result, "the sum spent is not known")
}

func TestBooksThatCannotBeReadAreAnError(t *testing.T) {
	down := errors.New("down")
	for name, b := range map[string]Sources{
		"ledger":      {Ledger: broken{&modelStores{}, down}, Orders: &modelStores{}, Withdrawals: &modelStores{}, Bank: &modelStores{}},
		"withdrawals": {Ledger: &modelStores{}, Orders: &modelStores{}, Withdrawals: broken{&modelStores{}, down}, Bank: &modelStores{}},
		"budget": {Ledger: &modelStores{}, Orders: &modelStores{}, Withdrawals: &modelStores{}, Bank: &modelStores{},
			Spent: func(wallet.Stage) (wallet.Money, error) { return 0, down }},
	} {
		require.ErrorIs(t, newModel("token").Final(context.Background(), b), down, name)
	}
	unsorted := &modelStores{orders: []wallet.Order{{No: wallet.OrderNo{ActID: 2}}, {No: wallet.OrderNo{ActID: 1}}}}
	err := newModel("token").Final(context.Background(), Sources{Ledger: &modelStores{}, Orders: unsorted, Withdrawals: &modelStores{}, Bank: &modelStores{}})
	require.ErrorContains(t, err, "wallet 1 after wallet 2", "an unsorted store would be misread")
}

// broken is a store whose reads end with an error.
type broken struct {
	*modelStores
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
		// The last page that did not show it ended 2 s after the acknowledgement.
		{"token, missed", "token", true, 2_000},
		// Visible once posted, 3 s after the acknowledgement.
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
				m.readPage(0, wallet.Douyin, 9, func(p *wallet.Page) { *p = wallet.Page{Stage: p.Stage, Missing: []string{"tokens"}} })
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
