package degrade

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"hongbao/reference/intercept"
	"hongbao/reference/wallet"
)

// Rule says when a breaker opens and how it closes again.
type Rule struct {
	// Window is how long calls are counted together, from the first one. Then the counts start at zero.
	Window time.Duration
	// MinRequests is how many calls of a window must be counted before the breaker may open.
	MinRequests int64
	// FailNum in FailDen is the share of failures from which the breaker opens.
	FailNum, FailDen int64
	// OpenTimeout is how long an open breaker refuses all calls, and how long a half-open one waits for probes that never
	// return.
	OpenTimeout time.Duration
	// Probes is how many calls a half-open breaker lets through. It closes when all succeed and opens when one fails.
	Probes int64
	// OverloadFails counts wallet.ErrOverloaded as a failure. Otherwise it is ignored: a store whose queue is full works as
	// fast as it can, and an open breaker would only leave it idle.
	OverloadFails bool
}

// Rules are the rules of an instance's breakers.
type Rules struct {
	Systems Rule // systems of other companies
	Weak    Rule // our stores that requests do not need (D1)
	Strong  Rule // our stores that requests need
}

// DefaultRules opens when half of twenty calls within ten seconds fail: few enough to spare a failing system its next
// hundreds of calls, and too many for a lost packet or two. After the open timeout three probes test it. For our own stores
// that timeout is one second, because they are near and an outage should not last longer than it must. A strong store must
// fail nine calls in ten: a call refused that would have succeeded costs a grant, and one dead shard leaves the others
// working.
func DefaultRules() Rules {
	systems := Rule{Window: 10 * time.Second, MinRequests: 20, FailNum: 1, FailDen: 2, OpenTimeout: 5 * time.Second, Probes: 3, OverloadFails: true}
	weak := systems
	weak.OpenTimeout, weak.OverloadFails = time.Second, false
	strong := weak
	strong.FailNum, strong.FailDen = 9, 10
	return Rules{systems, weak, strong}
}

// Validate returns wallet.ErrInvalid for a rule that could never open or never close.
func (r Rule) Validate() error {
	if r.Window <= 0 || r.OpenTimeout <= 0 || r.MinRequests < 1 || r.Probes < 1 || r.FailNum < 1 || r.FailNum > r.FailDen {
		return fmt.Errorf("%w: degrade: rule of a breaker: %+v", wallet.ErrInvalid, r)
	}
	return nil
}

// BreakerState is the state of a breaker.
type BreakerState string

// The states.
const (
	Closed   BreakerState = "closed"    // lets calls through, and counts them
	Open     BreakerState = "open"      // refuses calls until the open timeout has passed
	HalfOpen BreakerState = "half-open" // lets a few probes through
)

// breaker is an intercept.Hook that refuses calls to a failing system, so that no caller waits for it and it can recover.
// While it is not closed its passive switch is on, if it has one. An operator who turns that switch on opens the breaker:
// then only probes reach the system. It is safe for concurrent use.
type breaker struct {
	intercept.None
	name  string
	trips wallet.Switch
	set   *Set
	clock wallet.Clock
	rule  Rule

	mu              sync.Mutex
	state           BreakerState
	since           wallet.Instant // of the state; while closed, of the window
	generation      int64          // counts the states: a call that returns in a later generation than it began in is ignored
	calls, failures int64          // counted in this generation
	probing         int64          // probes under way
	refused         int64          // calls refused since the start
}

var _ intercept.Hook = (*breaker)(nil)

// newBreaker returns a closed breaker for the system of that name, with the switch that it trips ("" if it has none). It reports its
// trips to set, which may be nil. ErrInvalid: see Rule.Validate.
func newBreaker(name string, trips wallet.Switch, set *Set, clock wallet.Clock, r Rule) (*breaker, error) {
	if err := r.Validate(); err != nil {
		return nil, err
	}
	if trips == "" {
		set = nil
	}
	return &breaker{name: name, trips: trips, set: set, clock: clock, rule: r, state: Closed, since: clock.Now()}, nil
}

// Before implements intercept.Hook. wallet.ErrUnavailable: the breaker is open, and nothing was done. Background calls pass:
// there are few of them, they pause by themselves, and a poster that waits for work is not a probe.
func (b *breaker) Before(ctx context.Context, c intercept.Call) (intercept.Note, error) {
	if c.Background {
		return intercept.Note{}, nil
	}
	generation, ok := b.admit()
	if !ok {
		return intercept.Note{}, fmt.Errorf("%w: degrade: the breaker of %s is open", wallet.ErrUnavailable, b.name)
	}
	return intercept.Note{N: generation, Flag: ctx.Err() != nil}, nil
}

