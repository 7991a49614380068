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

// counted returns how many answers of an operation had a reason.
func (f Figures) counted(operation, reason string) int64 {
	i := slices.IndexFunc(f.Answers, func(a Answer) bool { return a.Operation == operation && a.Reason == reason })
	if i < 0 {
		return 0
	}
	return f.Answers[i].Count
}

// Impatient second tries and double taps are sent beside the plan, answered as the first, and counted apart.
func TestHedgesAndDoubleTaps(t *testing.T) {
	t.Parallel()
	s := festival(t, func(s *scenarios.Scenario) {
		quick(s)
		s.People.Client.Hedge, s.People.Client.Repeat = scenarios.Ratio{Num: 1, Den: 1}, scenarios.Ratio{Num: 1, Den: 1}
	})
	run, a := rig{scenario: s, books: true}.play(t)
	f, wins := run.Figures(), s.Grants()
	require.Equal(t, wins, f.counted("grant", "ok"))
	for _, again := range []string{"hedge", "double tap"} {
		ok, cut := f.counted(again, "ok"), f.counted(again, "unknown_outcome")+f.counted(again, "unavailable")
		require.Equal(t, wins, ok+cut, "%s: each is sent, and all are answered but those that the run's end cuts off", again)
		require.Less(t, cut, wins/2, again)
	}
	require.Zero(t, f.SkippedBeside)
	for _, c := range a.Checks {
		require.Equal(t, oracle.Pass, c.Result, "%s: %s", c.Name, c.First)
	}
	require.Equal(t, wins, a.MarkedAfter.Orders, "each is one order")
}

// What does not fit beside the plan is left out and counted, and waits for nobody.
func TestBesideIsBounded(t *testing.T) {
	b := beside{room: make(chan struct{}, 2)}
	hold := make(chan struct{})
	for range 5 {
		b.do(func() { <-hold })
	}
	require.EqualValues(t, 3, b.skipped.Load())
	close(hold)
	b.running.Wait()
}

// A wallet that has lost its copies shows what the client brings (T8), and that is no fault of it. All have impatient
// second tries, of which some are answered first: their tokens count as well.
func TestClientsRestoreTheirViews(t *testing.T) {
	t.Parallel()
	s := festival(t, func(s *scenarios.Scenario) {
		a := &s.People.After
		none := scenarios.Ratio{Num: 0, Den: 1}
		a.KeepTokens, a.Browse = scenarios.Ratio{Num: 1, Den: 1}, none
		a.OtherApp, a.Withdraw, a.ComeBack = none, none, none // where the token is not held, or not any more
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
	// A look before the grant is acknowledged holds no token to bring, and is due nothing.
	for _, c := range a.Checks {
		require.NotEqual(t, oracle.Fail, c.Result, "%s: %s", c.Name, c.First)
	}
}

// Production that changes meanwhile is seen (K2).
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
	require.False(t, a.LiveBefore.Same(*a.LiveAfter))
	require.EqualValues(t, 1, a.LiveAfter.Orders)
	require.EqualValues(t, 5, a.LiveAfter.Reserved)
}

// A drain that does not come about ends at its bound, and one that is broken off says so.
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
	require.NoError(t, err, "a target that is gone may come back")
	require.False(t, drained)
}

// A run that is broken off can be audited: what was not acknowledged is open or turns up, and nothing is blamed.
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
	require.Equal(t, a.MarkedAfter.Reserved, a.Sums.Acked+a.Sums.Happened)
}

// A target without the operator's methods is one without an operator.
func TestNoOperatorMethods(t *testing.T) {
	t.Parallel()
	run := rig{edge: func(next http.Handler) http.Handler {
		return edge("Status", func(w http.ResponseWriter, r *http.Request, _ http.Handler) { http.NotFound(w, r) })(next)
	}}.start(t)
	require.True(t, run.Operated())
	require.NoError(t, run.Prepare(t.Context(), nil))
	require.False(t, run.Operated())
	require.Equal(t, wallet.StrategyToken, run.Strategy())
}

// An audit that is stopped says so, and what it did not read is unread.
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

// The target says which strategy it has, and is judged by that.
func TestStrategyOfTheTargetCounts(t *testing.T) {
	t.Parallel()
	run := rig{strategy: wallet.StrategyAsync}.start(t)
	require.NoError(t, run.Prepare(t.Context(), nil))
	require.Equal(t, wallet.StrategyAsync, run.Strategy())
}

// One answer of each code, as an operation counts it.
func TestOutcomes(t *testing.T) {
	for _, c := range []struct {
		err  error
		lied bool
		want attack.Outcome
		why  string
	}{
		{nil, false, attack.OK, "served"},
		{nil, true, attack.Failed, "a lie is no answer"},
		{wallet.ErrOverBudget, false, attack.Refused, "a rule of the wallet"},
		{wallet.ErrInsufficient, false, attack.Refused, "a rule of the wallet"},
		{wallet.ErrLimited, false, attack.Refused, "the limit was reached to the last try"},
		{wallet.ErrOverloaded, false, attack.Refused, "the queue was full to the last try"},
		{wallet.ErrOverBudget, true, attack.Failed, "refused after it was acknowledged"},
		{wallet.ErrUnknown, false, attack.Failed, "no answer"},
		{wallet.ErrUnavailable, false, attack.Failed, "nobody there"},
		{wallet.ErrInvalid, false, attack.Failed, "an honest request is not invalid"},
		{wallet.ErrConflict, false, attack.Failed, "nor in conflict"},
		{wallet.ErrNotFound, false, attack.Failed, "nor unknown"},
		{wallet.ErrNotYours, false, attack.Failed, "nor somebody else's"},
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

// Orders that were there before count for nothing: those of the run must have been compared.
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

// modest is an operator of somebody else's wallet, who says no more than must be said.
type modest struct{ Operator }

func (m modest) Status(ctx context.Context) (client.Status, error) {
	s, err := m.Operator.Status(ctx)
	s.Strategy, s.Activity, s.Now = "", "", 0
	return s, err
}

// What an operator does not say is taken from the options, and is no fault.
func TestOperatorWhoSaysLittle(t *testing.T) {
	t.Parallel()
	run := rig{strategy: wallet.StrategySync, options: func(o *Options) { o.Operator, o.Strategy = modest{o.Operator}, wallet.StrategySync }}.start(t)
	require.NoError(t, run.Prepare(t.Context(), nil))
	require.True(t, run.Operated())
	require.Equal(t, wallet.StrategySync, run.Strategy())
}

// Lists that still show something under way are read again until it has settled, and judged then.
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
