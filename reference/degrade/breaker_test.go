package degrade_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"hongbao/reference/degrade"
	"hongbao/reference/wallet"
)

const name = wallet.SwitchBreakBank

func small() degrade.Rule {
	return degrade.Rule{Window: 10 * time.Second, Least: 4, FailNum: 1, FailDen: 2, Rest: 5 * time.Second, Probes: 2}
}

type breakerTest struct {
	t     require.TestingT
	clock *hand
	set   *degrade.Set
	b     *degrade.Breaker
}

func newBreaker(t require.TestingT) *breakerTest {
	clock := &hand{eve}
	set := degrade.NewSet(clock)
	b, err := degrade.NewBreaker("bank", name, set, clock, small())
	require.NoError(t, err)
	return &breakerTest{t, clock, set, b}
}

// call makes one call that is answered so, and says whether it was let through.
func (b *breakerTest) call(answer error) (let bool) {
	err := b.b.Do(func() error { let = true; return answer })
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
	require.False(t, b.call(nil), "it rests")
	b.clock.pass(time.Microsecond)
	require.True(t, b.call(wallet.ErrUnknown), "a probe")
	require.False(t, b.call(nil), "it failed: another rest")
	b.clock.pass(5 * time.Second)
	require.True(t, b.call(nil))
	b.wants(degrade.HalfOpen, true)
	require.True(t, b.call(wallet.ErrDeclined), "a no is an answer of a system that is well")
	b.wants(degrade.Closed, false)
	require.EqualValues(t, 2, b.b.Status().Refused)
}

func TestBreakerForgets(t *testing.T) {
	b := newBreaker(t)
	for range 3 {
		require.True(t, b.call(wallet.ErrUnknown))
	}
	b.clock.pass(10 * time.Second)
	require.True(t, b.call(wallet.ErrUnknown), "those of the window before do not count")
	b.wants(degrade.Closed, false)
}

func TestBreakerCountsFailuresAlone(t *testing.T) {
	for _, c := range []struct {
		err  error
		want bool
	}{
		{nil, false}, {wallet.ErrUnknown, true}, {wallet.ErrUnavailable, true}, {wallet.ErrOverloaded, true},
		{wallet.ErrLimited, false},                   // our own limit, or a fair one of theirs
		{wallet.ErrDeclined, false},                  // a rule's no
		{wallet.ErrNotFound, false},                  // an answer
		{errors.New("a defect"), false},              // ours
		{wallet.Unsettled(wallet.ErrDeclined), true}, // nobody knows
	} {
		require.Equal(t, c.want, degrade.Failed(c.err), "%v", c.err)
	}
}

// TestBreakerProbes: no more than the probes are under way at once, and ones that never come back do not keep it open.
func TestBreakerProbes(t *testing.T) {
	b := newBreaker(t)
	for range 4 {
		b.call(wallet.ErrUnknown)
	}
	b.clock.pass(5 * time.Second)
	_ = b.b.Do(func() error {
		require.NoError(t, b.b.Do(func() error {
			require.False(t, b.call(nil), "two are under way")
			b.clock.pass(5 * time.Second)
			require.True(t, b.call(nil), "those two are given up: others may look")
			return nil
		}))
		return wallet.ErrUnknown // of an era that is over
	})
	b.wants(degrade.HalfOpen, true)
	require.True(t, b.call(nil))
	b.wants(degrade.Closed, false)
}

// TestBreakerIsThrown: an operator opens it, and then a few probes are all that reaches the system.
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
	require.Equal(t, 2*8, let, "a rest of five seconds and two probes, eight times in a minute")
	b.set.Apply(nil)
	b.clock.pass(5 * time.Second)
	require.True(t, b.call(nil))
	require.True(t, b.call(nil))
	b.wants(degrade.Closed, false)
}

// TestBreakersShareASwitch: a system that fails says nothing of the next one behind the same switch.
func TestBreakersShareASwitch(t *testing.T) {
	a := newBreaker(t)
	other, err := degrade.NewBreaker("other", name, a.set, a.clock, small())
	require.NoError(t, err)
	for range 4 {
		a.call(wallet.ErrUnknown)
	}
	a.wants(degrade.Open, true)
	require.NoError(t, other.Do(func() error { return nil }), "this one is well")
	require.Equal(t, degrade.Closed, other.Status().State)
}

