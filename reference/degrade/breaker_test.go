package degrade_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"hongbao/reference/degrade"
	"hongbao/reference/intercept"
	"hongbao/reference/wallet"
)

const name = wallet.SwitchBreakBank

func small() degrade.Rule {
	return degrade.Rule{Window: 10 * time.Second, MinRequests: 4, FailNum: 1, FailDen: 2, OpenTimeout: 5 * time.Second, Probes: 2, OverloadFails: true}
}

// sameRules returns rules that are all equal to r.
func sameRules(r degrade.Rule) degrade.Rules { return degrade.Rules{Systems: r, Weak: r, Strong: r} }

type breakerTest struct {
	t     require.TestingT
	clock *manualClock
	set   *degrade.Set
	b     *degrade.Breaker
}

func newBreaker(t require.TestingT) *breakerTest {
	clock := &manualClock{startTime}
	set := degrade.NewSet(clock)
	b, err := degrade.NewBreaker("bank", name, set, clock, small())
	require.NoError(t, err)
	return &breakerTest{t, clock, set, b}
}

// call makes one call with that answer, and returns whether it was let through.
func (b *breakerTest) call(answer error) (let bool) {
	err := intercept.Do(context.Background(), b.b, intercept.Call{}, func() error { let = true; return answer })
	if let {
		require.ErrorIs(b.t, err, answer)
	} else {
		require.ErrorIs(b.t, err, wallet.ErrUnavailable)
	}
	return let
}

func (b *breakerTest) wants(s degrade.BreakerState, on bool) {
	require.Equal(b.t, s, b.b.Status().State)
	require.Equal(b.t, on, b.set.On(name))
}

func TestBreakerOpensAndCloses(t *testing.T) {
	b := newBreaker(t)
	for _, answer := range []error{nil, wallet.ErrUnknown, nil} {
		require.True(t, b.call(answer))
	}
	b.wants(degrade.Closed, false)
	require.True(t, b.call(wallet.ErrUnavailable))
	b.wants(degrade.Open, true)
	require.Equal(t, []degrade.Trip{{"bank", "2 of 4 calls failed"}}, stateOf(t, b.set, name).Trips)
	b.clock.pass(5*time.Second - time.Microsecond)
	require.False(t, b.call(nil), "it is open")
	b.clock.pass(time.Microsecond)
	require.True(t, b.call(wallet.ErrUnknown), "a probe")
	require.False(t, b.call(nil), "it failed: open again")
	b.clock.pass(5 * time.Second)
	require.True(t, b.call(nil))
	b.wants(degrade.HalfOpen, true)
	require.True(t, b.call(wallet.ErrDeclined), "a refusal is a success of the system")
	b.wants(degrade.Closed, false)
	require.EqualValues(t, 2, b.b.Status().Refused)
}

func TestBreakerForgets(t *testing.T) {
	b := newBreaker(t)
	for range 3 {
		require.True(t, b.call(wallet.ErrUnknown))
	}
	b.clock.pass(10 * time.Second)
	require.True(t, b.call(wallet.ErrUnknown), "calls of the previous window do not count")
	b.wants(degrade.Closed, false)
}

func TestBreakerCountsFailuresAlone(t *testing.T) {
	for _, c := range []struct {
		err  error
		want bool
	}{
		{nil, false}, {wallet.ErrUnknown, true}, {wallet.ErrUnavailable, true}, {wallet.ErrOverloaded, true},
		{wallet.ErrLimited, false},                   // a rate limit, ours or theirs
		{wallet.ErrDeclined, false},                  // a refusal by a rule
		{wallet.ErrNotFound, false},                  // an answer
		{errors.New("a defect"), false},              // ours
		{wallet.AsUnknown(wallet.ErrDeclined), true}, // the outcome is unknown
	} {
		require.Equal(t, c.want, degrade.Failed(c.err), "%v", c.err)
	}
}

// TestBreakerHearsNothing: an ignored call neither opens the breaker nor keeps the place of a probe.
func TestBreakerHearsNothing(t *testing.T) {
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	over, end := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer end()
	for _, c := range []struct {
		why   string
		ctx   context.Context
		full  bool
		err   error
		fails bool
	}{
		{"the caller cancelled", gone, true, wallet.ErrUnknown, false},
		{"the time was over before the call began", over, true, wallet.ErrUnavailable, false},
		{"a store whose queue is full works as fast as it can", t.Context(), false, wallet.ErrOverloaded, false},
		{"another company's system that is full is in trouble", t.Context(), true, wallet.ErrOverloaded, true},
		{"no answer in time", t.Context(), false, wallet.ErrUnknown, true},
	} {
		b := newBreaker(t)
		rule := small()
		rule.OverloadFails = c.full
		var err error
		b.b, err = degrade.NewBreaker("bank", name, b.set, b.clock, rule)
		require.NoError(t, err)
		let := 0
		for range 20 {
			_ = intercept.Do(c.ctx, b.b, intercept.Call{}, func() error { let++; return c.err })
		}
		if c.fails {
			require.Equal(t, 4, let, c.why)
			continue
		}
		require.Equal(t, 20, let, c.why)
		require.Zero(t, b.b.Status().Calls, c.why)
		for range 4 {
			b.call(wallet.ErrUnknown)
		}
		b.wants(degrade.Open, true)
		b.clock.pass(5 * time.Second)
		for range 9 {
			require.ErrorIs(t, intercept.Do(c.ctx, b.b, intercept.Call{}, func() error { return c.err }), c.err, "ignored probes make place for others: %s", c.why)
		}
		b.wants(degrade.HalfOpen, true)
		require.True(t, b.call(nil))
		require.True(t, b.call(nil))
		b.wants(degrade.Closed, false)
	}
}