// After implements intercept.Hook. The note has the generation that the call began in, and whether its time was over then.
// A batch of rewards is a failure if each of its items failed.
func (b *breaker) After(ctx context.Context, c intercept.Call, n intercept.Note, a intercept.Answer) error {
	if c.Background {
		return a.Err
	}
	judged := a.Err
	if judged == nil && len(a.Answers) > 0 {
		judged = a.Answers[0].Err
		for _, one := range a.Answers {
			if !failed(one.Err) {
				judged = nil
				break
			}
		}
	}
	b.count(n.N, b.outcome(ctx, n.Flag, judged))
	return a.Err
}

// outcome is what a call shows about the system.
type outcome uint8

const (
	ignored outcome = iota // shows nothing
	success
	failure
)

// outcome classifies an answer. A call that its caller cancelled is ignored, or users who hang up could open the breaker
// for all. So is a call whose time was over before it began: other steps used that time.
func (b *breaker) outcome(ctx context.Context, late bool, err error) outcome {
	switch {
	case !failed(err):
		return success
	case late, errors.Is(ctx.Err(), context.Canceled), !b.rule.OverloadFails && wallet.CodeOf(err) == wallet.CodeOverloaded:
		return ignored
	}
	return failure
}

// failed reports whether an error means that the system is in trouble. A refusal by a rule, a rate limit and an
// internal defect do not.
func failed(err error) bool {
	switch wallet.CodeOf(err) {
	case wallet.CodeUnavailable, wallet.CodeUnknown:
		return true
	case wallet.CodeOverloaded:
		return !errors.Is(err, wallet.ErrLimited)
	}
	return false
}

// admit reports whether a call may go through, and in which generation.
func (b *breaker) admit() (generation int64, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.clock.Now()
	if b.state == Closed && b.set.ByOperator(b.trips) {
		b.become(Open, now)
	}
	if b.state != Closed && now.Sub(b.since) >= b.rule.OpenTimeout {
		b.become(HalfOpen, now) // also when probes are missing: their instance may have died with them
	}
	switch {
	case b.state == Closed:
		return b.generation, true
	case b.state == HalfOpen && b.probing+b.calls < b.rule.Probes:
		b.probing++
		return b.generation, true
	}
	b.refused++
	return 0, false
}

// count counts the outcome of a call that began in a generation.
func (b *breaker) count(generation int64, o outcome) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if generation != b.generation {
		return
	}
	if o == ignored {
		b.probing = max(0, b.probing-1) // another probe may take its place
		return
	}
	now := b.clock.Now()
	if b.state == Closed && now.Sub(b.since) >= b.rule.Window {
		b.since, b.calls, b.failures = now, 0, 0
	}
	b.calls++
	if o == failure {
		b.failures++
	}
	switch {
	case b.state == Closed:
		if b.calls >= b.rule.MinRequests && b.failures*b.rule.FailDen >= b.calls*b.rule.FailNum {
			b.trip(now)
		}
	case o == failure:
		b.trip(now)
	default:
		if b.probing--; b.calls == b.rule.Probes {
			b.become(Closed, now)
		}
	}
}

// trip opens the breaker and reports why. The caller holds the lock.
func (b *breaker) trip(now wallet.Instant) {
	b.set.trip(b.trips, b.name, fmt.Sprintf("%d of %d calls failed", b.failures, b.calls))
	b.become(Open, now)
}

// become starts the next generation. The caller holds the lock.
func (b *breaker) become(s BreakerState, now wallet.Instant) {
	b.state, b.since, b.generation, b.calls, b.failures, b.probing = s, now, b.generation+1, 0, 0, 0
	if s == Closed {
		b.set.recover(b.trips, b.name)
	}
}

// BreakerStatus is the state and the counts of a breaker.
type BreakerStatus struct {
	Name            string
	State           BreakerState
	Since           wallet.Instant // of the state; while closed, of the window that is counted
	Calls, Failures int64          // counted since then
	Refused         int64          // calls refused since the start
}

// Status returns the state and the counts.
func (b *breaker) Status() BreakerStatus {
	b.mu.Lock()
	defer b.mu.Unlock()
	return BreakerStatus{b.name, b.state, b.since, b.calls, b.failures, b.refused}
}