func TestBreakerRules(t *testing.T) {
	require.NoError(t, degrade.DefaultRule().Validate())
	for why, change := range map[string]func(*degrade.Rule){
		"no window":            func(r *degrade.Rule) { r.Window = 0 },
		"never rests":          func(r *degrade.Rule) { r.Rest = 0 },
		"opens without a call": func(r *degrade.Rule) { r.Least = 0 },
		"never closes":         func(r *degrade.Rule) { r.Probes = 0 },
		"opens without cause":  func(r *degrade.Rule) { r.FailNum = 0 },
		"never opens":          func(r *degrade.Rule) { r.FailNum = 3 },
	} {
		r := small()
		change(&r)
		_, err := degrade.NewBreaker("bank", name, nil, &hand{eve}, r)
		require.ErrorIs(t, err, wallet.ErrInvalid, why)
		_, err = degrade.NewGuard(nil, &hand{eve}, r)
		require.ErrorIs(t, err, wallet.ErrInvalid, why)
	}
}

// model is what a breaker should do, told from the whole history of its calls.
type model struct {
	rule   degrade.Rule
	state  degrade.BreakerState
	since  wallet.Instant
	window []bool // outcomes since then: true is a failure
	let    int64  // calls that were let through since it is half open
	era    int
}

func (m *model) to(s degrade.BreakerState, now wallet.Instant) {
	*m = model{rule: m.rule, state: s, since: now, era: m.era + 1}
}

func (m *model) enter(now wallet.Instant, thrown bool) bool {
	if m.state == degrade.Closed && thrown {
		m.to(degrade.Open, now)
	}
	if m.state == degrade.Closed {
		return true
	}
	if now.Sub(m.since) >= m.rule.Rest {
		m.to(degrade.HalfOpen, now)
	}
	if m.state == degrade.Open || m.let == m.rule.Probes {
		return false
	}
	m.let++
	return true
}

func (m *model) leave(now wallet.Instant, era int, failed bool) {
	if era != m.era {
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
		m.state == degrade.Closed && all >= m.rule.Least && float64(failures)/float64(all) >= float64(m.rule.FailNum)/float64(m.rule.FailDen):
		m.to(degrade.Open, now)
	case m.state == degrade.HalfOpen && all == m.rule.Probes:
		m.to(degrade.Closed, now)
	}
}

// TestBreakerModel holds a breaker against the model, with calls that overlap and operators who throw its switch.
func TestBreakerModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b, m := newBreaker(t), &model{rule: small(), state: degrade.Closed, since: eve}
		thrown := false
		var nest func(depth int)
		nest = func(depth int) {
			for range rapid.IntRange(1, 8).Draw(t, "steps") {
				b.clock.pass(time.Duration(rapid.IntRange(0, 4).Draw(t, "s")) * time.Second)
				if rapid.IntRange(0, 9).Draw(t, "throw") == 0 {
					thrown = !thrown
					b.set.Apply(map[wallet.Switch]bool{name: thrown})
				}
				want, let := m.enter(b.clock.now, thrown), false
				era := m.era
				failed := rapid.Bool().Draw(t, "fails")
				_ = b.b.Do(func() error {
					let = true
					if depth < 3 && rapid.IntRange(0, 3).Draw(t, "overlap") == 0 {
						nest(depth + 1)
					}
					if failed {
						return wallet.ErrUnknown
					}
					return nil
				})
				require.Equal(t, want, let)
				if let {
					m.leave(b.clock.now, era, failed)
				}
				s := b.b.Status()
				require.Equal(t, m.state, s.State)
				require.Equal(t, m.since, s.Since)
				require.EqualValues(t, len(m.window), s.Calls)
				if m.state == degrade.Closed {
					require.Equal(t, thrown, b.set.On(name))
				}
			}
		}
		nest(0)
	})
}
