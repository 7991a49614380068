package crowd

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"hongbao/loadtest/attack"
	"hongbao/reference/sdk/client"
	"hongbao/reference/wallet"
	"hongbao/scenarios"
	"hongbao/sim/oracle"
)

// Do returns the result of each operation to a driver with a separate schedule.
func TestDoSaysWhatItCameTo(t *testing.T) {
	t.Parallel()
	run := rig{scenario: festival(t, quick)}.start(t)
	require.NoError(t, run.Prepare(t.Context(), nil))
	v := Visit{Person: 3, Amount: 7, App: wallet.Douyin}
	won := run.Do(t.Context(), Grant, v)
	require.Equal(t, Result{Outcome: attack.OK, Amount: 7, Order: won.Order}, won)
	require.NotZero(t, won.Order)
	require.Equal(t, Result{Outcome: attack.OK, Amount: 7, Lines: 1}, run.Do(t.Context(), Page, v))
	require.Equal(t, Result{Outcome: attack.OK, Amount: 7, Lines: 1}, run.Do(t.Context(), Browse, v))
	require.Equal(t, Result{Outcome: attack.OK}, run.Do(t.Context(), Bind, v))
	require.Equal(t, Result{Outcome: attack.OK, Amount: 7}, run.Do(t.Context(), Withdraw, v))
	require.Equal(t, Result{Outcome: attack.Refused, Reason: ReasonNothing}, run.Do(t.Context(), Withdraw, v))
	v.Amount = 1e6
	require.Equal(t, Result{Outcome: attack.Refused, Reason: wallet.ReasonOf(wallet.ErrOverCap)}, run.Do(t.Context(), Grant, v))
	require.Equal(t, attack.Failed, run.Do(t.Context(), 77, v).Outcome, "an unknown kind")
	require.Equal(t, wallet.Caller{App: v.App, User: run.User(v)}, run.caller(v.Person, v.App))

	liar := pageLie(func(_ wallet.PageRequest, p *wallet.Page) { p.Income++ })
	liar.scenario = run.scenario
	run = liar.start(t)
	require.NoError(t, run.Prepare(t.Context(), nil))
	for v = (Visit{Amount: 7, App: wallet.Douyin}); !some(run.caller(v.Person, v.App)); v.Person++ {
	}
	require.Equal(t, attack.OK, run.Do(t.Context(), Grant, v).Outcome)
	seen := run.Do(t.Context(), Page, v)
	require.Equal(t, attack.Failed, seen.Outcome)
	require.Equal(t, ReasonLie, seen.Reason)
}

// Wants agrees with the plan, except for returning visits and second windows.
func TestWantsIsThePlan(t *testing.T) {
	s := focused(t, "rain-peak.yaml", "", 2000, 2*time.Second)
	a := &s.People.After
	a.Browse, a.Withdraw = scenarios.Ratio{Num: 1, Den: 10}, scenarios.Ratio{Num: 1, Den: 5} // so that each occurs often
	a.SecondLook, a.OtherApp = scenarios.Ratio{Num: 0, Den: 1}, scenarios.Ratio{Num: 0, Den: 1}
	p := newPlan(s, 5)
	wins, planned := []Visit{}, map[uint32]map[uint8]bool{}
	for _, op := range all(p) {
		if op.Kind == Grant {
			wins = append(wins, op.What)
			continue
		}
		if planned[op.What.Person] == nil {
			planned[op.What.Person] = map[uint8]bool{}
		}
		planned[op.What.Person][op.Kind] = true
	}
	var n [5]int
	for _, v := range wins {
		for kind := range uint8(len(Kinds())) {
			require.Equal(t, planned[v.Person][kind], p.Wants(v, kind), "person %d, %s", v.Person, Kinds()[kind])
			if p.Wants(v, kind) {
				n[kind]++
			}
		}
	}
	require.Zero(t, n[Grant])
	for _, kind := range []uint8{Page, Browse, Withdraw, Bind} {
		require.Greater(t, n[kind], 50, Kinds()[kind])
	}
}

// Two crowds use one wallet at a time, each with its own people. The budget spent by the other is not a violation if both know
// that the wallet is shared, and is one if they do not.
func TestTwoOnOneSide(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		shared bool
		want   string
	}{{true, oracle.Unknown}, {false, oracle.Fail}} {
		run := rig{options: func(o *Options) { o.Shared = c.shared }}.start(t)
		other, err := New(run.options)
		require.NoError(t, err)
		t.Cleanup(other.Close)
		for _, crowd := range []*Crowd{run.Crowd, other} {
			require.NoError(t, crowd.Prepare(t.Context(), nil))
		}
		for p := range uint32(40) {
			one := []*Crowd{run.Crowd, other}[p%2]
			require.Equal(t, attack.OK, one.Do(t.Context(), Grant, Visit{Person: p, Amount: 7, App: wallet.Douyin}).Outcome)
		}
		for _, crowd := range []*Crowd{run.Crowd, other} {
			_, drained, err := crowd.Drain(t.Context(), 10*time.Second)
			require.NoError(t, err)
			require.True(t, drained)
			a, err := crowd.Audit(t.Context(), AuditOptions{Patience: 5 * time.Second})
			require.NoError(t, err)
			require.Equal(t, c.want, a.result(t, "budget-accuracy").Result)
			for _, name := range []string{"order-once", "nothing-lost", "user-view", "zero-sum", "reconciled", "phase-isolation"} {
				require.Equal(t, oracle.Pass, a.result(t, name).Result, "%s: %s", name, a.result(t, name).First)
			}
		}
	}
}

