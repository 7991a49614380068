package client

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/reference/server"
	"hongbao/reference/server/auth"
	"hongbao/reference/store/storetest"
	"hongbao/reference/wallet"
)

// fakeWalletAdmin is a server.ShadowAdmin with preset results.
type fakeWalletAdmin struct {
	status         server.Status
	reconciliation server.Reconciliation
	back           wallet.Money
	keys           int64
	errs           []error // of the next calls
	forced         []bool
}

func (d *fakeWalletAdmin) next() (err error) {
	if len(d.errs) > 0 {
		err, d.errs = d.errs[0], d.errs[1:]
	}
	return err
}

func (d *fakeWalletAdmin) Status(context.Context) (server.Status, error) { return d.status, d.next() }
func (d *fakeWalletAdmin) Reconcile(context.Context) (server.Reconciliation, error) {
	return d.reconciliation, d.next()
}
func (d *fakeWalletAdmin) AuditBudget(_ context.Context, s wallet.Stage) (wallet.Money, error) {
	return d.back * wallet.Money(s), d.next()
}
func (d *fakeWalletAdmin) CleanUp(_ context.Context, force bool) (int64, error) {
	d.forced = append(d.forced, force)
	return d.keys, d.next()
}

// auditLog accepts every action.
type auditLog struct {
	wallet.AuditLog
	mu    sync.Mutex
	count int
}

func (a *auditLog) Append(context.Context, wallet.Action) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.count++
	return nil
}

// TestOperator: an operator's call reaches the wallet that the load-test mark selects, and its result is returned
// unchanged.
func TestOperator(t *testing.T) {
	keys, clock := auth.Generate(), storetest.NewClock()
	live := &fakeWalletAdmin{back: 7, status: server.Status{Strategy: wallet.StrategyToken, Activity: "spring", Instances: []string{"a", "b"}, Backlog: 3,
		BacklogAge: 2 * time.Second, OpenOrders: 4, Budgets: []server.BudgetStatus{{Stage: wallet.Official, Budget: 1000,
			Quota: wallet.Quota{Reserved: 100, Leased: 300, Orphaned: 50}}}},
		reconciliation: server.Reconciliation{Orders: 9, Entries: 8, Sum: -3, Count: 2, Differences: []wallet.Difference{
			{Kind: wallet.Missing, Sides: "orders/ledger", Want: 5}, {Kind: wallet.Extra, Sides: "orders/ledger", Got: 5}}}}
	shadow := &fakeWalletAdmin{back: 1, keys: 12, status: server.Status{BacklogAge: -1}}
	log := &auditLog{}
	_, url := serve(t, keys, server.Ports{Service: emptyPages{}, Shadow: emptyPages{}, Inspector: live, ShadowAdmin: shadow, Audit: log, Clock: clock}, Config{})
	as := func(id string, loadTest bool) *OperatorClient {
		o, ok := keys.Operator(id)
		require.True(t, ok)
		c, err := NewOperatorClient(Config{BaseURL: url, Key: o.Key, LoadTest: loadTest, Now: func() time.Time { return clock.Now().Time() },
			Wait: func(context.Context, time.Duration) error { return nil }})
		require.NoError(t, err)
		t.Cleanup(c.CloseIdle)
		return c
	}

	status, err := as("viewer", false).Status(t.Context())
	require.NoError(t, err)
	require.Equal(t, Status{Strategy: wallet.StrategyToken, Activity: "spring", Now: clock.Now(), Instances: []string{"a", "b"}, Backlog: 3,
		BacklogAge: 2 * time.Second, OpenOrders: 4, Budgets: []Budget{{Stage: wallet.Official, Budget: 1000,
			Quota: wallet.Quota{Reserved: 100, Leased: 300, Orphaned: 50}}}}, status)
	status, err = as("viewer", true).Status(t.Context())
	require.NoError(t, err)
	require.Negative(t, status.BacklogAge, "unknown")
	report, err := as("auditor", false).Reconcile(t.Context())
	require.NoError(t, err)
	require.Equal(t, Reconciliation{Orders: 9, Entries: 8, Sum: -3, Differences: 2,
		Lines: []string{"orders/ledger missing: want 5 fen, got 0 fen", "orders/ledger extra: want 0 fen, got 5 fen"}}, report)
	back, err := as("auditor", true).AuditBudget(t.Context(), wallet.Official)
	require.NoError(t, err)
	require.EqualValues(t, 3, back)

	gone, err := as("operator", true).CleanUp(t.Context(), false)
	require.NoError(t, err)
	require.EqualValues(t, 12, gone)
	shadow.errs = []error{server.ErrShadowBusy, server.ErrShadowCleaning}
	_, err = as("operator", true).CleanUp(t.Context(), true)
	require.NoError(t, err, "a transient refusal is repeated")
	require.Equal(t, []bool{false, true, true, true}, shadow.forced)
	shadow.errs = []error{server.ErrShadowShared, errors.New("not repeated")}
	_, err = as("operator", true).CleanUp(t.Context(), false)
	require.Equal(t, "load_test_shared", wallet.ReasonOf(err))
	require.Len(t, shadow.errs, 1)

	_, err = as("operator", false).CleanUp(t.Context(), false)
	require.Equal(t, "marked_only", wallet.ReasonOf(err))
	_, err = as("viewer", true).CleanUp(t.Context(), false)
	require.ErrorIs(t, err, auth.ErrRole)
	_, err = as("operator", false).Reconcile(t.Context())
	require.ErrorIs(t, err, auth.ErrRole)
	require.Positive(t, log.count)

	_, err = NewOperatorClient(Config{BaseURL: "ftp://x"})
	require.ErrorIs(t, err, wallet.ErrInvalid)
	nobody, err := NewOperatorClient(Config{BaseURL: url})
	require.NoError(t, err)
	_, err = nobody.Status(t.Context())
	require.ErrorIs(t, err, auth.ErrNoCredentials)
}
