package crowd

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/loadtest/attack"
	"hongbao/reference/sdk/client"
	"hongbao/reference/wallet"
	"hongbao/scenarios"
	"hongbao/sim/oracle"
)

// counted returns the number of answers of an operation with a reason.
func (f Figures) counted(operation, reason string) int64 {
	i := slices.IndexFunc(f.Answers, func(a Answer) bool { return a.Operation == operation && a.Reason == reason })
	if i < 0 {
		return 0
	}
	return f.Answers[i].Count
}

// Hedged second tries and double taps are sent in addition to the plan, answered like the first try, and counted separately.
func TestHedgesAndDoubleTaps(t *testing.T) {
	t.Parallel()
	s := festival(t, func(s *scenarios.Scenario) {
		quick(s)
		s.People.Client.Hedge, s.People.Client.Repeat = scenarios.Ratio{Num: 1, Den: 1}, scenarios.Ratio{Num: 1, Den: 1}
	})
	run, a := rig{scenario: s, stores: true}.play(t)
	f, wins := run.Figures(), s.Grants()
	require.Equal(t, wins, f.counted("grant", "ok"))
	for _, again := range []string{"hedge", "double tap"} {
		ok, cut := f.counted(again, "ok"), f.counted(again, "unknown_outcome")+f.counted(again, "unavailable")
		require.Equal(t, wins, ok+cut, "%s: each is sent, and all are answered except those cut off by the end of the run", again)
		require.Less(t, cut, wins/2, again)
	}
	require.Zero(t, f.SkippedUnplanned)
	for _, c := range a.Checks {
		require.Equal(t, oracle.Pass, c.Result, "%s: %s", c.Name, c.First)
	}
	require.Equal(t, wins, a.ShadowAfter.Orders, "each is one order")
}

// Unplanned requests above the bound are left out and counted; they block nothing.
func TestBesideIsBounded(t *testing.T) {
	b := unplanned{room: make(chan struct{}, 2)}
	hold := make(chan struct{})
	for range 5 {
		b.do(func() { <-hold })
	}
	require.EqualValues(t, 3, b.skipped.Load())
	close(hold)
	b.running.Wait()
}

// A wallet that has lost its copies shows the tokens that the client sends (T8), which is not a violation. Everybody hedges,
// and some second tries are answered first: their tokens count too.
func TestClientsRestoreTheirViews(t *testing.T) {
	t.Parallel()
	s := festival(t, func(s *scenarios.Scenario) {
		a := &s.People.After
		none := scenarios.Ratio{Num: 0, Den: 1}
		a.KeepTokens, a.Browse = scenarios.Ratio{Num: 1, Den: 1}, none
		a.OtherApp, a.Withdraw, a.SecondLook = none, none, none // the token is not held there, or no longer
		s.People.Client.Hedge = scenarios.Ratio{Num: 1, Den: 1}
	})
	run, a := rig{scenario: s, service: func(w wallet.Service) wallet.Service {
		return liar{Service: w, page: func(r wallet.PageRequest, p *wallet.Page) {
			if r.Limit == pageLimit && len(r.Tokens) == 0 && !r.Withdraw {
				p.Grants, p.Income, p.Balance = nil, 0, 0
			}
		}}
	}}.play(t)
	require.NotZero(t, run.Figures().counted("restore", "ok"))
	require.NotZero(t, run.report.Kinds[Page].OK)
	// A page requested before the grant is acknowledged carries no token, and need not show the grant.
	for _, c := range a.Checks {
		require.NotEqual(t, oracle.Fail, c.Result, "%s: %s", c.Name, c.First)
	}
}

// A change of production during the run is detected (K2).
func TestLiveSideIsCompared(t *testing.T) {
	t.Parallel()
	run := rig{}.start(t)
	require.NoError(t, run.Prepare(t.Context(), nil))
	now := clock{}.Now()
	_, err := run.real.Grant(t.Context(), wallet.GrantRequest{Caller: wallet.Caller{App: wallet.Douyin, User: 1}, Activity: run.activity.Parent,
		Scene: "rain", Rain: 1, Award: wallet.Cash, Amount: 5, Opened: now})
	require.NoError(t, err)
	require.Eventually(t, func() bool { n, err := run.real.backlog.Depth(t.Context()); return err == nil && n == 0 }, 10*time.Second, 5*time.Millisecond)
	a, err := run.Audit(t.Context(), AuditOptions{})
	require.NoError(t, err)
	require.False(t, a.LiveBefore.same(*a.LiveAfter))
	require.EqualValues(t, 1, a.LiveAfter.Orders)
	require.EqualValues(t, 5, a.LiveAfter.Reserved)
}