// restless is an operator whose reconciliation reports a difference a given number of times. The comparison before the run
// does not count.
type restless struct {
	Operator
	left *int
}

func (r restless) Reconcile(ctx context.Context) (client.Reconciliation, error) {
	out, err := r.Operator.Reconcile(ctx)
	if *r.left--; *r.left > 0 {
		out.Differences, out.Lines = 1, []string{"an order on its way"}
	}
	return out, err
}

// Stores that other runs change are compared again until nothing changes or patience ends; other stores are compared once.
func TestBooksThatOthersMove(t *testing.T) {
	for _, c := range []struct {
		why    string
		shared bool
		moving int
		want   string
	}{
		{"no difference at the third comparison", true, 3, oracle.Pass},
		{"always a difference", true, 1000, oracle.Fail},
		{"not shared", false, 3, oracle.Fail},
	} {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			left := 1 // of the comparison before the run
			run := rig{options: func(o *Options) { o.Shared, o.Operator = c.shared, restless{o.Operator, &left} }}.start(t)
			require.NoError(t, run.Prepare(t.Context(), nil))
			left = c.moving
			require.Equal(t, attack.OK, run.Do(t.Context(), Grant, Visit{Person: 1, Amount: 7, App: wallet.Douyin}).Outcome)
			_, _, err := run.Drain(t.Context(), 10*time.Second)
			require.NoError(t, err)
			a, err := run.Audit(t.Context(), AuditOptions{Patience: 5 * compareEvery})
			require.NoError(t, err)
			require.Equal(t, c.want, a.result(t, "reconciled").Result)
		})
	}
}

// broom is a clean-up that hides what its operator reports.
type broom struct {
	Operator
	works, clean bool
	err          error
}

func (b *broom) CleanUp(_ context.Context, force bool) (int64, error) {
	b.clean = b.works && force
	return 0, b.err
}

func (b *broom) Reconcile(ctx context.Context) (client.Reconciliation, error) {
	if b.clean {
		return client.Reconciliation{}, nil
	}
	return b.Operator.Reconcile(ctx)
}

func (b *broom) Status(ctx context.Context) (client.Status, error) {
	if b.clean {
		return client.Status{}, nil
	}
	return b.Operator.Status(ctx)
}

// What is left after the clean-up is counted, and anything left is a violation.
func TestCleanUpIsCounted(t *testing.T) {
	gone := errors.New("gone")
	for _, c := range []struct {
		why      string
		works    bool
		unmarked bool
		err      error
		want     string
		wantErr  error
	}{
		{"nothing is left", true, false, nil, oracle.Pass, nil},
		{"a clean-up without effect is detected", false, false, nil, oracle.Fail, nil},
		{"no answer: unknown", true, false, gone, oracle.Unknown, gone},
		{"a load without the mark is not deleted", true, true, nil, oracle.Unknown, wallet.ErrInvalid},
	} {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			b := &broom{works: c.works, err: c.err}
			run := rig{options: func(o *Options) { b.Operator, o.Operator = o.Operator, b }}.start(t)
			require.NoError(t, run.Prepare(t.Context(), nil))
			require.Equal(t, attack.OK, run.Do(t.Context(), Grant, Visit{Person: 1, Amount: 7, App: wallet.Douyin}).Outcome)
			_, _, err := run.Drain(t.Context(), 10*time.Second)
			require.NoError(t, err)
			run.options.Unmarked = c.unmarked
			left, err := run.CleanUp(t.Context(), b)
			require.ErrorIs(t, err, c.wantErr)
			got := CleanedUp(left)
			require.Equal(t, c.want, got.Result)
			if c.want == oracle.Fail {
				require.Equal(t, "1 orders, 1 entries and 7 fen of budget of the load test are left after the clean-up", got.First)
			}
			require.Equal(t, !c.unmarked && c.works, b.clean)
		})
	}
}

// Every kind of remains is a violation.
func TestCleanedUp(t *testing.T) {
	for _, c := range []struct {
		why  string
		left *Counts
		want string
	}{
		{"not counted", nil, oracle.Unknown},
		{"nothing", &Counts{}, oracle.Pass},
		{"an order", &Counts{Orders: 1}, oracle.Fail},
		{"an entry", &Counts{Entries: 1}, oracle.Fail},
		{"a fen of budget", &Counts{Reserved: 1}, oracle.Fail},
	} {
		require.Equal(t, c.want, CleanedUp(c.left).Result, c.why)
	}
}

// A change of production is a violation of the load, unless others use production too.
func TestUntouched(t *testing.T) {
	was := Counts{Orders: 2, Entries: 2, Reserved: 9}
	more := Counts{Orders: 3, Entries: 2, Reserved: 9}
	for _, c := range []struct {
		why           string
		before, after *Counts
		shared        bool
		want          string
	}{
		{"not known", nil, nil, false, oracle.Unknown},
		{"not known after the run", &was, nil, false, oracle.Unknown},
		{"unchanged", &was, &was, false, oracle.Pass},
		{"unchanged, although shared", &was, &was, true, oracle.Pass},
		{"one more order", &was, &more, false, oracle.Fail},
		{"one more order, perhaps of another user", &was, &more, true, oracle.Unknown},
	} {
		a := Audit{LiveBefore: c.before, LiveAfter: c.after}
		got := a.Untouched(c.shared)
		require.Equal(t, c.want, got.Result, c.why)
		require.Equal(t, c.want == oracle.Fail, got.First != "", c.why)
		require.Equal(t, c.want != oracle.Unknown, got.Evaluations == 1, c.why)
	}
}