// TestBreakerWithoutSwitch: a breaker without a switch works the same, and turns no switch on.
func TestBreakerWithoutSwitch(t *testing.T) {
	clock := &manualClock{startTime}
	set := degrade.NewSet(clock)
	b, err := degrade.NewBreaker("ledger", "", set, clock, small())
	require.NoError(t, err)
	for range 4 {
		_ = intercept.Do(t.Context(), b, intercept.Call{}, func() error { return wallet.ErrUnknown })
	}
	require.Equal(t, degrade.Open, b.Status().State)
	for _, s := range set.States() {
		require.False(t, s.On, s.Switch)
	}
	require.Len(t, set.States(), 26, "no switch without a name")
	set.Apply(map[wallet.Switch]bool{"": true})
	clock.pass(5 * time.Second)
	for range 2 {
		require.NoError(t, intercept.Do(t.Context(), b, intercept.Call{}, func() error { return nil }))
	}
	require.Equal(t, degrade.Closed, b.Status().State)
}

// TestBreakerProbes: at most the given number of probes is under way, and probes that never return do not keep it half-open.
func TestBreakerProbes(t *testing.T) {
	b := newBreaker(t)
	for range 4 {
		b.call(wallet.ErrUnknown)
	}
	b.clock.pass(5 * time.Second)
	_ = intercept.Do(context.Background(), b.b, intercept.Call{}, func() error {
		require.NoError(t, intercept.Do(context.Background(), b.b, intercept.Call{}, func() error {
			require.False(t, b.call(nil), "two are under way")
			b.clock.pass(5 * time.Second)
			require.True(t, b.call(nil), "those two timed out, so others may probe")
			return nil
		}))
		return wallet.ErrUnknown // of an earlier generation
	})
	b.wants(degrade.HalfOpen, true)
	require.True(t, b.call(nil))
	b.wants(degrade.Closed, false)
}

// TestBreakerIsThrown: while an operator has its switch on, only a few probes reach the system.
func TestBreakerIsThrown(t *testing.T) {
	b := newBreaker(t)
	b.set.Apply(map[wallet.Switch]bool{name: true})
	let := 0
	for range 60 {
		if b.call(nil) {
			let++
		}
		b.clock.pass(time.Second)
	}
	require.Equal(t, 2*8, let, "an open timeout of five seconds and two probes, eight times in a minute")
	b.set.Apply(nil)
	b.clock.pass(5 * time.Second)
	require.True(t, b.call(nil))
	require.True(t, b.call(nil))
	b.wants(degrade.Closed, false)
}

// TestBreakersShareASwitch: a system that fails does not affect another one with the same switch.
func TestBreakersShareASwitch(t *testing.T) {
	a := newBreaker(t)
	other, err := degrade.NewBreaker("other", name, a.set, a.clock, small())
	require.NoError(t, err)
	for range 4 {
		a.call(wallet.ErrUnknown)
	}
	a.wants(degrade.Open, true)
	require.NoError(t, intercept.Do(t.Context(), other, intercept.Call{}, func() error { return nil }), "this one works")
	require.Equal(t, degrade.Closed, other.Status().State)
}

func TestBreakerRules(t *testing.T) {
	for _, r := range []degrade.Rule{degrade.DefaultRules().Systems, degrade.DefaultRules().Weak, degrade.DefaultRules().Strong} {
		require.NoError(t, r.Validate())
	}
	for why, change := range map[string]func(*degrade.Rule){
		"no window":            func(r *degrade.Rule) { r.Window = 0 },
		"never probes":         func(r *degrade.Rule) { r.OpenTimeout = 0 },
		"opens without a call": func(r *degrade.Rule) { r.MinRequests = 0 },
		"never closes":         func(r *degrade.Rule) { r.Probes = 0 },
		"opens without cause":  func(r *degrade.Rule) { r.FailNum = 0 },
		"never opens":          func(r *degrade.Rule) { r.FailNum = 3 },
	} {
		r := small()
		change(&r)
		_, err := degrade.NewBreaker("bank", name, nil, &manualClock{startTime}, r)
		require.ErrorIs(t, err, wallet.ErrInvalid, why)
		for _, rules := range []degrade.Rules{{Systems: r, Weak: small(), Strong: small()}, {Systems: small(), Weak: r, Strong: small()}, {Systems: small(), Weak: small(), Strong: r}} {
			_, err = degrade.NewGuard(nil, &manualClock{startTime}, rules)
			require.ErrorIs(t, err, wallet.ErrInvalid, why)
		}
	}
}