// A drain that is not reached ends at its bound, and a cancelled one returns the context's error.
func TestDrainIsBounded(t *testing.T) {
	t.Parallel()
	run := rig{idle: true}.start(t)
	require.NoError(t, run.Prepare(t.Context(), nil))
	require.Equal(t, attack.OK, run.Send(t.Context(), attack.Op[Visit]{Kind: Grant, What: Visit{Person: 1, Amount: 7, App: wallet.Douyin}}))
	took, drained, err := run.Drain(t.Context(), 300*time.Millisecond)
	require.NoError(t, err)
	require.False(t, drained)
	require.GreaterOrEqual(t, took, 300*time.Millisecond)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, drained, err = run.Drain(ctx, time.Hour)
	require.ErrorIs(t, err, context.Canceled)
	require.False(t, drained)
	run.http.Close()
	_, drained, err = run.Drain(t.Context(), 100*time.Millisecond)
	require.NoError(t, err, "an unreachable target may become reachable again")
	require.False(t, drained)
}

// An interrupted run can be audited: unacknowledged grants are open or are found in lists, and nothing is a violation.
func TestInterruptedRunIsJudged(t *testing.T) {
	t.Parallel()
	run := rig{}.start(t)
	require.NoError(t, run.Prepare(t.Context(), nil))
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	var err error
	run.report, err = attack.Run(ctx, attack.Config{Kinds: Kinds(), Duration: run.Span()}, attack.Plan[Visit](run), attack.Sender[Visit](run))
	require.NoError(t, err)
	require.True(t, run.report.Interrupted)
	_, drained, err := run.Drain(t.Context(), 10*time.Second)
	require.NoError(t, err)
	require.True(t, drained)
	a, err := run.Audit(t.Context(), AuditOptions{})
	require.NoError(t, err)
	for _, c := range a.Checks {
		require.NotEqual(t, oracle.Fail, c.Result, "%s: %s", c.Name, c.First)
	}
	require.Equal(t, a.ShadowAfter.Reserved, a.Sums.Acked+a.Sums.Happened)
}

// A target without the operator's methods counts as a target without an operator.
func TestNoOperatorMethods(t *testing.T) {
	t.Parallel()
	run := rig{edge: func(next http.Handler) http.Handler {
		return edge("Status", func(w http.ResponseWriter, r *http.Request, _ http.Handler) { http.NotFound(w, r) })(next)
	}}.start(t)
	require.True(t, run.HasOperator())
	require.NoError(t, run.Prepare(t.Context(), nil))
	require.False(t, run.HasOperator())
	require.Equal(t, wallet.StrategyToken, run.Strategy())
}