// model computes what a breaker should do from the whole history of its calls.
type model struct {
	rule       degrade.Rule
	state      degrade.BreakerState
	since      wallet.Instant
	window     []bool // outcomes since then: true is a failure
	let        int64  // calls let through since it is half open, without ignored ones
	generation int
}

func (m *model) to(s degrade.BreakerState, now wallet.Instant) {
	*m = model{rule: m.rule, state: s, since: now, generation: m.generation + 1}
}

func (m *model) enter(now wallet.Instant, byOperator bool) bool {
	if m.state == degrade.Closed && byOperator {
		m.to(degrade.Open, now)
	}
	if m.state == degrade.Closed {
		return true
	}
	if now.Sub(m.since) >= m.rule.OpenTimeout {
		m.to(degrade.HalfOpen, now)
	}
	if m.state == degrade.Open || m.let == m.rule.Probes {
		return false
	}
	m.let++
	return true
}

func (m *model) leave(now wallet.Instant, generation int, failed, ignored bool) {
	if generation != m.generation {
		return
	}
	if ignored {
		m.let--
		return
	}
	if m.state == degrade.Closed && now.Sub(m.since) >= m.rule.Window {
		m.since, m.window = now, nil
	}
	m.window = append(m.window, failed)
	failures := int64(0)
	for _, f := range m.window {
		if f {
			failures++
		}
	}
	all := int64(len(m.window))
	switch {
	case m.state == degrade.HalfOpen && failed,
		m.state == degrade.Closed && all >= m.rule.MinRequests && float64(failures)/float64(all) >= float64(m.rule.FailNum)/float64(m.rule.FailDen):
		m.to(degrade.Open, now)
	case m.state == degrade.HalfOpen && all == m.rule.Probes:
		m.to(degrade.Closed, now)
	}
}

// TestBreakerModel compares a breaker with the model, with calls that overlap and operators who turn its switch on and off.
func TestBreakerModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b, m := newBreaker(t), &model{rule: small(), state: degrade.Closed, since: startTime}
		byOperator := false
		var nest func(depth int)
		nest = func(depth int) {
			for range rapid.IntRange(1, 8).Draw(t, "steps") {
				b.clock.pass(time.Duration(rapid.IntRange(0, 4).Draw(t, "s")) * time.Second)
				if rapid.IntRange(0, 9).Draw(t, "throw") == 0 {
					byOperator = !byOperator
					b.set.Apply(map[wallet.Switch]bool{name: byOperator})
				}
				want, let := m.enter(b.clock.now, byOperator), false
				generation := m.generation
				failed := rapid.Bool().Draw(t, "fails")
				hangsUp := rapid.IntRange(0, 3).Draw(t, "hangs up") == 0
				ctx, hangUp := context.WithCancel(context.Background())
				_ = intercept.Do(ctx, b.b, intercept.Call{}, func() error {
					let = true
					if depth < 3 && rapid.IntRange(0, 3).Draw(t, "overlap") == 0 {
						nest(depth + 1)
					}
					if hangsUp {
						hangUp()
					}
					if failed {
						return wallet.ErrUnknown
					}
					return nil
				})
				hangUp()
				require.Equal(t, want, let)
				if let {
					m.leave(b.clock.now, generation, failed, failed && hangsUp)
				}
				s := b.b.Status()
				require.Equal(t, m.state, s.State)
				require.Equal(t, m.since, s.Since)
				require.EqualValues(t, len(m.window), s.Calls)
				if m.state == degrade.Closed {
					require.Equal(t, byOperator, b.set.On(name))
				}
			}
		}
		nest(0)
	})
}

// BenchmarkBreaker measures the cost of a closed breaker per call, with calls on all processors.
func BenchmarkBreaker(b *testing.B) {
	g, err := degrade.NewGuard(nil, &manualClock{startTime}, degrade.DefaultRules())
	require.NoError(b, err)
	tokens := g.Tokens(&idle{})
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			_ = tokens.Issue(context.Background(), wallet.Token{})
		}
	})
}

// idle is a token store that does nothing.
type idle struct{ wallet.Tokens }

func (*idle) Issue(context.Context, wallet.Token) error { return nil }