// A stopped audit returns the context's error, and counts the lists it did not read as unread.
func TestAuditStops(t *testing.T) {
	t.Parallel()
	run := rig{}.start(t)
	require.NoError(t, run.Prepare(t.Context(), nil))
	for p := range uint32(50) {
		require.Equal(t, attack.OK, run.Send(t.Context(), attack.Op[Visit]{Kind: Grant, What: Visit{Person: p, Amount: 7, App: wallet.Douyin}}))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	a, err := run.Audit(ctx, AuditOptions{})
	require.ErrorIs(t, err, context.Canceled)
	require.EqualValues(t, 51, a.People)
	require.EqualValues(t, 51, a.Unread)
	require.Zero(t, a.Read)
	require.Len(t, a.Checks, 10)
	for _, c := range a.Checks {
		require.NotEqual(t, oracle.Fail, c.Result, c.Name)
	}
}

// The target reports its strategy, and is judged by it.
func TestStrategyOfTheTargetCounts(t *testing.T) {
	t.Parallel()
	run := rig{strategy: wallet.StrategyAsync}.start(t)
	require.NoError(t, run.Prepare(t.Context(), nil))
	require.Equal(t, wallet.StrategyAsync, run.Strategy())
}

// The outcome of an operation for one answer of each code.
func TestOutcomes(t *testing.T) {
	for _, c := range []struct {
		err  error
		lied bool
		want attack.Outcome
		why  string
	}{
		{nil, false, attack.OK, "served"},
		{nil, true, attack.Failed, "an answer that violates a check"},
		{wallet.ErrOverBudget, false, attack.Refused, "a rule of the wallet"},
		{wallet.ErrInsufficient, false, attack.Refused, "a rule of the wallet"},
		{wallet.ErrLimited, false, attack.Refused, "rate limited until the last try"},
		{wallet.ErrOverloaded, false, attack.Refused, "the queue was full until the last try"},
		{wallet.ErrOverBudget, true, attack.Failed, "refused after it was acknowledged"},
		{wallet.ErrUnknown, false, attack.Failed, "no answer"},
		{wallet.ErrUnavailable, false, attack.Failed, "unreachable"},
		{wallet.ErrInvalid, false, attack.Failed, "a valid request must not be invalid"},
		{wallet.ErrConflict, false, attack.Failed, "nor in conflict"},
		{wallet.ErrNotFound, false, attack.Failed, "nor not found"},
		{wallet.ErrNotYours, false, attack.Failed, "nor belong to somebody else"},
		{http.ErrBodyNotAllowed, false, attack.Failed, "not an error of the wallet"},
	} {
		require.Equal(t, c.want, outcome(c.err, c.lied), c.why)
	}
}

// frozen is an operator whose reconciliation always compares the same orders.
type frozen struct{ Operator }

func (f frozen) Reconcile(ctx context.Context) (client.Reconciliation, error) {
	r, err := f.Operator.Reconcile(ctx)
	r.Orders = 100
	return r, err
}

// Orders from before the run do not count: the orders of the run must have been compared.
func TestReconciliationMustCompareTheRun(t *testing.T) {
	t.Parallel()
	run := rig{options: func(o *Options) { o.Operator = frozen{o.Operator} }}.start(t)
	require.NoError(t, run.Prepare(t.Context(), nil))
	for p := range uint32(20) {
		require.Equal(t, attack.OK, run.Send(t.Context(), attack.Op[Visit]{Kind: Grant, What: Visit{Person: p, Amount: 7, App: wallet.Douyin}}))
	}
	_, drained, err := run.Drain(t.Context(), 10*time.Second)
	require.NoError(t, err)
	require.True(t, drained)
	a, err := run.Audit(t.Context(), AuditOptions{})
	require.NoError(t, err)
	require.Equal(t, oracle.Fail, a.result(t, "reconciled").Result)
	require.Equal(t, oracle.Pass, a.result(t, "budget-accuracy").Result)
}

// modest is an operator of an external wallet that reports only what is mandatory.
type modest struct{ Operator }

func (m modest) Status(ctx context.Context) (client.Status, error) {
	s, err := m.Operator.Status(ctx)
	s.Strategy, s.Activity, s.Now = "", "", 0
	return s, err
}

// What an operator does not report is taken from the options, and is not a violation.
func TestOperatorWhoSaysLittle(t *testing.T) {
	t.Parallel()
	run := rig{strategy: wallet.StrategySync, options: func(o *Options) { o.Operator, o.Strategy = modest{o.Operator}, wallet.StrategySync }}.start(t)
	require.NoError(t, run.Prepare(t.Context(), nil))
	require.True(t, run.HasOperator())
	require.Equal(t, wallet.StrategySync, run.Strategy())
}

// Lists that still show unsettled records are read again until they are settled, and judged then.
func TestListsUnderWayAreReadAgain(t *testing.T) {
	t.Parallel()
	run := rig{idle: true, scenario: festival(t, quick), options: func(o *Options) { o.Operator, o.Live = nil, nil }}.start(t)
	require.NoError(t, run.Prepare(t.Context(), nil))
	for p := range uint32(20) {
		require.Equal(t, attack.OK, run.Send(t.Context(), attack.Op[Visit]{Kind: Grant, What: Visit{Person: p, Amount: 7, App: wallet.Douyin}}))
	}
	ctx, stop := context.WithCancel(t.Context())
	var living sync.WaitGroup
	living.Go(func() {
		if wait(ctx, rereadEvery/2) == nil {
			run.shadow.live(ctx)
		}
	})
	a, err := run.Audit(t.Context(), AuditOptions{})
	stop()
	living.Wait()
	require.NoError(t, err)
	require.Zero(t, a.Unsettled)
	require.EqualValues(t, 21, a.Read)
	for _, c := range a.Checks {
		require.NotEqual(t, oracle.Fail, c.Result, "%s: %s", c.Name, c.First)
	}
}
